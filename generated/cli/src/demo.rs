//! The account of `--fake` and `funnelflux fake`: a thousand assets, the same in every run.
//!
//! `demo.json` describes them. For each kind of asset, it contains the number of assets, the pattern of their
//! IDs, and a body. In the body, `{id}` is the ID, `{n}` the number of the asset, and other words are choices
//! or references to assets of a kind that comes before.

use funnelflux::transport::{TransportError, TransportErrorKind, from_fn};
use funnelflux::{Client, ClientBuilder};
use funnelflux_fake::{Fake, Settings};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;

/// Description of the assets.
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

/// Fills an account with the assets of the demonstration.
pub(crate) fn seed(fake: &Fake) {
    // The file is part of the program, and a test reads it.
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

/// Values of the words in the body of one asset.
fn words(kind: &Kind, index: usize, id: &str, ids: &BTreeMap<&str, Vec<String>>) -> Vec<(String, String)> {
    let mut words = vec![
        ("{id}".to_owned(), id.to_owned()),
        ("{n}".to_owned(), (index + 1).to_string()),
    ];
    // Every combination of choices comes in turn.
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

/// Builder of a client for an account in memory.
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
