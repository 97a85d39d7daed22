//! Runs the program as a process against the fake on a socket.

use funnelflux_fake::{Fake, Server};
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Path of the program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_funnelflux");

/// Returns true if the OpenAPI document is our transcription of the vendor's documentation page. The golden
/// files are correct only for the transcription. If the vendor's own document has replaced it, the function
/// prints that the test is skipped.
pub(crate) fn is_transcription() -> bool {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/spec.lock");
    let lock = std::fs::read_to_string(lock).unwrap();
    let is_transcription = lock.contains("\"source\": \"transcribed ");
    if !is_transcription {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // Unlike the output of `println!`, this line is also shown if the test passes.
        let line = format!("skipped: {test}: the vendor's document has replaced our transcription\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    is_transcription
}

/// A fake service with one account, and a folder for the configuration and the state of the program.
pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
    runtime: Runtime,
}

/// Output of a run of the program.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    /// Starts a service with this number of offer sources, and returns their IDs.
    pub(crate) fn new(offer_sources: usize) -> (Self, Vec<String>) {
        let fake = Fake::default();
        let ids = fake.seed_many(offer_sources);
        (Self::of(fake), ids)
    }

    pub(crate) fn of(fake: Fake) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(fake.serve(([127, 0, 0, 1], 0).into())).unwrap();
        Self {
            fake,
            folder: tempfile::tempdir().unwrap(),
            server,
            runtime,
        }
    }

    /// Makes the service refuse connections.
    pub(crate) fn refuse_connections(&self) {
        self.runtime.block_on(self.server.refuse_connections()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Returns a command that runs the program with the base URL and the token of this service.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.anonymous(arguments);
        command
            .env("FUNNELFLUX_BASE_URL", self.server.base_url())
            .env("FUNNELFLUX_ACCESS_TOKEN", self.fake.access_token());
        command
    }

    /// Returns a command that runs the program without an account.
    pub(crate) fn anonymous<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = program(self.folder.path());
        command.args(arguments);
        command
    }

    /// Runs the program without a terminal and without input.
    pub(crate) fn run(&self, line: &str) -> Ran {
        ran(self.command(words(line)), "")
    }

    /// Runs the program with this text on stdin.
    pub(crate) fn run_with(&self, line: &str, input: &str) -> Ran {
        ran(self.command(words(line)), input)
    }

    /// Returns the status of an offer source on the service.
    pub(crate) fn status(&self, id: &str) -> String {
        let state = self.fake.state();
        let asset = state.asset("offersource", id).unwrap();
        asset.body["status"].as_str().unwrap().to_owned()
    }

    /// Returns the number of offer sources with this status on the service.
    pub(crate) fn count(&self, status: &str) -> usize {
        let state = self.fake.state();
        state
            .assets("offersource")
            .filter(|asset| asset.body.get("status").is_some_and(|found| found == status))
            .count()
    }
}

/// Returns a command that runs the program in a clean environment, with its folders below `folder`.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        // The program keeps some temporary files on purpose, such as the text of a failed edit.
        .env("TMPDIR", folder)
        .env("FUNNELFLUX_CONFIG_DIR", folder.join("config"))
        .env("FUNNELFLUX_STATE_DIR", folder.join("state"))
        // Tests do not touch the keyring of the user.
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .current_dir(folder);
    command
}

/// Runs a command with this text on stdin.
pub(crate) fn ran(mut command: Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The program may end without reading its input.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Ran::of(&child.wait_with_output().unwrap())
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Asserts that the program has ended with this exit code. The message of a failure contains the output.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code, expected,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }

    /// Returns the exit code and the output, for the comparison with a golden file. Parts that differ between
    /// runs are replaced by placeholders.
    pub(crate) fn text(&self, world: &World) -> String {
        let text = format!(
            "exit code {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.out, self.err
        );
        let text = text.replace(&world.server.base_url(), "[base URL]");
        text.replace(world.folder.path().to_str().unwrap(), "[folder]")
    }
}

/// Splits a line into words by the quoting rules of a shell.
pub(crate) fn words(line: &str) -> Vec<String> {
    shlex::split(line).unwrap()
}

/// Replaces each time, such as `2026-11-29T09:00:00Z`, by a constant time.
pub(crate) fn stable_times(text: &str) -> String {
    let shape = "dddd-dd-ddTdd:dd:ddZ".as_bytes();
    let is_time = |bytes: &[u8]| {
        bytes.len() >= shape.len()
            && shape.iter().zip(bytes).all(|(expected, byte)| match expected {
                b'd' => byte.is_ascii_digit(),
                other => other == byte,
            })
    };
    let mut stable = String::new();
    let mut rest = text;
    while let Some(at) = (0..rest.len()).find(|at| is_time(&rest.as_bytes()[*at..])) {
        stable.push_str(&rest[..at]);
        stable.push_str("2026-11-29T09:00:00Z");
        rest = &rest[at + shape.len()..];
    }
    stable + rest
}
