//! Tests of bulk jobs: plans, confirmation, journals, kill and resume.

use crate::support::{World, is_transcription};
use funnelflux_fake::{Fault, Rule};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn failed_assets_are_json_lines_for_programs() {
    let (world, ids) = World::new(2);
    world.fake.lock(&ids[1]);
    for line in [
        format!("offer-sources archive {} --yes", ids.join(" ")),
        format!("offer-sources set {} --set postbackTxId=x --yes", ids.join(" ")),
    ] {
        let ran = world.run(&format!("--errors json {line}")).code(3);
        let failed = ran.err.lines().filter(|line| line.starts_with('{'));
        let errors: Vec<Value> = failed.map(|line| serde_json::from_str(line).unwrap()).collect();
        let [error] = errors.as_slice() else {
            panic!("{}", ran.err)
        };
        let error = &error["error"];
        assert_eq!(
            (&error["id"], &error["outcome"], &error["exit_code"]),
            (&json!(ids[1]), &json!("rejected"), &json!(3)),
            "{error}"
        );
        assert!(
            error["status"].is_u64() && error["operation"].is_string(),
            "{error}"
        );
        assert!(!ran.err.contains("rejected ("), "{}", ran.err);
    }
}

#[test]
fn a_plan_changes_nothing_and_counts_children() {
    let (world, ids) = World::new(3);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    world.fake.seed_page("2nIemP000002", &ids[1]);
    world.fake.set("offersource", &ids[2], "status", "archived");
    let line = format!(
        "offer-sources archive {} 2nIemS999999 --children cascade --plan",
        ids.join(" ")
    );
    let plan = world.run(&line).code(0);
    insta::assert_snapshot!("plan", plan.out.replace(&ids[0], "[first]"));
    assert_eq!(world.count("archived"), 1);
    let json = world.run(&format!("{line} -o json")).code(0);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["would_change"], json!([ids[0], ids[1]]));
    assert_eq!(json["missing"], json!(["2nIemS999999"]));
}

#[test]
fn children_move_to_another_parent_by_its_name() {
    let (world, ids) = World::new(2);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    world
        .fake
        .set("offersource", &ids[1], "offerSourceName", "The other one");
    let delete = format!("offer-sources delete {} --yes --children", ids[0]);
    let unknown = world.run(&format!("{delete} 'move:Nobody at all'")).code(1);
    assert!(unknown.err.contains("Nobody at all"), "{}", unknown.err);
    let done = world.run(&format!("{delete} 'move:The other one'")).code(0);
    assert!(done.err.contains("a deletion cannot be undone"), "{}", done.err);
    let state = world.fake.state();
    let page = state.asset("page", "2nIemP000001").unwrap();
    assert_eq!(page.body["offerParams"]["idOfferSource"], ids[1].as_str());
    assert_eq!(world.status(&ids[0]), "deleted");
}

#[test]
fn the_printed_undo_of_an_unarchive_archives_again() {
    let (world, ids) = World::new(1);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    world.fake.set("page", "2nIemP000001", "status", "archived");
    let status = || {
        let state = world.fake.state();
        state.asset("page", "2nIemP000001").unwrap().body["status"].clone()
    };
    let done = world.run("pages unarchive 2nIemP000001 --yes").code(0);
    assert_eq!(status(), "active");
    let (_, undo) = done.err.split_once("undo with: funnelflux ").unwrap();
    let undo = undo.lines().next().unwrap();
    world.run(&format!("{undo} --yes")).code(0);
    assert_eq!(status(), "archived");
}

#[test]
fn nothing_is_sent_without_a_confirmation() {
    let (world, ids) = World::new(2);
    for line in [
        format!("offer-sources archive {}", ids[0]),
        format!("offer-sources delete {} --children cascade", ids[0]),
        format!("offer-sources duplicate {}", ids[0]),
    ] {
        // A `yes` on stdin is not a confirmation, because stdin is not a terminal.
        let ran = world.run_with(&line, "yes\n").code(2);
        assert!(ran.err.contains("there is no terminal"), "{}", ran.err);
    }
    let ran = world.run_with("offer-sources archive -", &ids.join("\n")).code(2);
    assert!(ran.err.contains("stdin is the input"), "{}", ran.err);
    assert_eq!(
        (
            world.count("active"),
            world.fake.state().assets("offersource").count()
        ),
        (2, 2)
    );
}

