//! Tests of `list` and `get`, and of their output in every format.

use crate::support::{World, is_transcription, words};
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Stdio;

fn world() -> World {
    let (world, _) = World::new(0);
    for (id, name, status) in [
        ("2nIemS000001", "ClickBank", "active"),
        ("2nIemS000002", "日本, \"広告\"", "archived"),
        ("2nIemS000003", "Max\tBounty", "active"),
        ("2nIemS000004", "ClickBank", "deleted"),
    ] {
        world.fake.seed_offer_source(id);
        world.fake.set("offersource", id, "offerSourceName", name);
        world.fake.set("offersource", id, "status", status);
    }
    world
}

#[test]
fn rows_are_printed_in_every_format() {
    let world = world();
    let mut page = String::new();
    for line in [
        "offer-sources list -o table",
        "offer-sources list -o table --no-header --status all --sort -status,name",
        "offer-sources list -o csv",
        "offer-sources list -o csv --columns id,name,meta.version,postbackTxId",
        "offer-sources list -o csv --all-fields --limit 1",
        "offer-sources list -o ndjson",
        "offer-sources list -o ndjson --limit 1",
        "offer-sources list -o ndjson --columns id,name,meta.version,nowhere",
        "offer-sources list -o table --columns id,nmae,sttaus",
        "offer-sources list -q --filter sttaus=active --sort sttaus",
        "offer-sources list -o json --columns id,postbackTxId --limit 1",
        "offer-sources list -o yaml --columns id,status",
        "offer-sources list --columns id,status --jq 'map(.status)'",
        "offer-sources list -o yaml --limit 2",
        "offer-sources list --limit 1",
        "offer-sources list -q --filter status=active",
        "offer-sources list -q --filter 'name~bounty'",
        "offer-sources list -q --filter postbackTxId=txid --filter status!=active",
        "offer-sources list --jq '.[].offerSourceName'",
        "offer-sources list -o json --jq 'map({(.idOfferSource): .status}) | add'",
        "offer-sources get 2nIemS000001 -o table",
        "offer-sources get 2nIemS000001 -o json --columns name,queryParams",
        "offer-sources get 2nIemS000001 -o yaml --columns name",
        "offer-sources get 2nIemS000001 --columns id,name -o table",
        "offer-sources get ClickBank '日本, \"広告\"' -o csv --columns id,name",
        "offer-sources get 2nIemS000003 --jq .offerSourceName",
    ] {
        let ran = world.run(line);
        let _ = writeln!(page, "$ funnelflux {line}\n{}", ran.text(&world));
    }
    // The output contains fields in the order of the OpenAPI document.
    if is_transcription() {
        insta::assert_snapshot!("rows", page);
    }
}

#[test]
fn names_are_resolved_and_ambiguous_or_unknown_ones_are_errors() {
    let world = world();
    world
        .fake
        .set("offersource", "2nIemS000003", "offerSourceName", "ClickBank");
    let mut page = String::new();
    for line in [
        "offer-sources get ClickBank",
        "offer-sources get Nowhere",
        "offer-sources get 2nIemS999999",
        "offer-sources get 2nIemS000001 2nIemS999999 -q",
        "offer-sources archive ClickBank --yes",
        "offer-sources archive Nowhere 'Else where' --yes",
    ] {
        let ran = world.run(line);
        assert_ne!(ran.code, 0, "{line}");
        let _ = writeln!(page, "$ funnelflux {line}\n{}", ran.text(&world));
    }
    insta::assert_snapshot!("names", page);
    assert_eq!(world.count("archived"), 1);
    // Old accounts have IDs in other formats, and names can have the format of an ID.
    world.fake.seed_offer_source("old id");
    world.fake.seed_offer_source("2nIemS000009");
    world
        .fake
        .set("offersource", "2nIemS000009", "offerSourceName", "ABCDEFGHIJKL");
    for (text, id) in [("'old id'", "old id"), ("ABCDEFGHIJKL", "2nIemS000009")] {
        assert_eq!(
            world.run(&format!("offer-sources get {text} -q")).code(0).out,
            format!("{id}\n")
        );
    }
    world.fake.set("offersource", "old id", "status", "deleted");
    let line = "offer-sources get 'old id' ABCDEFGHIJKL 2nIemS000001 -q";
    let printed = world.run(line).code(0).out;
    assert_eq!(printed, "old id\n2nIemS000009\n2nIemS000001\n");
}

#[test]
fn every_group_lists_its_assets_and_says_once_that_it_is_inferred() {
    let world = world();
    for group in funnelflux::ext::AssetGroup::all() {
        if !group.abilities().list {
            continue;
        }
        let ran = world.run(&format!("{} list", group.name())).code(0);
        assert!(ran.out.starts_with('['), "{}", ran.out);
        assert_eq!(
            ran.err.matches("inferred").count(),
            usize::from(group.is_inferred()),
            "{}",
            ran.err
        );
    }
}

#[test]
fn the_fake_in_memory_is_the_same_in_every_run() {
    let world = world();
    let list = || {
        world
            .run("--fake offer-sources list --status all -o ndjson")
            .code(0)
            .out
    };
    assert_eq!(list(), list());
    assert_eq!(list().lines().count(), 250);
    assert_eq!(world.fake.request_count(), 0);
}

#[test]
fn an_empty_list_without_known_columns_is_an_empty_csv_file() {
    let (world, _) = World::new(0);
    let all = world.run("offer-sources list -o csv --all-fields").code(0);
    assert_eq!(all.out, "");
    let known = world.run("offer-sources list -o csv").code(0);
    assert!(known.out.starts_with("idOfferSource,"), "{}", known.out);
}

#[test]
fn a_failing_jq_expression_prints_nothing_unless_its_results_are_many() {
    let world = world();
    let failed = world
        .run(r#"offer-sources list --jq '.[].status, error("broken")'"#)
        .code(1);
    assert_eq!(failed.out, "");
    assert!(failed.err.contains("broken"), "{}", failed.err);
    let failed = world
        .run(r#"offer-sources list --jq 'range(3000000), error("broken")'"#)
        .code(1);
    assert_eq!(failed.out.lines().next_back(), Some("2999999"));
    assert!(failed.err.contains("broken"), "{}", failed.err);
}

#[test]
fn endless_results_of_jq_need_little_memory() {
    let world = world();
    let mut command = world.command(words("offer-sources list --jq 'repeat(.[])'"));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..64 {
        out.read_exact(&mut buffer).unwrap();
    }
    // Only Linux reports the peak memory use of a process in this file.
    if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", child.id())) {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.unwrap().trim().trim_end_matches(" kB");
        assert!(peak.parse::<u32>().unwrap() < 100 * 1024, "{peak} KiB");
    }
    // The program ends without an error if the pipe is closed.
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
