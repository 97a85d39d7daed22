//! What else makes a client: the work of hands, and other generators, run as their documentation says. Each is installed
//! below the target directory when it is first needed.

use crate::{Failure, page::target, processes::output};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A client that is ready to be built.
pub(crate) struct Built {
    /// The line of a manifest that depends on it.
    pub(crate) dependency: String,
    /// The file that holds its calls.
    pub(crate) changed: PathBuf,
}

/// A generator.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Makes a client of the document at a place.
    pub(crate) generate: fn(&Path, &Path) -> Result<Built, Failure>,
}

pub(crate) const ALL: [Peer; 5] = [
    Peer {
        name: "by hand, before its first line: reqwest and serde",
        version: "0.13",
        generate: by_hand,
    },
    Peer {
        name: "progenitor",
        version: "0.15.1",
        generate: progenitor,
    },
    Peer {
        name: "openapi-generator",
        version: "7.26.0",
        generate: openapi_generator,
    },
    Peer {
        name: "ploidy",
        version: "0.15.0",
        generate: ploidy,
    },
    Peer {
        name: "openapi-to-rust",
        version: "0.23.0",
        generate: openapi_to_rust,
    },
];

/// The document with a name for each operation, without which some generators leave the operation out, and some end.
pub(crate) fn with_operation_ids(document: &Path, place: &Path) -> Result<(), Failure> {
    let mut value: serde_json::Value = serde_json::from_str(&fs::read_to_string(document)?)?;
    let paths = value.get_mut("paths").and_then(|paths| paths.as_object_mut());
    for (path, item) in paths.ok_or("the document has no paths")? {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                let id = format!("{method}{path}").replace(|c: char| !c.is_alphanumeric(), "_");
                operation.insert("operationId".to_owned(), id.trim_matches('_').into());
            }
        }
    }
    fs::write(place, value.to_string())?;
    Ok(())
}

/// Where they are installed.
fn tools() -> PathBuf {
    target().join("peers")
}

/// A program of crates.io.
fn installed(program: &str, package: &str) -> Result<Command, Failure> {
    let path = tools().join("bin").join(program);
    if !path.exists() {
        let mut install = Command::new("cargo");
        install.args(["install", "--quiet", "--debug", "--locked", "--root"]);
        output(install.arg(tools()).arg(package))?;
    }
    Ok(Command::new(path))
}

fn dependency(place: &Path) -> String {
    format!("peer = {{ path = '{}' }}", place.display())
}

/// What a client written by hand cannot do without, with the same TLS as ours, and no code.
fn by_hand(_: &Path, place: &Path) -> Result<Built, Failure> {
    const MANIFEST: &str = r#"[package]
name = "peer"
version = "0.0.0"
edition = "2024"

[dependencies]
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring", "std", "tls12", "logging"] }
rustls-platform-verifier = { version = "0.7", default-features = false }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", default-features = false, features = ["rt", "time"] }
"#;
    fs::create_dir_all(place.join("src"))?;
    fs::write(place.join("Cargo.toml"), MANIFEST)?;
    let changed = place.join("src/lib.rs");
    fs::write(&changed, "//! Nothing yet.\n")?;
    Ok(Built {
        dependency: dependency(place),
        changed,
    })
}

fn progenitor(document: &Path, place: &Path) -> Result<Built, Failure> {
    let mut command = installed("cargo-progenitor", "cargo-progenitor@0.15.1")?;
    command.args(["progenitor", "--name", "peer", "--version", "0.1.0"]);
    command.args(["--include-client", "false", "--input"]);
    output(command.arg(document).arg("--output").arg(place))?;
    Ok(Built {
        dependency: dependency(place),
        changed: place.join("src/lib.rs"),
    })
}

fn openapi_generator(document: &Path, place: &Path) -> Result<Built, Failure> {
    let environment = tools().join("openapi-generator");
    if !environment.exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(environment.join("bin/pip"));
        output(install.args(["install", "--quiet", "openapi-generator-cli==7.26.0"]))?;
    }
    let mut command = Command::new(environment.join("bin/openapi-generator-cli"));
    command.args(["generate", "--generator-name", "rust"]);
    command.args(["--additional-properties", "packageName=peer", "--input-spec"]);
    output(command.arg(document).arg("--output").arg(place))?;
    Ok(Built {
        // Its default is OpenSSL, which is not on every machine.
        dependency: format!(
            "peer = {{ path = '{}', default-features = false, features = [\"rustls\"] }}",
            place.display()
        ),
        changed: place.join("src/apis/offer_sources_api.rs"),
    })
}

fn ploidy(document: &Path, place: &Path) -> Result<Built, Failure> {
    let mut command = installed("ploidy", "ploidy@0.15.0")?;
    command.args(["generate", "rust", "--name", "peer", "--output"]);
    output(command.arg(place).arg(document))?;
    Ok(Built {
        dependency: dependency(place),
        changed: place.join("src/client/default.rs"),
    })
}

fn openapi_to_rust(document: &Path, place: &Path) -> Result<Built, Failure> {
    let mut command = installed("openapi-to-rust", "openapi-to-rust@0.23.0")?;
    command.arg("generate").arg(document).arg("--output-dir");
    output(command.arg(place.join("src/generated")))?;
    let needed = fs::read_to_string(place.join("src/generated/REQUIRED_DEPS.toml"))?;
    let package = "[package]\nname = \"peer\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n";
    fs::write(place.join("Cargo.toml"), format!("{package}{needed}"))?;
    fs::write(place.join("src/lib.rs"), "pub mod generated;\n")?;
    Ok(Built {
        dependency: dependency(place),
        changed: place.join("src/generated/client.rs"),
    })
}