#[test]
fn every_verb_changes_what_the_service_holds() {
    let (world, ids) = World::new(4);
    world.fake.seed_category("2nIemC000001", "Evergreen");
    let all = ids.join(" ");
    world.run(&format!("offer-sources archive {all} --yes")).code(0);
    assert_eq!(world.count("archived"), 4);
    world
        .run(&format!("offer-sources unarchive {} --yes", ids[0]))
        .code(0);
    assert_eq!(world.status(&ids[0]), "active");
    world
        .run(&format!("offer-sources move {} --to 2nIemC000001 --yes", ids[0]))
        .code(0);
    let state = world.fake.state();
    assert_eq!(
        state.asset("offersource", &ids[0]).unwrap().body["idCategory"],
        "2nIemC000001"
    );
    let category = || {
        let state = world.fake.state();
        state.asset("offersource", &ids[0]).unwrap().body["idCategory"].clone()
    };
    world.fake.seed_category("2nIemC000002", "Twice");
    world.fake.seed_category("2nIemC000003", "Twice");
    let by_name = |name: &str| world.run(&format!("offer-sources move {} --to {name} --yes", ids[0]));
    let ambiguous = by_name("Twice").code(2);
    assert!(
        ambiguous
            .err
            .contains("2nIemC000002 (active), 2nIemC000003 (active)"),
        "{}",
        ambiguous.err
    );
    let unknown = by_name("evergreen").code(1);
    assert!(
        unknown.err.contains("no category has this ID or name"),
        "{}",
        unknown.err
    );
    assert_eq!(category(), "2nIemC000001");
    world
        .run(&format!("offer-sources move {} --to '' --yes", ids[0]))
        .code(0);
    assert_eq!(category(), "");
    by_name("Evergreen").code(0);
    assert_eq!(category(), "2nIemC000001");
    by_name("''").code(0);
    let state = world.fake.state();
    assert_eq!(
        state.asset("offersource", &ids[0]).unwrap().body["idCategory"],
        ""
    );
    let copy = world
        .run(&format!(
            "offer-sources duplicate {} --name '{{name}} v2' --set postbackTxId=tx2 --yes",
            ids[0]
        ))
        .code(0)
        .out;
    let state = world.fake.state();
    let copy = state.asset("offersource", copy.trim()).unwrap();
    assert_eq!(
        copy.body["offerSourceName"],
        format!("Offer source {} v2", ids[0])
    );
    assert_eq!(copy.body["postbackTxId"], "tx2");
    world
        .run(&format!("offer-sources delete {} --yes", ids[1]))
        .code(0);
    assert_eq!(world.status(&ids[1]), "deleted");
    let again = world
        .run(&format!("offer-sources archive {} --yes", ids[2]))
        .code(0);
    assert!(again.err.contains("nothing to change"), "{}", again.err);
}

#[test]
fn inferred_destruction_needs_an_acknowledgement() {
    if !is_transcription() {
        return;
    }
    let (world, _) = World::new(0);
    world.fake.seed_page("2nIemP000001", "");
    let status = || world.fake.state().asset("page", "2nIemP000001").unwrap().body["status"].clone();
    let refused = world.run("pages archive 2nIemP000001 --yes").code(2);
    assert!(refused.err.contains("--accept-inferred"), "{}", refused.err);
    assert_eq!(status(), "active");
    world.run("pages archive 2nIemP000001 --plan").code(0);
    world
        .run("pages archive 2nIemP000001 --yes --accept-inferred")
        .code(0);
    assert_eq!(status(), "archived");
}

#[test]
fn a_job_that_is_done_in_part_exits_with_3_and_writes_every_outcome() {
    let (world, ids) = World::new(5);
    world.fake.lock(&ids[3]);
    let report = world.path("report.csv");
    let all = format!("{}\n2nIemS999999\n", ids.join("\n"));
    let line = format!("offer-sources archive --ids-from - --yes --report {report} -o ndjson");
    let ran = world.run_with(&line, &all).code(3);
    assert_eq!(world.count("archived"), 4);
    assert_eq!(ran.out.lines().count(), 6);
    let text = fs::read_to_string(&report).unwrap();
    let rejected: Vec<&str> = text.lines().filter(|line| line.contains(",rejected,")).collect();
    assert!(rejected.len() == 2 && rejected[0].starts_with(&ids[3]), "{text}");
    // The outcomes are input for the next command, which leaves out the assets that were not archived.
    let archived = world.run_with("offer-sources get - -q", &text).code(0);
    assert_eq!(archived.out.lines().count(), 4);
    let left_out = "stdin: 2 entries left out, because the outcome is neither \"done\" nor \"already so\"";
    assert!(archived.err.contains(left_out), "{}", archived.err);
    // A JSON report has other words for the same outcomes. In this run, four assets are already archived.
    let json = world.path("report.json");
    let line = format!("offer-sources archive --ids-from - --yes --report {json}");
    world.run_with(&line, &all).code(3);
    let line = format!("offer-sources get --ids-from {json} -q");
    assert_eq!(world.run(&line).code(0).out.lines().count(), 4);
    let refused = world
        .run(&format!("offer-sources archive {} --yes", ids[3]))
        .code(5);
    assert!(refused.err.contains("403"), "{}", refused.err);
}

