//! Tests of the program on a terminal: questions, progress bars, Ctrl-C, tables and colours.

use crate::support::{World, words};
use nix::sys::wait::WaitStatus;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// Maximum time to wait for output, in milliseconds.
const TIMEOUT: u64 = 30_000;

fn on_terminal(mut command: Command) -> PtySession {
    command.env("TERM", "xterm").env("COLUMNS", "80");
    let options = Options::new()
        .timeout_ms(Some(TIMEOUT))
        .strip_ansi_escape_codes(false);
    spawn_with_options(command, options).unwrap()
}

fn start(world: &World, line: &str) -> PtySession {
    on_terminal(world.command(words(line)))
}

/// Waits for the end of the program. Returns the rest of its output and its exit code.
fn finish(mut session: PtySession) -> (String, i32) {
    let rest = session.exp_eof().unwrap();
    // The session converts each byte into a character, which is reversed here.
    let bytes = rest
        .chars()
        .map(|character| u8::try_from(character).unwrap())
        .collect();
    let rest = String::from_utf8(bytes).unwrap();
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (rest, code),
        other => panic!("{other:?}: {rest}"),
    }
}

#[test]
fn a_question_needs_a_yes() {
    let (world, ids) = World::new(3);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    let line = format!("offer-sources archive {}", ids.join(" "));
    for answer in ["n", "", "yess", "ja"] {
        let mut session = start(&world, &line);
        session
            .exp_string("archive offer sources: 3 would change")
            .unwrap();
        session.exp_string("archive 3 offer sources? [y/N] ").unwrap();
        session.send_line(answer).unwrap();
        let (rest, code) = finish(session);
        assert_eq!(code, 130, "{answer:?}: {rest}");
        assert!(rest.contains("cancelled: nothing was sent"), "{rest}");
    }
    // The end of the input does not count as yes.
    let mut session = start(&world, &line);
    session.exp_string("[y/N] ").unwrap();
    session.send_control('d').unwrap();
    assert_eq!(finish(session).1, 130);
    assert_eq!(world.count("archived"), 0);

    let mut session = start(&world, &line);
    session.exp_string("[y/N] ").unwrap();
    session.send_line("Y").unwrap();
    assert_eq!(finish(session).1, 0);
    assert_eq!(world.count("archived"), 3);
}

#[test]
fn a_cascading_deletion_needs_the_word() {
    let (world, ids) = World::new(1);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    for (answer, code) in [("y", 130), ("yes", 130), ("delete", 0)] {
        assert_eq!(world.status(&ids[0]), "active");
        let mut session = start(
            &world,
            &format!("offer-sources delete {} --children cascade", ids[0]),
        );
        let question = "delete 1 offer source and 1 child? Type delete to confirm: ";
        session.exp_string(question).unwrap();
        session.send_line(answer).unwrap();
        assert_eq!(finish(session).1, code, "{answer}");
    }
    assert_eq!(world.status(&ids[0]), "deleted");
}

#[test]
fn ctrl_c_stops_and_reports_and_the_second_one_ends() {
    let (world, ids) = World::new(200);
    fs::write(world.path("ids.txt"), ids.join("\n")).unwrap();
    let line = "offer-sources archive --ids-from ids.txt --yes --chunk-size 1 --jobs 1 --rate 20";
    let begun = |least: usize| {
        let begin = Instant::now();
        while world.count("archived") < least && begin.elapsed() < Duration::from_millis(TIMEOUT) {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let mut session = start(&world, line);
    begun(3);
    session.send_control('c').unwrap();
    session.exp_string("Ctrl-C again ends at once").unwrap();
    let (rest, code) = finish(session);
    assert_eq!(code, 130, "{rest}");
    let archived = world.count("archived");
    assert!(
        rest.contains(&format!("{archived} done")) && rest.contains("not sent"),
        "{rest}"
    );
    assert!(
        rest.contains("continue with: funnelflux offer-sources archive --resume"),
        "{rest}"
    );

    let mut session = start(
        &world,
        "offer-sources archive --resume --chunk-size 1 --jobs 1 --rate 20",
    );
    session.exp_string(&format!("{archived} done")).unwrap();
    let question = format!("continue to archive {} offer sources? [y/N] ", 200 - archived);
    session.exp_string(&question).unwrap();
    session.send_line("y").unwrap();
    begun(archived + 3);
    session.send_control('c').unwrap();
    session.send_control('c').unwrap();
    assert_eq!(finish(session).1, 130);
    assert!(world.count("archived") < 200);
}

#[test]
fn progress_is_a_bar_that_is_removed() {
    let (world, ids) = World::new(20);
    fs::write(world.path("ids.txt"), ids.join("\n")).unwrap();
    let line = "offer-sources archive --ids-from ids.txt --yes --chunk-size 1 --jobs 1 --rate 40";
    let mut session = start(&world, line);
    session.exp_regex("[0-9]+/20 [0-9]+ done").unwrap();
    let (rest, code) = finish(session);
    assert!(code == 0 && rest.contains("20 done"), "{rest}");
}

#[test]
fn tokens_are_asked_for_without_being_shown() {
    let (world, _) = World::new(1);
    let line = format!("auth login --file --base-url {}", world.server.base_url());
    let mut session = on_terminal(world.anonymous(words(&line)));
    session.exp_string("Access token: ").unwrap();
    session.send_line(&world.fake.access_token()).unwrap();
    session.exp_string("Refresh token (empty: none): ").unwrap();
    session.send_line("").unwrap();
    let (rest, code) = finish(session);
    assert!(code == 0 && !rest.contains(&world.fake.access_token()), "{rest}");
    let text = fs::read_to_string(world.path("config/tokens/default.json")).unwrap();
    assert!(text.contains(&world.fake.access_token()));
}

#[test]
fn a_table_fits_the_terminal_and_obeys_no_color() {
    let (world, ids) = World::new(1);
    let name = "日本語の長い名前".repeat(8);
    world.fake.set("offersource", &ids[0], "offerSourceName", name);
    let output = |name: &str, value: &str| {
        let mut command = world.command(words("offer-sources list"));
        command.env(name, value);
        let (text, code) = finish(on_terminal(command));
        assert_eq!(code, 0);
        text
    };
    let text = output("LANG", "C");
    assert!(text.contains("\u{1b}[1m"), "{text:?}");
    let text = output("NO_COLOR", "1");
    assert!(!text.contains('\u{1b}') && text.contains('…'), "{text:?}");
    for line in text.lines() {
        assert!(console::measure_text_width(line.trim_end()) <= 80, "{line}");
    }
}
