//! Sources of a document: a file, a URL, standard input, or a file of an earlier revision.

mod download;

use std::{
    convert::Infallible,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
};

use funnelflux_openapi::read;

use crate::exit::Failure;
use download::download;

/// Accepted forms of a SOURCE, for help texts.
pub(crate) const HELP: &str = "a file, an http(s) URL, GITREV:path, or - for standard input";

/// A text, and its name for messages, such as a path below the root (with `/` as separator) or a URL.
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

    /// Parses a source. A text with a colon is a revision only if no file has that name.
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
    /// Returns the source as an argument of a command for a shell.
    pub(crate) fn argument(&self) -> String {
        let text = match self {
            Self::StandardInput => "-".to_owned(),
            other => other.to_string(),
        };
        let is_plain = |character: char| character.is_alphanumeric() || "-_./:@%+=,~^".contains(character);
        if text.chars().all(is_plain) {
            text
        } else {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
    }

    /// Reads the whole text. A revision is looked up in the repository at `root`.
    pub(crate) fn read(&self, root: &Path) -> Result<Text, Failure> {
        let name = self.to_string();
        let bytes = match self {
            Self::StandardInput => {
                let mut bytes = Vec::new();
                let result = io::stdin().read_to_end(&mut bytes);
                result.map_err(|error| Failure::io("read", Path::new(&name), &error))?;
                bytes
            }
            Self::Address(address) => download(address)?,
            Self::Revision { .. } => read_revision(root, &name)?,
            Self::File(path) => fs::read(path).map_err(|error| Failure::io("read", path, &error))?,
        };
        let text = decode(&name, bytes)?;
        Ok(Text { name, text })
    }
}

/// Reads a file of an earlier revision, given as `GITREV:path`.
fn read_revision(root: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["cat-file", "blob", name])
        .output()
        .map_err(|error| Failure::io("run", Path::new("git"), &error))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        let fix = "check the name; neither a file nor a path in git at that revision has it";
        return Err(Failure::new(
            format!("cannot read {name}: {}", reason.trim()),
            fix,
        ));
    }
    Ok(output.stdout)
}

/// Decodes UTF-8. The error for other bytes names the actual encoding if the first bytes identify it.
pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    read::text(bytes).map_err(|reason| {
        let fix = "unpack it, or save it as UTF-8 without compression";
        Failure::new(format!("cannot read {name}: {reason}"), fix)
    })
}

#[cfg(test)]
mod tests;
