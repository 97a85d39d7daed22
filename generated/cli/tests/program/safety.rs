//! Tests that no asset, ID or file is lost if a user makes a mistake, or if a proxy responds instead of the
//! service.

use crate::support::{World, ran, words};
use funnelflux_fake::{Fault, Rule};
use std::fs;

#[test]
fn a_journal_with_a_job_is_not_used_for_another_one() {
    let (world, _) = World::new(0);
    let rows = r#"[{"offerSourceName": "A"}, {"offerSourceName": "B"}]"#;
    let line = "offer-sources create --json - --journal job.jsonl --yes";
    world.fake.inject(
        Rule::new(Fault::status(503))
            .on("POST /offersource/save/")
            .after(1)
            .always(),
    );
    assert_eq!(
        world
            .run_with(&format!("{line} --jobs 1"), rows)
            .code(3)
            .out
            .lines()
            .count(),
        1
    );
    world.fake.clear_faults();
    // A second run with the same journal is refused, because its assets would have other IDs.
    let refused = world.run_with(line, rows).code(2);
    let command = "fix: continue that job with: funnelflux apply job.plan.json --journal job.jsonl";
    assert!(refused.err.contains(command), "{}", refused.err);
    assert_eq!(world.fake.state().assets("offersource").count(), 1);
    let line = "apply job.plan.json --journal job.jsonl";
    let refused = world.run(line).code(2);
    for part in [
        "note: 1 asset is left in the journal job.jsonl, written ",
        "nothing was sent: continue to change 1 asset needs a confirmation",
    ] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    assert_eq!(world.fake.state().assets("offersource").count(), 1);
    let continued = world.run(&format!("{line} --yes")).code(0);
    assert_eq!(continued.out.lines().count(), 2, "{}", continued.err);
    assert_eq!(world.fake.state().assets("offersource").count(), 2);
}

#[test]
fn a_plan_without_its_journal_is_replaced() {
    let (world, ids) = World::new(2);
    let line = |value: &str| {
        format!(
            "offer-sources set {} --set postbackTxId={value} --yes --journal job.jsonl",
            ids[0]
        )
    };
    world.run(&line("a")).code(0);
    fs::remove_file(world.path("job.jsonl")).unwrap();
    world.run(&line("b")).code(0);
    assert!(
        fs::read_to_string(world.path("job.plan.json"))
            .unwrap()
            .contains("\"b\"")
    );
    world.run("apply job.plan.json --journal job.jsonl --yes").code(0);
}

#[test]
fn no_asset_is_made_to_name_a_deleted_one() {
    let (world, ids) = World::new(3);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    world
        .run(&format!("offer-sources delete {} --yes", ids[1]))
        .code(0);
    for line in [
        format!("offer-sources replace {} {} --yes", ids[0], ids[1]),
        format!(
            "offer-sources archive {} --children move:{} --plan",
            ids[0], ids[1]
        ),
    ] {
        let refused = world.run(&line).code(2);
        assert!(
            refused.err.contains("is deleted; nothing was sent"),
            "{}",
            refused.err
        );
    }
    let state = world.fake.state();
    let page = state.asset("page", "2nIemP000001").unwrap();
    assert_eq!(page.body["offerParams"]["idOfferSource"], ids[0].as_str());
}

#[test]
fn ids_are_printed_of_what_was_created_and_of_nothing_else() {
    let (world, _) = World::new(0);
    let rows = r#"[{"offerSourceName": "A"}, {"offerSourceName": ""}, {"offerSourceName": "C"}]"#;
    let created = world
        .run_with("offer-sources create --json - --yes", rows)
        .code(3);
    assert_eq!(created.out.lines().count(), 2, "{}", created.err);
    let rows = r#"[{"offerSourceName": "D"}, {"offerSourceName": "E", "status": "bogus"}]"#;
    let created = world
        .run_with("offer-sources create --json - --new-fields --yes", rows)
        .code(3);
    assert_eq!(created.out.lines().count(), 1, "{}", created.err);
    for (row, problem) in [
        (
            r#"{"offerSourceName": "F", "idOfferSource": "foo"}"#,
            "is not an ID",
        ),
        (
            r#"[{"offerSourceName": "G", "idOfferSource": "2nIemS000001"},
                {"offerSourceName": "H", "idOfferSource": "2nIemS000001"}]"#,
            "is given twice",
        ),
    ] {
        let refused = world.run_with("offer-sources create --json - --yes", row).code(2);
        assert!(refused.err.contains(problem), "{}", refused.err);
    }
    let state = world.fake.state();
    assert_eq!(state.assets("offersource").count(), 3);
}

