//! Sources of a document: a file, a URL, standard input, or a file of an earlier revision.

use std::{
    convert::Infallible,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
    time::Duration,
};

use funnelflux_openapi::read;

use crate::exit::Failure;

/// Accepted forms of a SOURCE, for help texts.
pub(crate) const HELP: &str = "a file, an http(s) URL, GITREV:path, or - for standard input";

/// Maximum size of a document; a larger file cannot be a document.
const MAX_BYTES: u64 = 64 << 20;

/// Time limit for a download.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A text and its name for messages: a path below the root, with `/` as separator, or a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Text {
    /// Returns the text as an input of the pipeline.
    pub(crate) fn source(&self) -> funnelflux_openapi::Source<'_> {
        funnelflux_openapi::Source {
            name: &self.name,
            text: &self.text,
        }
    }
}

/// A source of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    StandardInput,
    Address(String),
    Revision { revision: String, path: String },
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    /// Parses a source; the name of an existing file always means that file.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text == "-" {
            return Ok(Self::StandardInput);
        }
        if text.contains("://") {
            return Ok(Self::Address(text.to_owned()));
        }
        // A single letter before the colon is a Windows drive, not a revision.
        let revision = text
            .split_once(':')
            .filter(|(revision, path)| revision.len() > 1 && !revision.starts_with('-') && !path.is_empty());
        Ok(match revision {
            Some((revision, path)) if !Path::new(text).exists() => Self::Revision {
                revision: revision.to_owned(),
                path: path.to_owned(),
            },
            _ => Self::File(text.into()),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => formatter.write_str("standard input"),
            Self::Address(address) => formatter.write_str(address),
            Self::Revision { revision, path } => write!(formatter, "{revision}:{path}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

impl Source {
    /// Reads the whole text; a revision is looked up in the repository at `root`.
    pub(crate) fn read(&self, root: &Path) -> Result<Text, Failure> {
        let text = match self {
            Self::StandardInput => {
                let mut bytes = Vec::new();
                io::stdin()
                    .read_to_end(&mut bytes)
                    .map_err(|error| Failure::io("read", Path::new("standard input"), &error))?;
                decode("standard input", bytes)?
            }
            Self::Address(address) => download(address)?,
            Self::Revision { revision, path } => read_revision(root, revision, path)?,
            Self::File(path) => {
                let bytes = fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
                decode(&path.display().to_string(), bytes)?
            }
        };
        Ok(Text {
            name: self.to_string(),
            text,
        })
    }
}

fn download(address: &str) -> Result<String, Failure> {
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build()
        .into();
    let failure = |error: ureq::Error| {
        let message = |hint: &str| {
            format!(
                "error: cannot get {address}: {error}\n  \
                 fix: {hint}download the document with a browser and pass the file"
            )
        };
        match error {
            // The server was reached, but its certificate is invalid.
            ureq::Error::Io(ref error) if error.kind() == io::ErrorKind::InvalidData => {
                Failure::Io(message(""))
            }
            ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_) => Failure::Unreachable(message("check the network, or ")),
            _ => Failure::Io(message("")),
        }
    };
    let mut response = agent
        .get(address)
        .header("accept", "application/json, application/yaml, */*;q=0.5")
        .call()
        .map_err(failure)?;
    let status = response.status();
    if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        return Err(Failure::Unreachable(format!(
            "error: {address} answered {status}\n  \
             fix: run the command again later; the server may be out of order"
        )));
    }
    if matches!(status.as_u16(), 401 | 403 | 407) {
        return Err(Failure::Io(format!(
            "error: {address} answered {status}\n  \
             fix: download the document with a browser and pass the file; the address requires a login"
        )));
    }
    if !status.is_success() {
        return Err(Failure::Io(format!(
            "error: {address} answered {status}\n  \
             fix: if the address has moved, open the documentation and put the link of the button \
             \"Download schema\" into spec/source.toml"
        )));
    }
    let body = response.body_mut().with_config().limit(MAX_BYTES);
    decode(address, body.read_to_vec().map_err(failure)?)
}

fn read_revision(root: &Path, revision: &str, path: &str) -> Result<String, Failure> {
    let name = format!("{revision}:{path}");
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["cat-file", "blob", &name])
        .output()
        .map_err(|error| Failure::io("run", Path::new("git"), &error))?;
    if !output.status.success() {
        return Err(Failure::Io(format!(
            "error: cannot read {name}: {}\n  \
             fix: check the name; neither a file nor a path in git at that revision has it",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    decode(&name, output.stdout)
}

/// Decodes UTF-8. The error for other bytes names the actual encoding.
pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    read::text(bytes).map_err(|reason| {
        Failure::Io(format!(
            "error: cannot read {name}: {reason}\n  \
             fix: unpack it, or save it as UTF-8 without compression"
        ))
    })
}

#[cfg(test)]
mod tests;
