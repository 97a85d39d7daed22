//! Downloads a document. Decides from the response whether the server is currently unreachable or the address
//! is wrong.

use std::{io, time::Duration};

use crate::exit::Failure;

/// Maximum size of a document in bytes. A larger response is an error.
const MAX_BYTES: u64 = 64 << 20;

/// Time limit for a download.
const TIMEOUT: Duration = Duration::from_mins(1);

pub(super) fn download(address: &str) -> Result<Vec<u8>, Failure> {
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
    let answered = |fix: &str| format!("error: {address} answered {status}\n  fix: {fix}");
    match status.as_u16() {
        200..300 => {}
        408 | 425 | 429 | 500.. => {
            let fix = "run the command again later; the server may be out of order";
            return Err(Failure::Unreachable(answered(fix)));
        }
        401 | 403 | 407 => {
            let fix = "download the document with a browser and pass the file; the address requires a login";
            return Err(Failure::Io(answered(fix)));
        }
        _ => {
            let fix = "if the address has moved, open the documentation and put the link of the button \
                       \"Download schema\" into spec/source.toml";
            return Err(Failure::Io(answered(fix)));
        }
    }
    let body = response.body_mut().with_config().limit(MAX_BYTES);
    body.read_to_vec().map_err(failure)
}
