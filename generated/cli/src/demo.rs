//! Demo account of `--fake` and `funnelflux fake`. It contains a thousand assets, which are the same in every
//! run.
//!
//! The file `demo.json` describes the assets. For each kind of asset, it contains the number of assets, the
//! pattern of their IDs, and a JSON body with placeholders. The placeholder `{id}` stands for the ID of the
//! asset, and `{n}` for its number. Every other placeholder stands for one of several choices, or for the ID
//! of an asset whose kind the file lists earlier.

use funnelflux::transport::{TransportError, TransportErrorKind, from_fn};
use funnelflux::{Client, ClientBuilder};
use funnelflux_fake::{Fake, Settings};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;

/// JSON description of the assets.
const DEMO: &str = include_str!("demo.json");

#[derive(Deserialize)]
struct Kind {
    segment: String,
    count: usize,
    id: String,
    #[serde(default)]
    choices: serde_json::Map<String, Value>,
    #[serde(default)]
    references: BTreeMap<String, String>,
    body: Value,
}

/// Adds the assets of the demo account to a fake service.
pub(crate) fn seed(fake: &Fake) {
    // The JSON is part of the program and is tested, so it is always valid.
    let kinds: Vec<Kind> = serde_json::from_str(DEMO).unwrap_or_default();
    let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for kind in &kinds {
        let own: Vec<String> = (1..=kind.count)
            .map(|number| kind.id.replace("{n}", &format!("{number:06}")))
            .collect();
        for (index, id) in own.iter().enumerate() {
            let words = words(kind, index, id, &ids);
            fake.seed(&kind.segment, fill(&kind.body, &words));
        }
        ids.insert(&kind.segment, own);
    }
}

/// Returns the values of the placeholders in the body of one asset.
fn words(kind: &Kind, index: usize, id: &str, ids: &BTreeMap<&str, Vec<String>>) -> Vec<(String, String)> {
    let mut words = vec![
        ("{id}".to_owned(), id.to_owned()),
        ("{n}".to_owned(), (index + 1).to_string()),
    ];
    // Consecutive assets go through all combinations of the choices.
    let mut rest = index;
    for (name, choices) in &kind.choices {
        let choices = choices.as_array().map_or(&[][..], Vec::as_slice);
        let length = choices.len().max(1);
        let choice = choices
            .get(rest % length)
            .and_then(Value::as_str)
            .unwrap_or_default();
        words.push((format!("{{{name}}}"), choice.to_owned()));
        rest /= length;
    }
    for (name, segment) in &kind.references {
        let targets = ids.get(segment.as_str()).map_or(&[][..], Vec::as_slice);
        let target = targets
            .get(index % targets.len().max(1))
            .cloned()
            .unwrap_or_default();
        words.push((format!("{{{name}}}"), target));
    }
    words
}

fn fill(value: &Value, words: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => {
            let filled = words
                .iter()
                .fold(text.clone(), |text, (word, value)| text.replace(word, value));
            Value::String(filled)
        }
        Value::Object(object) => {
            let filled = object
                .iter()
                .map(|(name, value)| (name.clone(), fill(value, words)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Returns the builder of a client for a new demo account in memory.
pub(crate) fn client_builder() -> ClientBuilder {
    let fake = Fake::new(Settings::default());
    seed(&fake);
    let token = fake.access_token();
    let transport = from_fn(move |request| {
        let fake = fake.clone();
        async move {
            fake.respond(request).await.map_err(|error| {
                let kind = match error.kind() {
                    io::ErrorKind::ConnectionRefused => TransportErrorKind::Connect,
                    _ => TransportErrorKind::Interrupted,
                };
                TransportError::new(kind, error.to_string())
            })
        }
    });
    Client::builder()
        .base_url(format!("https://fake.invalid{}", Fake::base_path()))
        .bearer_token(token)
        .transport(transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_has_a_thousand_assets() {
        let kinds: Vec<Kind> = serde_json::from_str(DEMO).unwrap();
        let fake = Fake::default();
        seed(&fake);
        let counts = kinds
            .iter()
            .map(|kind| fake.state().assets(&kind.segment).count());
        assert!(kinds.iter().map(|kind| kind.count).eq(counts.clone()));
        assert_eq!(counts.sum::<usize>(), 1000);
    }
}
