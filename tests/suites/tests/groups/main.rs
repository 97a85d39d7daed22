//! Tests all groups of operations in the vendor's index, with the types of our transcription. The tests cover
//! requests, their effects, and documented behaviour of single groups.
#![cfg(transcription)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod asset_kind;
mod documented;
mod evidence;
mod operations;
mod server_managed;

use funnelflux::Client;
use funnelflux::types::{MiddlewareBasicAuth, MiddlewareConfig, MiddlewareDestination};
use funnelflux_fake::{Fake, Settings};
use serde_json::Value;

/// IDs in the documented format, which the client requires for a create call.
const FIRST_ID: &str = "2nIemJxCKbFX";
const SECOND_ID: &str = "2n5JuOKWLTzd";

/// Creates a fake and a client.
fn service() -> (Fake, Client) {
    service_with(Settings::default())
}

/// Creates a fake with these settings and a client.
fn service_with(settings: Settings) -> (Fake, Client) {
    let fake = Fake::new(settings);
    let client = funnelflux_suites::client(&fake).build().unwrap();
    (fake, client)
}

/// The body of an asset on the server.
fn stored(fake: &Fake, segment: &str, id: &str) -> Value {
    let state = fake.state();
    Value::from(state.asset(segment, id).unwrap().body.clone())
}

/// A middleware config with both secrets.
fn with_secrets() -> MiddlewareConfig {
    let basic = MiddlewareBasicAuth::new()
        .with_username("user")
        .with_password("pass");
    let destination = MiddlewareDestination::new()
        .with_url("https://example.com")
        .with_basic_auth(basic)
        .with_hmac_secret("hush");
    MiddlewareConfig::new(FIRST_ID, "M").with_destination(destination)
}

/// Returns the password and the HMAC secret of the middleware config on the server.
fn secrets(fake: &Fake) -> (Value, Value) {
    let destination = &stored(fake, "middlewareconfig", FIRST_ID)["destination"];
    let password = destination["basicAuth"]["password"].clone();
    (password, destination["hmacSecret"].clone())
}
