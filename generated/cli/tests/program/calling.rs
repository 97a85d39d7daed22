//! Tests of the commands `call`, `api` and `id`.

use crate::support::{World, is_transcription, ran, words};

#[test]
fn an_operation_is_called_with_its_parameters() {
    let (world, ids) = World::new(3);
    let list = world
        .run("call list_offer_sources --status active --jq '.[].idOfferSource'")
        .code(0);
    assert_eq!(list.out.lines().collect::<Vec<_>>(), ids);
    // The name of the parameter in the document is an alias of the option.
    let one = world
        .run(&format!(
            "call find_offer_source_by_id --idOfferSource {}",
            ids[1]
        ))
        .code(0);
    assert!(one.out.contains(&ids[1]), "{}", one.out);
    let archive = format!("call archive_offer_sources --set entries='[\"{}\"]'", ids[0]);
    let refused = world.run(&archive).code(2);
    assert!(refused.err.contains("add --yes"), "{}", refused.err);
    assert_eq!(world.count("archived"), 0);
    world.run(&format!("{archive} --yes")).code(0);
    assert_eq!(world.status(&ids[0]), "archived");
}

#[test]
fn the_service_and_not_the_program_refuses_a_wrong_value() {
    let (world, _) = World::new(1);
    let ran = world.run("call list_offer_sources --status paused").code(5);
    assert!(ran.err.contains("400 Bad Request"), "{}", ran.err);
    let json = world
        .run("--errors json call list_offer_sources --status paused")
        .code(5);
    let error: serde_json::Value = serde_json::from_str(&json.err).unwrap();
    assert_eq!(error["error"]["status"], 400);
    assert_eq!(error["error"]["exit_code"], 5);
    assert_eq!(error["error"]["operation"], "list_offer_sources");
}

#[test]
fn a_destructive_inferred_operation_needs_an_acknowledgement() {
    if !is_transcription() {
        return;
    }
    let (world, _) = World::new(0);
    world.fake.seed_page("2nIemP000001", "");
    let line = "call delete_pages --id-page 2nIemP000001 --yes";
    let refused = world.run(line).code(2);
    assert!(refused.err.contains("--accept-inferred"), "{}", refused.err);
    assert_eq!(world.fake.request_count(), 0);
    world.run(&format!("{line} --accept-inferred")).code(0);
    let state = world.fake.state();
    assert_eq!(
        state.asset("page", "2nIemP000001").unwrap().body["status"],
        "deleted"
    );
    let nothing = world.run("call delete_pages --yes --accept-inferred").code(2);
    assert!(nothing.err.contains("nothing to delete"), "{}", nothing.err);
}

#[test]
fn any_path_can_be_called() {
    let (world, ids) = World::new(2);
    let list = world
        .run("api get /offersource/list/ --query status=all --jq length")
        .code(0);
    assert_eq!(list.out, "2\n");
    let body = format!("{{\"entries\": [\"{}\"]}}", ids[1]);
    let line = "api PUT /offersource/archive/ --json -";
    let refused = world.run_with(line, &body).code(2);
    assert!(refused.err.contains("stdin is the input"), "{}", refused.err);
    world.run_with(&format!("{line} --yes"), &body).code(0);
    assert_eq!(world.status(&ids[1]), "archived");
    world.run("api GET /nowhere/").code(5);
}

#[test]
fn ids_are_made_and_read() {
    let (world, _) = World::new(0);
    let new = world.run("id new 100").code(0).out;
    let mut ids: Vec<&str> = new.lines().collect();
    assert!(ids.len() == 100 && ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 100);
    let when = world.run("id when 2nIemJxCKbFX -o csv").code(0).out;
    assert_eq!(when, "id,created_at\n2nIemJxCKbFX,2024-08-02T13:51:12.853Z\n");
    let piped = world.run_with("id when - -o ndjson", &new).code(0).out;
    assert_eq!(piped.lines().count(), 100);
    let odd = world.run("id when odd").code(1);
    assert!(
        odd.err.contains("\"odd\" is not in the documented format"),
        "{}",
        odd.err
    );
}

#[test]
fn files_without_end_and_arguments_that_control_terminals_are_refused() {
    let (world, ids) = World::new(1);
    let with_journal = format!("offer-sources archive {} --journal /dev/zero --yes", ids[0]);
    for line in [
        "undo /dev/zero --yes",
        "apply /dev/zero --yes",
        "offer-sources archive --resume /dev/zero --yes",
        &with_journal,
    ] {
        let refused = world.run(line).code(2);
        let message = "error: /dev/zero is not a regular file\nfix: ";
        assert!(refused.err.contains(message), "{line}: {}", refused.err);
    }
    assert_eq!(world.count("archived"), 0);
    let red = world.command(["offer-sources", "list", "--limit", "\x1b[31m"]);
    let refused = ran(red, "").code(2);
    assert!(!refused.err.contains('\x1b'), "{}", refused.err);
}

/// Uses `/dev/full`, which behaves like a full disk.
#[test]
fn a_full_disk_is_no_wrong_usage() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let (world, ids) = World::new(1);
    for line in [
        "offer-sources list -o ndjson",
        "offer-sources list -o table",
        "--help",
        "man",
    ] {
        let mut command = world.command(words(line));
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}: {message}");
        assert!(message.contains("cannot write to stdout"), "{line}: {message}");
    }
    // In these places, nobody can create a file, not even the superuser.
    let mut command = world.command(words(&format!("offer-sources archive {} --yes", ids[0])));
    command.env("FUNNELFLUX_STATE_DIR", "/proc/self");
    let refused = ran(command, "").code(1);
    assert!(refused.err.contains("fix: "), "{}", refused.err);
    let refused = world.run("export /dev/full/backup").code(1);
    assert!(refused.err.contains("fix: make room"), "{}", refused.err);
    assert_eq!(world.count("archived"), 0);
}
