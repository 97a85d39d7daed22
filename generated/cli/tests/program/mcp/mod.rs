//! Tests of the server for assistants. They send lines of JSON-RPC to the server.

mod guards;
mod tools;

use crate::support::{World, ran, words};
use funnelflux::operations::{GROUPS, Repeat};
use funnelflux_fake::{Fake, Fault, Rule};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A conversation with the server.
struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next: u64,
    /// All output of the server so far.
    heard: String,
}

impl Session {
    /// Starts the server and initializes it.
    fn new(world: &World, options: &str) -> Self {
        let mut session = Self::start(world.command(words(&format!("mcp {options}"))));
        let reply = session.request("initialize", initialize());
        assert_eq!(reply["result"]["serverInfo"]["name"], "funnelflux", "{reply}");
        session.line(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        session
    }

    fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            next: 0,
            heard: String::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    fn reply(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        self.heard.push_str(&line);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    #[expect(clippy::needless_pass_by_value, reason = "the JSON is written at the call")]
    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.line(&request.to_string());
        let reply = self.reply();
        assert_eq!(reply["id"], id, "{reply}");
        reply
    }

    fn tools(&mut self) -> Vec<Value> {
        let reply = self.request("tools/list", json!({}));
        reply["result"]["tools"].as_array().unwrap().clone()
    }

    /// Calls a tool. Returns the text of the result, and true if the result is an error.
    #[expect(clippy::needless_pass_by_value, reason = "the JSON is written at the call")]
    fn call(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let reply = self.request("tools/call", json!({ "name": tool, "arguments": arguments }));
        let result = &reply["result"];
        let text = result["content"][0]["text"].as_str();
        let text = text.unwrap_or_else(|| panic!("{tool}: {reply}"));
        (text.to_owned(), result["isError"].as_bool().unwrap())
    }

    /// Calls a tool, and asserts that it succeeds.
    #[track_caller]
    fn ok(&mut self, tool: &str, arguments: Value) -> Value {
        let (text, is_error) = self.call(tool, arguments);
        assert!(!is_error, "{tool}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Calls a tool, and asserts that it fails.
    #[track_caller]
    fn error(&mut self, tool: &str, arguments: Value) -> String {
        let (text, is_error) = self.call(tool, arguments);
        assert!(is_error, "{tool}: {text}");
        text
    }

    /// Closes the input of the server, and waits until the server exits.
    fn end(mut self) -> ExitStatus {
        drop(self.input.take());
        self.child.wait().unwrap()
    }
}

fn initialize() -> Value {
    json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    })
}

/// Returns an account with three offer sources, each with a page.
fn world() -> (World, Vec<String>) {
    let (world, ids) = World::new(3);
    for (number, id) in (1..).zip(&ids) {
        world
            .fake
            .set("offersource", id, "offerSourceName", format!("Source {number}"));
        world.fake.seed_page(&format!("2nIemP00000{number}"), id);
    }
    (world, ids)
}

/// Returns the requests in the log that could have changed something.
fn changing(fake: &Fake) -> Vec<String> {
    let operations = GROUPS.iter().copied().flatten();
    let reads: BTreeSet<String> = operations
        .filter(|operation| operation.repeat == Repeat::Read)
        .map(|operation| format!("{} {}{}", operation.method, Fake::base_path(), operation.path))
        .collect();
    let log = fake.log().into_iter();
    log.map(|entry| format!("{} {}", entry.method, entry.path))
        .filter(|request| !reads.contains(request))
        .collect()
}

fn ids_of(page: &Value, member: &str) -> Vec<String> {
    let rows = page["rows"].as_array().unwrap().iter();
    rows.map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_configuration_in_the_readme_starts_the_server() {
    let (world, _) = world();
    let readme = include_str!("../../../README.md");
    let (_, block) = readme.split_once("```json\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let configuration: Value = serde_json::from_str(block).unwrap();
    let server = &configuration["mcpServers"]["funnelflux"];
    assert_eq!(server["command"], "funnelflux");
    let arguments = server["args"].as_array().unwrap().iter();
    let arguments: Vec<String> = arguments
        .map(|argument| {
            argument
                .as_str()
                .unwrap()
                .replace("/home/me", world.folder.path().to_str().unwrap())
        })
        .collect();
    let mut session = Session::start(world.command(arguments));
    session.request("initialize", initialize());
    session.ok("list_files", json!({}));
    assert!(session.end().success() && fs::exists(world.path("plans")).unwrap());
}

#[test]
fn the_end_of_the_input_and_invalid_messages_end_nothing_early() {
    let (world, ids) = world();
    // All requests are answered, although the input ends immediately after them.
    let request = |id: u64, method: &str, params: Value| {
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
    };
    let get = json!({ "name": "get_assets", "arguments": { "group": "offer-sources", "ids": [ids[0]] } });
    let lines = [
        request(1, "initialize", initialize()),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string(),
        request(2, "tools/call", get.clone()),
        request(3, "tools/call", get),
    ];
    let input = lines.join("\n") + "\n";
    let answered = world.run_with("mcp", &input).code(0);
    assert_eq!(answered.out.lines().count(), 3, "{}", answered.out);
    assert_eq!(answered.out.matches("Source 1").count(), 2, "{}", answered.out);
    // An empty input is not an error, because no conversation has begun.
    assert_eq!(world.run_with("mcp", "").code(0).out, "");
    let other = world.run_with("mcp", &(request(1, "tools/list", json!({})) + "\n"));
    assert!(other.out.contains("\"error\""), "{}", other.out);
    // The last line needs no line break.
    let garbage = world
        .run_with("mcp", &format!("{}{{", lines[..2].join("\n") + "\n"))
        .code(0);
    let answers: Vec<&str> = garbage.out.lines().collect();
    assert!(
        answers.len() == 2 && answers[1].contains("-32700"),
        "{}",
        garbage.out
    );

    let mut session = Session::new(&world, "");
    // These lines need no answer: an empty line, and notifications.
    session.line("");
    session.line(&json!({ "jsonrpc": "2.0", "method": "notifications/unknown", "params": 5 }).to_string());
    let batch = format!("[{}]", request(99, "tools/list", json!({})));
    for (line, id, code) in [
        ("{ this is not JSON", None, -32700),
        (
            r#"{"jsonrpc":"2.0","id":98,"method":"tools/list","params":{"a":1e999}}"#,
            None,
            -32700,
        ),
        ("[]", None, -32600),
        (&*batch, None, -32600),
        ("5", None, -32600),
        (r#"{"jsonrpc":"2.0","id":97,"method":5}"#, Some(97), -32600),
        (
            r#"{"jsonrpc":"1.0","id":96,"method":"tools/list"}"#,
            Some(96),
            -32600,
        ),
        (r#"{"jsonrpc":"2.0","id":95}"#, Some(95), -32600),
        (&*request(100, "tools/forget", json!({})), Some(100), -32601),
    ] {
        session.line(line);
        let answer = session.reply();
        let id = id.map(|id: u64| json!(id));
        assert_eq!(
            (answer.get("id"), &answer["error"]["code"]),
            (id.as_ref(), &json!(code)),
            "{line}: {answer}"
        );
    }
    let tool = session.request("tools/call", json!({ "name": "delete_everything" }));
    assert!(
        tool["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no such tool"),
        "{tool}"
    );
    assert_eq!(
        session.ok("list_assets", json!({ "group": "offer-sources" }))["total"],
        3
    );
    assert!(session.end().success());
}

#[test]
fn a_cancelled_call_ends_and_a_hanging_service_does_not_delay_the_end() {
    let (world, _) = world();
    let mut session = Session::new(&world, "");
    let stalled = || Rule::new(Fault::StallHeaders { applied: false }).on("GET /offersource/list/");
    let call = |id: &str| {
        let arguments = json!({ "name": "list_assets", "arguments": { "group": "offer-sources" } });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": arguments }).to_string()
    };
    let wait = |count: u64| {
        let begin = Instant::now();
        while world.fake.request_count() < count && begin.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    world.fake.inject(stalled());
    session.line(&call("slow"));
    wait(1);
    let cancel = json!({ "requestId": "slow", "reason": "the user asked" });
    session.line(
        &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel }).to_string(),
    );
    // The next answer belongs to this call, because the cancelled call gets no answer.
    assert_eq!(
        session.ok("list_assets", json!({ "group": "offer-sources" }))["total"],
        3
    );
    world.fake.inject(stalled());
    session.line(&call("hanging"));
    wait(3);
    let begin = Instant::now();
    assert!(session.end().success());
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(world.fake.pending_faults(), 0);
}

#[test]
fn a_killed_server_leaves_no_half_written_plan() {
    let (world, _) = World::new(400);
    let mut session = Session::new(&world, "--plans plans");
    let sources = session.ok(
        "list_assets",
        json!({ "group": "offer-sources", "limit": 500, "fields": ["id"] }),
    );
    let ids = ids_of(&sources, "id");
    let plan = |file: String| {
        let arguments =
            json!({ "group": "offer-sources", "ids": ids, "set": { "postbackTxId": "x" }, "file": file });
        json!({ "jsonrpc": "2.0", "id": file, "method": "tools/call",
            "params": { "name": "plan_set", "arguments": arguments } })
    };
    for number in 0..30 {
        session.line(&plan(format!("{number}.json")).to_string());
    }
    session.reply();
    session.child.kill().unwrap();
    session.child.wait().unwrap();
    let mut whole = 0;
    for entry in fs::read_dir(world.path("plans")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.starts_with('.') {
            world.run(&format!("apply plans/{name} --plan")).code(0);
            whole += 1;
        }
    }
    assert!(whole > 0);
    assert_eq!(changing(&world.fake), [""; 0]);
}

#[test]
fn the_account_is_that_of_the_profile_and_a_missing_token_ends_the_server() {
    let (world, ids) = world();
    let none = ran(world.anonymous(words("mcp")), "").code(4);
    assert!(
        none.err.contains("funnelflux auth login") && none.out.is_empty(),
        "{}",
        none.err
    );
    let login = format!(
        "auth login --file --profile work --base-url {}",
        world.server.base_url()
    );
    ran(world.anonymous(words(&login)), &world.fake.access_token()).code(0);
    let command = world.anonymous(words("mcp --profile work --plans plans"));
    let mut session = Session::start(command);
    session.request("initialize", initialize());
    assert_eq!(session.ok("account", json!({}))["profile"], "work");
    let archive = json!({ "group": "offer-sources", "ids": [ids[0]], "file": "archive.json" });
    let next = session.ok("plan_archive", archive)["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let command = next.rsplit("funnelflux ").next().unwrap();
    assert!(command.ends_with("archive.json --profile work"), "{next}");
    ran(world.anonymous(words(&format!("{command} --yes"))), "").code(0);
    assert_eq!(world.status(&ids[0]), "archived");
    // The fake in memory needs no account.
    let mut fake = Session::start(world.anonymous(words("--fake mcp")));
    fake.request("initialize", initialize());
    assert_eq!(
        fake.ok("list_assets", json!({ "group": "offer-sources" }))["total"],
        250
    );
}
