//! A workspace in a temporary folder, and commands that run in it.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

use serde_json::{Value, json};

pub(crate) const XTASK: &str = env!("CARGO_BIN_EXE_xtask");
pub(crate) const TYPES: &str = "generated/src/api/offer_sources/types.rs";
pub(crate) const UPSTREAM: &str = "spec/upstream.json";
pub(crate) const CHANGELOG: &str = "CHANGELOG.md";
pub(crate) const LOCK: &str = "spec/spec.lock";
pub(crate) const EFFECTIVE: &str = "spec/effective.json";

/// Checks whether the vendor's document is our transcription. If it is not, prints that the test is skipped.
pub(crate) fn is_transcription() -> bool {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/spec.lock");
    let lock = fs::read_to_string(lock).unwrap();
    let is_transcription = lock.contains("\"source\": \"transcribed ");
    if !is_transcription {
        let thread = thread::current();
        let test = thread.name().unwrap_or("a test");
        // Unlike the output of `println!`, this line is shown for tests that pass.
        let line = format!("skipped: {test}: the vendor's document has replaced our transcription\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    is_transcription
}

/// A workspace that is removed when this value is dropped.
pub(crate) struct Workspace {
    root: tempfile::TempDir,
}

/// Exit code and output of a command.
pub(crate) struct Run {
    /// Exit code; `None` if a signal killed the command.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Converts the output of a command. Replaces text that may differ between runs or versions: the root,
    /// times, and the total numbers of rules and passes.
    pub(crate) fn new(output: Output, root: &Path) -> Self {
        let without_number = |line: &str, unit: &str| {
            let (before, rest) = line.split_once(" of ")?;
            let (number, after) = rest.split_once(unit)?;
            number
                .parse::<u32>()
                .is_ok()
                .then(|| format!("{before} of N{unit}{after}\n"))
        };
        let text = |bytes: Vec<u8>| -> String {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(root.to_str().unwrap(), "<root>")
                .lines()
                .map(|line| match line.strip_prefix("time ") {
                    Some(_) => "time       N ms\n".to_owned(),
                    None => without_number(line, " rules applied")
                        .or_else(|| without_number(line, " passes applied"))
                        .unwrap_or_else(|| format!("{line}\n")),
                })
                .collect()
        };
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(formatter, "exit code {code}")?,
            None => writeln!(formatter, "killed")?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(formatter, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}

fn is_temporary(name: &str) -> bool {
    name.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with(".xtask-"))
}

impl Workspace {
    fn empty() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    /// Creates a workspace with only the document and a changelog.
    pub(crate) fn bare() -> Self {
        let workspace = Self::empty();
        workspace.write(UPSTREAM, include_str!("upstream.json"));
        workspace.write(CHANGELOG, "# Changelog\n");
        fs::create_dir(workspace.path("generated")).unwrap();
        workspace
    }

    /// Creates a workspace and runs `generate` in it.
    pub(crate) fn new() -> Self {
        let workspace = Self::bare();
        workspace.xtask(&["generate"]).ended_with(0);
        workspace
    }

    /// Creates a copy in another folder.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::empty();
        for (name, bytes) in self.files() {
            copy.write(&name, bytes);
        }
        copy
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Replaces a part of a file. The part must exist.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from} in {name}:\n{text}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// Writes a changed copy of the vendor's document to `name`.
    pub(crate) fn write_changed(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut document: Value = serde_json::from_str(&self.read(UPSTREAM)).unwrap();
        change(&mut document);
        self.write(name, format!("{document:#}\n"));
    }

    /// Adds a property to the vendor's document.
    pub(crate) fn change_document(&self) {
        self.replace(
            UPSTREAM,
            r#""queryParams": {"#,
            r#""note": {"type": "string"}, "queryParams": {"#,
        );
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(XTASK);
        command
            .arg("--root")
            .arg(self.root())
            .args(arguments)
            .current_dir(self.root());
        command
    }

    pub(crate) fn run(&self, mut command: Command) -> Run {
        Run::new(command.output().unwrap(), self.root())
    }

    pub(crate) fn xtask(&self, arguments: &[&str]) -> Run {
        self.run(self.command(arguments))
    }

    /// Runs `git` with a fixed identity and without the configuration of this machine.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "git {arguments:?}: {text}");
        text
    }

    /// Reads all files. The keys are paths relative to the root.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        fn collect(folder: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, root, files);
                } else {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        collect(self.root(), self.root(), &mut files);
        files
    }

    /// Reads all files except temporary files.
    pub(crate) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files();
        files.retain(|name, _| !is_temporary(name));
        files
    }

    /// Counts the temporary files.
    pub(crate) fn leftovers(&self) -> usize {
        self.files().keys().filter(|name| is_temporary(name)).count()
    }

    /// Runs `check`, asserts that it writes nothing, and then runs [`Workspace::fix`].
    #[track_caller]
    pub(crate) fn check_then_fix(&self, code: i32) -> Run {
        let before = self.files();
        let check = self.xtask(&["check"]).ended_with(code);
        assert_eq!(self.files(), before, "check has written");
        self.fix();
        check
    }

    /// Runs `generate` twice and `check` once. Asserts that the second `generate` writes nothing and that
    /// `check` reports nothing.
    #[track_caller]
    pub(crate) fn fix(&self) {
        self.xtask(&["generate"]).ended_with(0);
        let before = self.files();
        let second = self.xtask(&["generate"]).ended_with(0);
        assert!(
            second.stdout.contains("files      0 written, 0 removed, "),
            "{second}"
        );
        assert_eq!(self.files(), before, "the second run has written");
        self.xtask(&["check"]).ended_with(0);
    }
}

/// Returns the value at a pointer. The value must exist.
pub(crate) fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("the document has nothing at {pointer}"))
}

/// Makes a change that breaks nothing.
pub(crate) fn add_field(document: &mut Value) {
    at(document, "/components/schemas/OfferSource/properties")["partnerNote"] =
        json!({"type": "string", "description": "A note."});
}

/// Makes a change that breaks clients on the wire.
pub(crate) fn require_status(document: &mut Value) {
    at(document, "/paths/~1offersource~1list~1/get/parameters/0")["required"] = json!(true);
}

/// Starts a server that answers one request with this status and body. Returns the URL.
pub(crate) fn serve(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/api/schema.json", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).unwrap();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
    });
    address
}
