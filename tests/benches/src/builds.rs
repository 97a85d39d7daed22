//! Measures the CPU time and the number of crates for building an empty program that depends on a client. The
//! clients are `funnelflux`, a hand-written client, and clients of other generators.

use crate::{
    BoxError,
    peers::{self, ClientCrate},
    processes::{self, cpu_time, output},
    workspace::{copy, root, upstream},
};
use std::{fmt::Write as _, fs, path::Path, process::Command, time::Duration};

/// Number of change-and-rebuild cycles to average.
const CHANGES: u32 = 3;

/// Number of builds per client in the comparison with a hand-written client. The builds alternate between
/// both clients.
const ROUNDS: usize = 2;

/// The host names that the program supports. The lock file of the program selects them.
#[derive(Clone, Copy)]
enum HostNames {
    /// All host names. Names with characters other than ASCII need the Unicode tables of `url`.
    All,
    /// Only ASCII host names, which do not need the Unicode tables.
    Ascii,
}

pub(crate) fn measure() -> Result<String, BoxError> {
    let mut table =
        "| client | TLS | crates | cold | after a change to a generated file |\n|---|---|---:|---:|---:|\n"
            .to_owned();
    let folder = tempfile::tempdir()?;
    let workspace = copy(&folder.path().join("workspace"))?;
    for (name, features, hosts) in [
        ("funnelflux", "default-features = true", HostNames::All),
        (
            "funnelflux, ASCII host names only (`cargo update idna_adapter --precise 1.0.0`)",
            "default-features = true",
            HostNames::Ascii,
        ),
        (
            "funnelflux, with HTTP/2 and gzip",
            "features = [\"http2\", \"gzip\"]",
            HostNames::All,
        ),
        (
            "funnelflux, all 161 operations",
            "features = [\"inferred\"]",
            HostNames::All,
        ),
        (
            "funnelflux, types alone (without the feature `client`)",
            "default-features = false, features = [\"documented\"]",
            HostNames::All,
        ),
    ] {
        let client = client_of(&workspace, features);
        writeln!(table, "| {name} | {}", build(&client, hosts)?)?;
    }
    let ours = client_of(&workspace, "default-features = true");
    let above = above(&ours, folder.path())?;
    let document = folder.path().join("document.json");
    peers::with_operation_ids(&upstream()?, &document)?;
    for peer in peers::ALL {
        let peer_folder = folder.path().join(peer.name);
        let figures =
            (peer.generate)(&document, &peer_folder).and_then(|client| build(&client, HostNames::All));
        match figures {
            Ok(figures) => writeln!(table, "| {} {} | {figures}", peer.name, peer.version)?,
            Err(failure) => {
                eprintln!("{}: {failure}", peer.name);
                writeln!(table, "| {} {} | not measured | | | |", peer.name, peer.version)?;
            }
        }
    }
    table.push_str(&above);
    Ok(table)
}

/// Returns the client of this workspace, with these features.
fn client_of(workspace: &Path, features: &str) -> ClientCrate {
    ClientCrate {
        dependency: format!(
            "funnelflux = {{ path = '{}', {features} }}",
            workspace.join("generated").display()
        ),
        changed: workspace.join("generated/src/api/offer_sources/types.rs"),
    }
}

/// Compares cold builds of a program that depends on `funnelflux` with cold builds of a program that has the
/// dependencies of a hand-written client. The builds alternate. Incremental compilation is disabled, because
/// cargo never uses it for dependencies from a registry or from Git. Here, `funnelflux` is a dependency on a
/// folder, so cargo would use incremental compilation.
fn above(ours: &ClientCrate, folder: &Path) -> Result<String, BoxError> {
    let by_hand = peers::by_hand(folder, &folder.join("by-hand"))?;
    let mut shortest = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        for (client, shortest) in [ours, &by_hand].into_iter().zip(&mut shortest) {
            let program = program(client)?;
            let mut build = cargo(program.path());
            build.arg("build").env("CARGO_INCREMENTAL", "0");
            *shortest = cpu_time(&mut build, processes::AcceptedExit::Success)?.min(*shortest);
        }
    }
    let [ours, by_hand] = shortest.map(|time| time.as_secs_f64());
    Ok(format!(
        "\nThe shorter of two alternate cold builds, not incremental, takes {ours:.1} CPU seconds for \
         `funnelflux`, and {by_hand:.1}\nfor the dependencies of a hand-written client: {:.1} more. The \
         target is 6 more.\n",
        ours - by_hand
    ))
}

/// Builds a program that depends on `client`, and returns the figures as table cells.
fn build(client: &ClientCrate, hosts: HostNames) -> Result<String, BoxError> {
    let folder = program(client)?;
    let program = folder.path();
    if let HostNames::Ascii = hosts {
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
    let mut rebuilds = Duration::ZERO;
    let unchanged = fs::read_to_string(&client.changed)?;
    for number in 0..CHANGES {
        let addition = format!("\n/// Changed.\npub fn changed_{number}() -> usize {{\n    {number}\n}}\n");
        fs::write(&client.changed, format!("{unchanged}{addition}"))?;
        rebuilds += seconds(program)?;
    }
    // The file is restored, because the next client may be the same crate with other features.
    fs::write(&client.changed, unchanged)?;
    Ok(format!(
        "{} | {} | {:.0} | {:.1} |",
        tls,
        // The program itself is not counted.
        crates.len() - 1,
        cold.as_secs_f64(),
        (rebuilds / CHANGES).as_secs_f64()
    ))
}

/// Creates an empty program that depends on `client`, and fetches its dependencies.
fn program(client: &ClientCrate) -> Result<tempfile::TempDir, BoxError> {
    let folder = tempfile::tempdir()?;
    let program = folder.path();
    fs::create_dir(program.join("src"))?;
    fs::write(program.join("src/main.rs"), "fn main() {}\n")?;
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{}\n",
        client.dependency
    );
    fs::write(program.join("Cargo.toml"), manifest)?;
    fs::copy(root().join("Cargo.lock"), program.join("Cargo.lock"))?;
    output(cargo(program).arg("fetch"))?;
    Ok(folder)
}

fn seconds(program: &Path) -> Result<Duration, BoxError> {
    cpu_time(cargo(program).arg("build"), processes::AcceptedExit::Success)
}

fn cargo(program: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(program)
        .arg("--quiet")
        .env("CARGO_TARGET_DIR", program.join("target"));
    command
}
