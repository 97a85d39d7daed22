//! CPU time and crates of building an empty program that depends on a client: this one, and those that others generate.

use crate::{
    Failure,
    commands::copy,
    page::root,
    peers::{self, Built},
    processes::{self, cpu_time, output},
};
use std::{fmt::Write as _, fs, path::Path, process::Command, time::Duration};

/// How often a source is changed and built again; the mean counts.
const CHANGES: u32 = 3;

/// Which names of hosts the program can resolve, which is a choice of its lock file.
#[derive(Clone, Copy)]
enum Hosts {
    /// Also those with letters beyond ASCII, for which `url` has the tables of Unicode.
    All,
    /// ASCII only, without the tables.
    Ascii,
}

pub(crate) fn measure() -> Result<String, Failure> {
    let mut table = "Debug build of an empty program that depends on the client, the 12 documented operations unless said otherwise; \
        CPU seconds, with all of the same versions of crates:\n\n\
        | client | TLS | crates | cold | after a change of a generated file |\n|---|---|---:|---:|---:|\n"
        .to_owned();
    let folder = tempfile::tempdir()?;
    let workspace = copy(&folder.path().join("workspace"))?;
    for (name, features, hosts) in [
        ("funnelflux", "default-features = true", Hosts::All),
        (
            "funnelflux, hosts in ASCII only (`cargo update idna_adapter --precise 1.0.0`)",
            "default-features = true",
            Hosts::Ascii,
        ),
        (
            "funnelflux, with HTTP/2 and gzip",
            "features = [\"http2\", \"gzip\"]",
            Hosts::All,
        ),
        (
            "funnelflux, all 161 operations",
            "features = [\"undocumented\"]",
            Hosts::All,
        ),
    ] {
        let client = Built {
            dependency: format!(
                "funnelflux = {{ path = '{}', {features} }}",
                workspace.join("generated").display()
            ),
            changed: workspace.join("generated/src/generated/offer_sources/methods.rs"),
        };
        writeln!(table, "| {name} | {}", build(&client, hosts)?)?;
    }
    let document = folder.path().join("document.json");
    peers::with_operation_ids(&root().join("spec/upstream.json"), &document)?;
    for peer in peers::ALL {
        let place = folder.path().join(peer.name);
        let figures = (peer.generate)(&document, &place).and_then(|client| build(&client, Hosts::All));
        match figures {
            Ok(figures) => writeln!(table, "| {} {} | {figures}", peer.name, peer.version)?,
            Err(failure) => {
                eprintln!("{}: {failure}", peer.name);
                writeln!(table, "| {} {} | not run here | | | |", peer.name, peer.version)?;
            }
        }
    }
    writeln!(table, "\nTarget: at most 62 CPU seconds and 92 crates with TLS.")?;
    Ok(table)
}

/// The cells of a client.
fn build(client: &Built, hosts: Hosts) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let program = folder.path();
    fs::create_dir(program.join("src"))?;
    fs::write(program.join("src/main.rs"), "fn main() {}\n")?;
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}\n",
        client.dependency
    );
    fs::write(program.join("Cargo.toml"), manifest)?;
    fs::copy(root().join("Cargo.lock"), program.join("Cargo.lock"))?;
    output(cargo(program).arg("fetch"))?;
    if let Hosts::Ascii = hosts {
        let update = ["update", "idna_adapter", "--precise", "1.0.0"];
        output(cargo(program).args(update))?;
    }
    let tree = [
        "tree",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--no-dedupe",
    ];
    let (tree, _) = output(cargo(program).args(tree))?;
    let crates: std::collections::BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (proc-macro)"))
        .filter(|line| !line.is_empty())
        .collect();
    let has = |name: &str| crates.iter().any(|line| line.split(' ').next() == Some(name));
    let tls = match ["ring", "aws-lc-rs", "native-tls"].map(has) {
        [true, _, _] => "rustls, ring",
        [_, true, _] => "rustls, aws-lc",
        [_, _, true] => "OpenSSL",
        _ => "none",
    };
    let cold = seconds(program)?;
    let mut again = Duration::ZERO;
    let unchanged = fs::read_to_string(&client.changed)?;
    for number in 0..CHANGES {
        let addition = format!("\n/// Changed.\npub fn changed_{number}() -> usize {{\n    {number}\n}}\n");
        fs::write(&client.changed, format!("{unchanged}{addition}"))?;
        again += seconds(program)?;
    }
    // The next client may be the same one with other features.
    fs::write(&client.changed, unchanged)?;
    Ok(format!(
        "{} | {} | {:.0} | {:.1} |",
        tls,
        // Without the program itself.
        crates.len() - 1,
        cold.as_secs_f64(),
        (again / CHANGES).as_secs_f64()
    ))
}

fn seconds(program: &Path) -> Result<Duration, Failure> {
    cpu_time(cargo(program).arg("build"), processes::Expect::Success)
}

fn cargo(program: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(program)
        .arg("--quiet")
        .env("CARGO_TARGET_DIR", program.join("target"));
    command
}