#[test]
fn an_id_of_another_asset_is_refused_before_anything_is_sent() {
    let (world, ids) = World::new(1);
    world.fake.set("offersource", &ids[0], "offerSourceName", "Old");
    let bodies = format!(r#"[{{}}, {{ "idOfferSource": "{}" }}]"#, ids[0]);
    for option in ["--plan", "--yes"] {
        let line = format!("offer-sources create --json - --set name=New {option}");
        let refused = world.run_with(&line, &bodies).code(2).err;
        let expected = format!(
            "error: another offer source has the ID {}; nothing was sent\nfix: ",
            ids[0]
        );
        assert!(refused.contains(&expected), "{refused}");
    }
    assert_eq!(world.fake.state().assets("offersource").count(), 1);
    // A command that is repeated finds the asset that it has created.
    let repeated = format!("offer-sources create --set id={} --set name=Old --yes", ids[0]);
    let repeated = world.run(&repeated).code(0);
    assert!(repeated.err.contains("1 already so"), "{}", repeated.err);
}

#[test]
fn the_columns_of_a_duplication_keep_the_copies() {
    let (world, ids) = World::new(1);
    let duplicate = format!("offer-sources duplicate {} --yes -o csv --columns", ids[0]);
    for (columns, missing) in [("id", "copy"), ("id,outcome", "copy"), ("copy,id", "outcome")] {
        let refused = world.run(&format!("{duplicate} {columns}")).code(2).err;
        assert!(
            refused.contains(&format!("fix: add {missing} to --columns")),
            "{refused}"
        );
    }
    assert_eq!(world.count("active"), 1);
    let report = world.run(&format!("{duplicate} id,outcome,copy")).code(0).out;
    world.run_with("offer-sources delete - --yes", &report).code(0);
    assert_eq!(world.status(&ids[0]), "active");
    assert_eq!(world.count("deleted"), 1);
}

#[test]
fn the_report_of_a_duplication_stands_for_the_copies() {
    let (world, ids) = World::new(1);
    let refused = world.run(&format!(
        "offer-sources duplicate {} --set status=archived --yes",
        ids[0]
    ));
    assert!(refused.code(2).err.contains("--set cannot set status of copies"));
    world
        .fake
        .set("offersource", &ids[0], "offerSourceName", "{id} x");
    for report in ["copies.csv", "copies.json", "copies.ndjson"] {
        let line = format!(
            "offer-sources duplicate {} --name 'C {{name}}' --yes --report {report}",
            ids[0]
        );
        let copy = world.run(&line).code(0).out;
        let (copy, state) = (copy.trim(), world.fake.state());
        assert_eq!(
            state.asset("offersource", copy).unwrap().body["offerSourceName"],
            "C {id} x"
        );
        drop(state);
        world
            .run(&format!("offer-sources delete --ids-from {report} --yes"))
            .code(0);
        assert_eq!(world.status(copy), "deleted");
        assert_eq!(world.status(&ids[0]), "active");
    }
}

#[test]
fn blanks_of_names_are_kept_and_blanks_around_ids_are_not() {
    let (world, ids) = World::new(4);
    let named = |id: &str, name: &str| world.fake.set("offersource", id, "offerSourceName", name);
    named(&ids[0], "lead");
    named(&ids[1], " lead ");
    let statuses = || ids.iter().map(|id| world.status(id)).collect::<Vec<_>>();
    let archive = "offer-sources archive - --yes";
    for (input, archived) in [
        (" lead \n".to_owned(), 1),
        ("id\n\" lead \"\n".to_owned(), 1),
        (format!("  {} \t\r\n", ids[2]), 2),
        (format!("id,name\n {} ,x\n", ids[3]), 3),
        ("lead".to_owned(), 0),
    ] {
        world.run_with(archive, &input).code(0);
        let mut expected = vec!["active"; 4];
        expected[archived] = "archived";
        assert_eq!(statuses(), expected, "{input:?}");
        world
            .run(&format!("offer-sources unarchive {} --yes", ids[archived]))
            .code(0);
    }
    let refused = world.run_with(archive, "lead \n").code(1);
    assert!(
        refused.err.contains("has this ID or name: \"lead \""),
        "{}",
        refused.err
    );
    assert_eq!(statuses(), ["active"; 4]);
}

#[test]
fn a_file_that_cannot_be_written_has_a_fix() {
    let (world, ids) = World::new(1);
    fs::write(world.path("notes.txt"), "notes\n").unwrap();
    for (option, problem) in [
        (
            "--report none/r.csv",
            "cannot write none/r.csv: its folder does not exist; nothing was sent\nfix: ",
        ),
        (
            "--journal none/j",
            "journal none/j: No such file or directory (os error 2)\nfix: name another file",
        ),
        (
            "--journal notes.txt",
            "journal notes.txt: this is not the journal of a bulk job\nfix: name another file",
        ),
    ] {
        let refused = world
            .run(&format!("offer-sources archive {} --yes {option}", ids[0]))
            .code(2);
        assert!(
            refused.err.contains(&format!("error: {problem}")),
            "{}",
            refused.err
        );
    }
    assert_eq!(world.count("active"), 1);
}

#[test]
fn an_empty_id_and_a_name_with_a_comma_are_reported_as_such() {
    let (world, ids) = World::new(1);
    let run = |arguments: &[&str]| {
        let arguments = ["offer-sources"].iter().chain(arguments);
        ran(world.command(arguments.chain(&["--yes"])), "")
    };
    for arguments in [
        &["archive", "a", ""][..],
        &["edit", ""],
        &["replace", &ids[0], ""],
        &["get", ""],
    ] {
        let refused = run(arguments).code(2);
        let expected = format!("error: offer source number {} is empty\n", arguments.len() - 1);
        assert!(refused.err.contains(&expected), "{arguments:?}: {}", refused.err);
    }
    let refused = run(&["archive", "a, b"]).code(1);
    let expected = "error: no offer source has this ID or name: \"a, b\"\n";
    assert!(refused.err.starts_with(expected), "{}", refused.err);
    let refused = run(&["archive", &"x".repeat(100_000)]).code(1);
    assert!(refused.err.contains("xxx…\"\nfix: "), "{}", refused.err.len());
    assert_eq!(world.count("active"), 1);
}

#[test]
fn a_snapshot_is_no_list_of_ids() {
    let (world, ids) = World::new(2);
    world.run("export snapshot").code(0);
    world.run("export snapshot.tar.gz").code(0);
    for (file, problem, fix) in [
        ("snapshot", "snapshot is a folder", "cat snapshot/GROUP/*.json | "),
        (
            "snapshot.tar.gz",
            "snapshot.tar.gz is compressed",
            "tar -xzOf snapshot.tar.gz --wildcards 'GROUP/*' | ",
        ),
    ] {
        let refused = world
            .run(&format!("offer-sources archive --ids-from {file} --yes"))
            .code(2);
        let expected = format!(
            "error: {problem}\nfix: for the assets of a snapshot, pass them on stdin: {fix}funnelflux GROUP \
             COMMAND --ids-from -\n"
        );
        assert_eq!(refused.err, expected);
    }
    let folder = fs::read_dir(world.path("snapshot/offer-sources")).unwrap();
    let assets: String = folder
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    world
        .run_with("offer-sources archive --ids-from - --yes", &assets)
        .code(0);
    assert!(ids.iter().all(|id| world.status(id) == "archived"));
    let quoted = format!("{:?}\n{:?},\n", ids[0], ids[1]);
    world.run_with("offer-sources unarchive - --yes", &quoted).code(0);
    assert_eq!(world.count("active"), 2);
}

#[test]
fn conditions_select_single_assets_and_never_all_by_mistake() {
    let (world, ids) = World::new(3);
    let line = format!("offer-sources get {} --filter status=archived -o ndjson", ids[0]);
    assert_eq!(world.run(&line).code(0).out, "");
    let refused = world.run("offer-sources list --filter statsu!=active -q").code(2);
    assert_eq!(refused.out, "");
    assert!(
        refused.err.contains("the condition would select all rows"),
        "{}",
        refused.err
    );
}

#[test]
fn answers_of_a_proxy_are_not_believed() {
    let (world, ids) = World::new(2);
    for body in ["null", "[]", "{\"ok\": true}"] {
        let body = body.to_owned();
        world.fake.inject(
            Rule::new(Fault::Repeated { body })
                .on("PUT /offersource/archive/")
                .always(),
        );
        let archived = world
            .run(&format!("offer-sources archive {} --yes", ids[0]))
            .code(1);
        assert!(archived.err.contains("1 unknown"), "{}", archived.err);
        assert_eq!(world.status(&ids[0]), "active");
        world.fake.clear_faults();
    }
    world
        .fake
        .inject(Rule::new(Fault::Html { applied: false }).always());
    for line in [
        "call list_offer_sources --status active -o csv",
        "api GET /offersource/list/",
    ] {
        let page = world.run(line).code(1);
        assert_eq!(page.out, "");
        assert!(page.err.contains("a proxy may have answered"), "{}", page.err);
    }
    world.fake.clear_faults();
    world.fake.inject(Rule::new(Fault::Unauthorized).always());
    for line in [
        format!("offer-sources where-used {}", ids[0]),
        format!("offer-sources archive {} --yes", ids[0]),
    ] {
        let refused = world.run(&line).code(4);
        assert_eq!(refused.out, "", "{line}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_before_anything_is_sent() {
    let (world, ids) = World::new(2);
    for report in ["absent/report.csv", "report.txt", "."] {
        for command in [
            format!("duplicate {} --yes", ids[0]),
            format!("archive {} --yes", ids[0]),
            "create --set offerSourceName=x --yes".to_owned(),
        ] {
            let line = format!("offer-sources {command} --report {report}");
            let refused = world.run(&line).code(2);
            assert!(
                refused.err.contains("nothing was sent") || report == "report.txt",
                "{}",
                refused.err
            );
        }
    }
    assert_eq!((world.count("active"), world.count("archived")), (2, 0));
}

#[test]
fn a_resumed_job_takes_no_arguments_that_its_journal_has() {
    let (world, ids) = World::new(2);
    world.fake.inject(
        Rule::new(Fault::status(503))
            .on("POST /offersource/duplicate/")
            .times(100),
    );
    world
        .run(&format!(
            "offer-sources duplicate {} --yes --journal job.jsonl",
            ids[0]
        ))
        .code(1);
    world.fake.clear_faults();
    for argument in [
        ids[1].as_str(),
        "--name Other",
        "--into x",
        "--journal other.jsonl",
    ] {
        let line = format!("offer-sources duplicate --resume job.jsonl {argument} --yes");
        let refused = world.run(&line).code(2);
        assert!(
            refused.err.contains("from the journal"),
            "{line}: {}",
            refused.err
        );
    }
    assert_eq!(world.count("active"), 2);
}

#[test]
fn a_resumed_deletion_asks_again() {
    let (world, ids) = World::new(4);
    world.fake.inject(
        Rule::new(Fault::status(503))
            .on("DELETE /offersource/delete/")
            .after(1)
            .always(),
    );
    let line = format!(
        "offer-sources delete {} --chunk-size 2 --jobs 1 --yes --journal job.jsonl",
        ids.join(" ")
    );
    world.run(&line).code(3);
    world.fake.clear_faults();
    assert_eq!(world.count("deleted"), 2);
    let refused = world.run("offer-sources delete --resume job.jsonl").code(2);
    assert!(
        refused
            .err
            .contains("continue to delete 2 offer sources needs a confirmation"),
        "{}",
        refused.err
    );
    assert_eq!(world.count("deleted"), 2);
    world.run("offer-sources delete --resume job.jsonl --yes").code(0);
    assert_eq!(world.count("deleted"), 4);
}

#[test]
fn what_is_not_as_requested_is_no_success() {
    let (world, ids) = World::new(2);
    let line = format!(
        "offer-sources set {} --set status=Active --set postbackTxId=x",
        ids[0]
    );
    for option in ["--plan", "--out plan.json", "--yes"] {
        let partly = world.run(&format!("{line} {option}")).code(3);
        let text = if option == "--yes" { partly.err } else { partly.out };
        assert!(text.contains("not planned"), "{option}: {text}");
    }
    let managed = world
        .run(&format!(
            "offer-sources set {} --set meta.version=9 --yes",
            ids[0]
        ))
        .code(2);
    assert!(managed.err.contains("belongs to the service"), "{}", managed.err);
    let line = format!(
        "offer-sources archive {} --yes --journal job.jsonl --report job.jsonl",
        ids[0]
    );
    assert!(world.run(&line).code(2).err.contains("name the same file"));
    assert_eq!(world.count("active"), 2);
}

#[cfg(unix)]
#[test]
fn files_are_written_through_links_and_pipes() {
    let (world, ids) = World::new(1);
    fs::write(world.path("target.csv"), "old").unwrap();
    std::os::unix::fs::symlink("target.csv", world.path("link.csv")).unwrap();
    world
        .run(&format!(
            "offer-sources archive {} --yes --report link.csv",
            ids[0]
        ))
        .code(0);
    assert!(fs::symlink_metadata(world.path("link.csv")).unwrap().is_symlink());
    assert!(
        fs::read_to_string(world.path("target.csv"))
            .unwrap()
            .contains(",done,")
    );
    let line = format!("offer-sources unarchive {} --yes --report /dev/stdout", ids[0]);
    assert!(world.run(&line).code(0).out.contains("done"));
}

#[cfg(unix)]
#[test]
fn names_of_input_files_can_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let (world, ids) = World::new(1);
    let file = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let run = |line: &str, content: &str| {
        fs::write(world.folder.path().join(file), content).unwrap();
        let mut command = world.command(words(line));
        command.arg(file);
        ran(command, "").code(0)
    };
    run(
        "offer-sources import --yes",
        &format!("id,name\n{},Named\n", ids[0]),
    );
    let got = run("offer-sources get --columns name -o csv --ids-from", &ids[0]);
    assert_eq!(got.out, "name\nNamed\n");
    run(
        "offer-sources create --yes --json",
        r#"{ "offerSourceName": "Second" }"#,
    );
    assert_eq!(world.fake.state().assets("offersource").count(), 2);
}

#[cfg(unix)]
#[test]
fn an_edited_text_that_is_refused_is_kept() {
    let (world, ids) = World::new(1);
    let script = world.path("editor.sh");
    fs::write(&script, "echo '{ my text' > \"$1\"").unwrap();
    let mut command = world.command(words(&format!("offer-sources edit {}", ids[0])));
    command
        .env("EDITOR", format!("sh {script}"))
        .env("TMPDIR", world.folder.path());
    let refused = ran(command, "").code(2).err;
    let path = refused.split("the edited text is in ").nth(1).unwrap();
    let path = path.lines().next().unwrap();
    assert_eq!(fs::read_to_string(path).unwrap().trim(), "{ my text");
}
