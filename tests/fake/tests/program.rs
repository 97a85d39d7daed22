//! Tests of the program: help, messages, and effect of the options.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_funnelflux-fake"))
}

/// Handle for the running program. Dropping it kills the program.
struct Running {
    child: Child,
    /// Output of the program up to the line about Ctrl-C.
    printed: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The program may already have ended, so errors are ignored.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(options: &[&str]) -> Self {
        let mut child = program()
            .args(["--address", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        while !printed.contains("Ctrl-C") {
            printed += &lines.next().unwrap().unwrap();
            printed.push('\n');
        }
        Self { child, printed }
    }

    fn address(&self) -> &str {
        let (_, rest) = self.printed.split_once("http://").unwrap();
        rest.split_once('/').unwrap().0
    }

    /// Sends a request, and returns the head and the body of the response.
    fn call(&self, method: &str, target: &str, token: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} /v1{target} HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn ids(&self) -> Vec<String> {
        let (_, body) = self.call("GET", "/offersource/list/?status=active", "fake-access-token", "");
        let rows: Value = serde_json::from_str(&body).unwrap();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["idOfferSource"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn the_help() {
    let help = program().arg("--help").output().unwrap();
    assert!(help.status.success() && help.stderr.is_empty());
    insta::assert_snapshot!("help", String::from_utf8(help.stdout).unwrap());
}

#[test]
fn invalid_options_are_reported() {
    let error_of = |options: &[&str]| {
        let output = program().args(options).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let policies = ["refuse-all:200", "refuse-all:four", "explode", "explode:400"];
    let mut page = String::new();
    for policy in policies {
        page += &error_of(&["--unknown-entry", policy]);
    }
    page += &error_of(&["--address", "nowhere"]);
    insta::assert_snapshot!("wrong_options", page);
}

#[test]
fn an_address_in_use_is_reported() {
    let running = Running::start(&[]);
    let second = program().args(["--address", running.address()]).output().unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        error.contains(&format!("error: cannot listen on {}", running.address())),
        "{error}"
    );
}

#[test]
fn options_configure_the_fake() {
    let running = Running::start(&[
        "--assets",
        "3",
        "--pages",
        "0",
        "--unknown-entry",
        "stop-at-bad:404",
        "--max-entries",
        "2",
        "--errors",
        "text",
    ]);
    let ids = running.ids();
    assert_eq!(ids.len(), 3);
    let archive = |entries: &str| {
        running.call(
            "PUT",
            "/offersource/archive/",
            "fake-access-token",
            &format!(r#"{{"entries":[{entries}]}}"#),
        )
    };
    let (head, body) = archive(&format!(r#""{}","unknown""#, ids[0]));
    assert!(
        head.starts_with("HTTP/1.1 404") && head.contains("text/plain"),
        "{head}"
    );
    assert_eq!(body, "not found idOfferSource: unknown");
    assert_eq!(running.ids(), ids[1..]);
    assert!(archive(r#""a","b","c""#).0.starts_with("HTTP/1.1 413"));
    let (head, _) = running.call("GET", "/offersource/list/?status=active", "another", "");
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
}

#[test]
fn without_auth_any_token_is_accepted() {
    let running = Running::start(&["--no-auth", "--trailing-slash", "optional"]);
    assert!(running.printed.contains("not required"), "{}", running.printed);
    let (head, _) = running.call("GET", "/offersource/list?status=active", "another", "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[test]
fn another_document_is_served() {
    let folder = std::env::temp_dir().join(format!("funnelflux-fake-another-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let document = folder.join("effective.json");
    let text = include_str!("../effective.json").replace("\"/offersource/list/\"", "\"/source/list/\"");
    std::fs::write(&document, text).unwrap();
    let name = document.to_str().unwrap();
    let running = Running::start(&["--document", name, "--assets", "1"]);
    let list = |path: &str| running.call("GET", path, "fake-access-token", "").0;
    assert!(list("/source/list/?status=all").starts_with("HTTP/1.1 200"));
    assert!(list("/offersource/list/?status=all").starts_with("HTTP/1.1 404"));

    std::fs::write(&document, "{}").unwrap();
    let output = program().args(["--document", name]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("expected a document of OpenAPI 3.0") && error.contains("\nfix: "),
        "{error}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let output = program().args(["--document", name]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with(&format!("error: cannot read {name}")),
        "{error}"
    );
}

#[test]
fn settings_come_from_a_file() {
    let folder = std::env::temp_dir().join(format!("funnelflux-fake-address-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("settings.json");
    std::fs::write(
        &file,
        r#"{ "unknown_id_status": 400, "access_token": "mine", "trailing_slash": "optional" }"#,
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let running = Running::start(&["--settings", path, "--trailing-slash", "redirect"]);
    assert!(
        running.printed.contains("access token  mine"),
        "{}",
        running.printed
    );
    let (head, _) = running.call("GET", "/offersource/find/byId/?idOfferSource=x", "mine", "");
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    // An option overrides the file of settings.
    let (head, _) = running.call("GET", "/offersource/list?status=all", "mine", "");
    assert!(head.starts_with("HTTP/1.1 301"), "{head}");
    std::fs::write(&file, r#"{ "unknown_id": 400 }"#).unwrap();
    let output = program().args(["--settings", path]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("settings.json: these are no settings: unknown field `unknown_id`")
            && error.contains("fix: "),
        "{error}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