#[test]
fn a_killed_job_is_resumed_and_loses_nothing() {
    let (world, ids) = World::new(60);
    fs::write(world.path("ids.txt"), ids.join("\n")).unwrap();
    let line = "offer-sources archive --ids-from ids.txt --yes --chunk-size 1 --jobs 1 --rate 40";
    let mut child = world
        .command(crate::support::words(line))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while world.count("archived") < 5 && begin.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let archived = world.count("archived");
    assert!((5..60).contains(&archived), "{archived}");
    // Without a file, `--resume` continues the newest unfinished job of the command, which the user may have
    // given up.
    let other = world.run("offer-sources delete --resume").code(2);
    assert!(other.err.contains("no unfinished job"), "{}", other.err);
    let archived = world.count("archived");
    let refused = world.run("offer-sources archive --resume").code(2);
    for part in [
        "assets are left in the journal ",
        ".jsonl, written 0s ago\n",
        "nothing was sent: continue to archive ",
    ] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    assert_eq!(world.count("archived"), archived);
    let resumed = world.run("offer-sources archive --resume --yes").code(0);
    assert!(resumed.err.contains("60 done"), "{}", resumed.err);
    assert_eq!(world.count("archived"), 60);
    world.run("offer-sources archive --resume").code(2);
}

#[test]
fn progress_is_a_line_every_ten_seconds_without_a_terminal() {
    let (world, ids) = World::new(60);
    fs::write(world.path("ids.txt"), ids.join("\n")).unwrap();
    let line = "offer-sources archive --ids-from ids.txt --yes --chunk-size 1 --jobs 1 --rate 4";
    let mut command = world.command(crate::support::words(line));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let begin = Instant::now();
    let found = lines.find(|line| line.contains(" of 60: "));
    let elapsed = begin.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found.is_some_and(|line| line.ends_with(" done")));
    assert!(elapsed > Duration::from_secs(9), "{elapsed:?}");
}

#[test]
fn an_unfinished_job_names_the_command_that_continues_it() {
    let (world, ids) = World::new(3);
    world.fake.inject(
        Rule::new(Fault::status(401))
            .on("PUT /offersource/archive/")
            .always(),
    );
    let ran = world
        .run(&format!("offer-sources archive {} --yes", ids.join(" ")))
        .code(4);
    let (_, command) = ran.err.split_once("continue with: funnelflux ").unwrap();
    world.fake.clear_faults();
    let command = command.lines().next().unwrap();
    let refused = world.run(command).code(2);
    assert!(
        refused
            .err
            .contains("continue to archive 3 offer sources needs a confirmation"),
        "{}",
        refused.err
    );
    assert_eq!(world.count("archived"), 0);
    world.run(&format!("{command} --yes")).code(0);
    assert_eq!(world.count("archived"), 3);
}

#[test]
fn the_journal_of_another_account_is_refused() {
    let (first, ids) = World::new(2);
    let (second, _) = World::new(2);
    let journal = first.path("job.jsonl");
    first.fake.inject(
        Rule::new(Fault::status(401))
            .on("PUT /offersource/archive/")
            .always(),
    );
    first
        .run(&format!(
            "offer-sources archive {} --yes --journal {journal}",
            ids.join(" ")
        ))
        .code(4);
    let refused = second
        .run(&format!("offer-sources archive --resume {journal} --yes"))
        .code(2);
    assert!(
        refused.err.contains("was written for the base URL"),
        "{}",
        refused.err
    );
    assert_eq!(second.count("archived"), 0);
    let verb = first
        .run(&format!("offer-sources unarchive --resume {journal}"))
        .code(2);
    assert!(verb.err.contains("belongs to another command"), "{}", verb.err);
    let absent = first.run("offer-sources archive --resume absent.jsonl").code(2);
    assert!(absent.err.contains("absent.jsonl"), "{}", absent.err);
}
