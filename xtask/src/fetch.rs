//! `cargo xtask fetch`: puts the vendor's current document in the place of ours, after telling what that changes.

use funnelflux_diff as comparison;
use funnelflux_generator::{overlay, supersede};
use funnelflux_openapi::{Diagnostics, Document};

use crate::{
    Outcome, diff,
    exit::{Code, Failure},
    source::{self, Source},
    workspace::{LOCK, Spec, Workspace},
};

/// Shows what changed in the vendor's document, then puts it in the place of spec/upstream.*.
///
/// A document that does not read is refused, and nothing is written then.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 the document is in place, whatever has changed in it, 1 usage or I/O, \
                  2 the document is not valid, 4 the lock cannot be read, 9 the address does not answer now; \
                  nothing is written unless 0"
)]
pub(crate) struct Arguments {
    /// Where it is.
    #[arg(help = format!("Where it is: {}; by default the address in spec/source.toml", source::HELP))]
    source: Option<Source>,
    /// How to tell what changed.
    #[arg(long, value_enum, default_value_t)]
    format: diff::Format,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    let source = match &arguments.source {
        Some(source) => source.clone(),
        None => workspace.default_source()?,
    };
    let text = source.read(workspace)?;
    let spec = workspace.spec_beside(Some(&text.text))?;
    let lock = spec.read_lock()?;
    let new = diff::document(&text)?;
    // A document of ours that does not read is one more reason to replace it.
    let report = diff::document(&spec.upstream).map(|old| comparison::compare(&old, &new));
    let same = spec.upstream.text == text.text;
    let mut said = match &report {
        Ok(report) => diff::render(report, arguments.format),
        Err(diagnostics) => {
            format!(
                "{} cannot be read, so there is nothing to compare:\n{diagnostics}\n",
                spec.upstream.name
            )
        }
    };
    let mut then = Vec::new();
    if same {
        then.push(format!(
            "{} is what {source} holds: nothing to do",
            spec.upstream.name
        ));
    } else {
        let name = if is_json(&text.text) {
            "spec/upstream.json"
        } else {
            "spec/upstream.yaml"
        };
        workspace.remove_leftovers()?;
        workspace.write(name, &text.text)?;
        // The checksum in the lock stays that of the document that the code was generated from, until `generate`.
        if let Some(mut lock) = lock {
            lock.upstream.source = source.to_string();
            workspace.write(LOCK, &lock.text())?;
        }
        // What is replaced goes last.
        if name != spec.upstream.name {
            workspace.remove(&spec.upstream.name)?;
        }
        then.push(format!("{name} is now what {source} holds"));
        then.extend(overlays(new, &spec));
        // Git restores what it knew, and leaves what it did not.
        let also = if name == spec.upstream.name {
            String::new()
        } else {
            format!(" && rm {name}")
        };
        then.push(format!(
            "next: `cargo xtask generate`, then look at what `git diff` shows in generated/, then `.ci/run`; \
             `git restore spec{also}` takes it back"
        ));
    }
    let mut aside = then.join("\n");
    if arguments.format == diff::Format::Text {
        said.push('\n');
        said.push_str(&std::mem::take(&mut aside));
    }
    Ok(Outcome {
        text: said,
        aside,
        code: Code::Clean,
    })
}

/// Reports how the overlays fit the new document.
fn overlays(new: Document, spec: &Spec) -> Vec<String> {
    let sources: Vec<_> = spec.overlays.iter().map(crate::workspace::Text::source).collect();
    let applied = overlay::read(&sources).and_then(|overlays| {
        let superseded = supersede::supersede(new, overlays);
        let applied = overlay::apply(superseded.document, &superseded.overlays)?;
        Ok((superseded.notices, applied))
    });
    let (notices, applied) = match applied {
        Ok(applied) => applied,
        Err(diagnostics) => return vec![explain(&diagnostics)],
    };
    let needless = applied.actions.iter().filter(|action| !action.changed);
    let needless = needless.map(|action| {
        let place = action
            .location
            .as_ref()
            .map_or_else(String::new, ToString::to_string);
        format!(
            "{place}: the action on `{}` changes nothing any more; remove it if its reason is gone: {}",
            action.target, action.reason
        )
    });
    notices.iter().map(ToString::to_string).chain(needless).collect()
}

fn explain(diagnostics: &Diagnostics) -> String {
    format!("the overlays do not fit the new document; `generate` refuses until they do:\n{diagnostics}")
}

/// JSON is what every reader of JSON takes.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{feff}')).is_ok()
}
