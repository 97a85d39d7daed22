//! Alternative clients: a hand-written client, and clients that other generators write. The generators are
//! run as documented, and are installed below the target directory on first use.

use crate::{BoxError, processes::output, workspace::target};
use funnelflux_openapi::{Source, read};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The crate of a client.
pub(crate) struct ClientCrate {
    /// The manifest line that declares the dependency.
    pub(crate) dependency: String,
    /// A source file of the client, which is changed to measure a rebuild.
    pub(crate) changed: PathBuf,
}

/// An alternative client.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Creates the client for a document. The arguments are the path of the document and the folder of the
    /// client.
    pub(crate) generate: fn(&Path, &Path) -> Result<ClientCrate, BoxError>,
}

pub(crate) const ALL: [Peer; 5] = [
    Peer {
        name: "dependencies of a hand-written client: serde and reqwest",
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

/// Writes a copy of the document with an ID for each operation. Some generators omit operations without an
/// ID, and others fail.
pub(crate) fn with_operation_ids(document: &Path, folder: &Path) -> Result<(), BoxError> {
    let mut value = parsed(document)?;
    let paths = value.get_mut("paths").and_then(|paths| paths.as_object_mut());
    for (path, item) in paths.ok_or("the document has no paths")? {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                let id = format!("{method}{path}").replace(|c: char| !c.is_alphanumeric(), "_");
                operation.insert("operationId".to_owned(), id.trim_matches('_').into());
            }
        }
    }
    fs::write(folder, value.to_string())?;
    Ok(())
}

/// Converts an OpenAPI 3.0 document to 3.1. Converts only nullable types and exclusive limits of numbers.
pub(crate) fn as_openapi_31(document: &Path) -> Result<Value, BoxError> {
    let mut value = parsed(document)?;
    convert_schemas(&mut value);
    if let Some(version) = value.get_mut("openapi") {
        *version = "3.1.0".into();
    }
    Ok(value)
}

/// Converts `nullable`, `exclusiveMinimum` and `exclusiveMaximum` in all objects inside `value`.
fn convert_schemas(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(convert_schemas),
        Value::Object(members) => {
            if members.get("nullable").is_some_and(Value::is_boolean) {
                let is_nullable = members.remove("nullable") == Some(Value::Bool(true));
                if let Some(Value::String(name)) = members.get("type")
                    && is_nullable
                {
                    let types = [name.as_str(), "null"].into();
                    members.insert("type".to_owned(), types);
                }
            }
            for (limit, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
                if members.get(exclusive).is_some_and(Value::is_boolean)
                    && members.remove(exclusive) == Some(Value::Bool(true))
                    && let Some(number) = members.remove(limit)
                {
                    members.insert(exclusive.to_owned(), number);
                }
            }
            members.values_mut().for_each(convert_schemas);
        }
        _ => {}
    }
}

fn parsed(document: &Path) -> Result<Value, BoxError> {
    let text = fs::read_to_string(document)?;
    let name = document.to_string_lossy();
    let source = Source {
        name: &name,
        text: &text,
    };
    let document = read::parse(source).map_err(|errors| errors.to_string())?;
    Ok(document.into_value())
}

/// Returns the folder for installed generators.
fn tools() -> PathBuf {
    target().join("peers")
}

/// Returns the command of a generator written in Rust. Installs the generator on first use.
fn installed(program: &str, package: &str) -> Result<Command, BoxError> {
    let path = tools().join("bin").join(program);
    if !path.exists() {
        let mut install = Command::new("cargo");
        install.args(["install", "--quiet", "--debug", "--locked", "--root"]);
        output(install.arg(tools()).arg(package))?;
    }
    Ok(Command::new(path))
}

fn dependency(folder: &Path) -> String {
    format!("peer = {{ path = '{}' }}", folder.display())
}

/// Creates a crate with the dependencies of a hand-written client, but without code. It uses the same TLS
/// library as `funnelflux`.
pub(crate) fn by_hand(_: &Path, folder: &Path) -> Result<ClientCrate, BoxError> {
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
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), MANIFEST)?;
    let changed = folder.join("src/lib.rs");
    fs::write(&changed, "//! Nothing yet.\n")?;
    Ok(ClientCrate {
        dependency: dependency(folder),
        changed,
    })
}

fn progenitor(document: &Path, folder: &Path) -> Result<ClientCrate, BoxError> {
    let mut command = installed("cargo-progenitor", "cargo-progenitor@0.15.1")?;
    command.args(["progenitor", "--name", "peer", "--version", "0.1.0"]);
    command.args(["--include-client", "false", "--input"]);
    output(command.arg(document).arg("--output").arg(folder))?;
    Ok(ClientCrate {
        dependency: dependency(folder),
        changed: folder.join("src/lib.rs"),
    })
}

fn openapi_generator(document: &Path, folder: &Path) -> Result<ClientCrate, BoxError> {
    let environment = tools().join("openapi-generator");
    if !environment.exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(environment.join("bin/pip"));
        output(install.args(["install", "--quiet", "openapi-generator-cli==7.26.0"]))?;
    }
    let mut command = Command::new(environment.join("bin/openapi-generator-cli"));
    command.args(["generate", "--generator-name", "rust"]);
    command.args(["--additional-properties", "packageName=peer", "--input-spec"]);
    output(command.arg(document).arg("--output").arg(folder))?;
    Ok(ClientCrate {
        // The default TLS library is OpenSSL, which some machines lack.
        dependency: format!(
            "peer = {{ path = '{}', default-features = false, features = [\"rustls\"] }}",
            folder.display()
        ),
        changed: folder.join("src/apis/offer_sources_api.rs"),
    })
}

fn ploidy(document: &Path, folder: &Path) -> Result<ClientCrate, BoxError> {
    let mut command = installed("ploidy", "ploidy@0.15.0")?;
    command.args(["generate", "rust", "--name", "peer", "--output"]);
    output(command.arg(folder).arg(document))?;
    Ok(ClientCrate {
        dependency: dependency(folder),
        changed: folder.join("src/client/default.rs"),
    })
}

fn openapi_to_rust(document: &Path, folder: &Path) -> Result<ClientCrate, BoxError> {
    let mut command = installed("openapi-to-rust", "openapi-to-rust@0.23.0")?;
    command.arg("generate").arg(document).arg("--output-dir");
    output(command.arg(folder.join("src/generated")))?;
    let needed = fs::read_to_string(folder.join("src/generated/REQUIRED_DEPS.toml"))?;
    let package = "[package]\nname = \"peer\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n";
    fs::write(folder.join("Cargo.toml"), format!("{package}{needed}"))?;
    fs::write(folder.join("src/lib.rs"), "pub mod generated;\n")?;
    Ok(ClientCrate {
        dependency: dependency(folder),
        changed: folder.join("src/generated/client.rs"),
    })
}
