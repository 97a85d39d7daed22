//! Tests that the spans and events for `tracing` contain everything helpful, and never a token.
//!
//! These tests need a test program of their own. For each call site, `tracing` remembers whether any
//! subscriber wants its events. If a test without a subscriber reached a call site while another test
//! subscribes, the call site could stay disabled. Therefore, every test of this program subscribes first.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod secrets;
mod spans;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tracing::subscriber::DefaultGuard;

/// Passes every span and event of this thread to `on_line` as a line of text, until the guard is dropped.
#[must_use]
fn listen(on_line: impl Fn(String) + Send + Sync + 'static) -> DefaultGuard {
    tracing::subscriber::set_default(Listener(on_line))
}

struct Listener<F>(F);

impl<F: Fn(String)> Listener<F> {
    fn line(&self, kind: &str, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(BTreeMap::new());
        record(&mut fields);
        let fields = fields.0.iter();
        let fields = fields.map(|(name, value)| format!(" {name}={value}"));
        self.0(format!("{kind}{}", fields.collect::<String>()));
    }
}

struct Fields(BTreeMap<String, String>);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<F: Fn(String) + 'static> tracing::Subscriber for Listener<F> {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.line("span", |fields| attributes.record(fields));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.line("record", |fields| values.record(fields));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        self.line(event.metadata().level().as_str(), |fields| {
            event.record(fields);
        });
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}
