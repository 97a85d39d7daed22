//! Where a document is read from: a file, an address, standard input, or a file of an earlier revision.

use std::{
    convert::Infallible,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
    time::Duration,
};

use crate::{
    exit::Failure,
    workspace::{Text, Workspace},
};

/// What SOURCE can be, for the help of every command that takes one.
pub(crate) const HELP: &str = "a file, an http(s) address, GITREV:path, or - for standard input";

/// No document is larger; what is, is something else.
const MOST_BYTES: u64 = 64 << 20;

/// A server that has not sent all by then is not going to.
const PATIENCE: Duration = Duration::from_mins(1);

/// One of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    StandardInput,
    Address(String),
    Revision { revision: String, path: String },
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    /// A file that is there is a file, whatever its name looks like.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text == "-" {
            return Ok(Self::StandardInput);
        }
        if text.contains("://") {
            return Ok(Self::Address(text.to_owned()));
        }
        // A revision of one letter would be a drive of Windows.
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
    /// The whole text.
    ///
    /// # Errors
    /// If it cannot be had: says what was asked, what came back, and what to do.
    pub(crate) fn read(&self, workspace: &Workspace) -> Result<Text, Failure> {
        let text = match self {
            Self::StandardInput => {
                let mut text = String::new();
                io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|error| Failure::io("read", Path::new("standard input"), &error))?;
                text
            }
            Self::Address(address) => download(address)?,
            Self::Revision { revision, path } => earlier(workspace.root(), revision, path)?,
            Self::File(path) => fs::read_to_string(path).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => not_text(&path.display().to_string()),
                _ => Failure::io("read", path, &error),
            })?,
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
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
    let unreachable = |error: ureq::Error| {
        let message = |help: &str| {
            format!(
                "error: cannot get {address}: {error}\n  help: {help}the document can also be downloaded with a browser and \
                 given as a file"
            )
        };
        match error {
            // A body that is no text, a certificate that is not valid: the network is there.
            ureq::Error::Io(ref error) if error.kind() == io::ErrorKind::InvalidData => {
                Failure::Io(message(""))
            }
            ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_) => {
                Failure::Unreachable(message("is there a network? Otherwise "))
            }
            _ => Failure::Io(message("")),
        }
    };
    let mut response = agent
        .get(address)
        .header("accept", "application/json, application/yaml, */*;q=0.5")
        .call()
        .map_err(unreachable)?;
    let status = response.status();
    if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        return Err(Failure::Unreachable(format!(
            "error: {address} answered {status}\n  help: the server may be out of order for a while: run the command again later"
        )));
    }
    if matches!(status.as_u16(), 401 | 403 | 407) {
        return Err(Failure::Io(format!(
            "error: {address} answered {status}\n  help: it wants a login: download the document with a browser and give it \
             as a file"
        )));
    }
    if !status.is_success() {
        return Err(Failure::Io(format!(
            "error: {address} answered {status}\n  help: the address may have moved: open the documentation, follow the link \
             of the button \"Download schema\", and put that address into spec/source.toml"
        )));
    }
    let body = response.body_mut().with_config().limit(MOST_BYTES);
    body.read_to_string().map_err(unreachable)
}

fn earlier(root: &Path, revision: &str, path: &str) -> Result<String, Failure> {
    let name = format!("{revision}:{path}");
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["cat-file", "blob", &name])
        .output()
        .map_err(|error| Failure::io("run", Path::new("git"), &error))?;
    if !output.status.success() {
        return Err(Failure::Io(format!(
            "error: cannot read {name}: {}\n  help: there is no such file, and git knows no such path at that revision",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    String::from_utf8(output.stdout).map_err(|_| not_text(&name))
}

pub(crate) fn not_text(name: &str) -> Failure {
    Failure::Io(format!(
        "error: cannot read {name}: it is not text in UTF-8\n  help: save it as such"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_what_it_looks_like() {
        let revision = |revision: &str, path: &str| Source::Revision {
            revision: revision.to_owned(),
            path: path.to_owned(),
        };
        for (text, expected) in [
            ("-", Source::StandardInput),
            (
                "https://a.example/x.json",
                Source::Address("https://a.example/x.json".to_owned()),
            ),
            (
                "HEAD~2:spec/upstream.json",
                revision("HEAD~2", "spec/upstream.json"),
            ),
            ("spec/upstream.json", Source::File("spec/upstream.json".into())),
            ("C:\\x.json", Source::File("C:\\x.json".into())),
            // No other scheme is taken; what fetches it says so.
            (
                "ftp://a.example/x",
                Source::Address("ftp://a.example/x".to_owned()),
            ),
            // Never an option of git.
            ("--output=a:b", Source::File("--output=a:b".into())),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
    }
}
