//! Properties that must hold for any input. Each public function checks the property of one fuzz target.
//!
//! The folder `tests/fuzz` contains the targets and the seeds. A function panics if its property does not
//! hold.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is what a fuzzer looks for"
)]

use crate::arguments;
use crate::assets;
use crate::exit::Failure;
use crate::input;
use crate::output::{Output, jq};
use crate::path::JsonPath;
use crate::probe::{self, Options};
use crate::profile::{Configuration, ProfileName};
use funnelflux::bytes::Bytes;
use funnelflux::ext::AssetGroup;
use funnelflux::http::{Response, StatusCode};
use funnelflux::transport::{ResponseBody, TransportError, TransportErrorKind, from_fn};
use funnelflux::{Client, RetryPolicy};
use funnelflux_fake::{Fake, Settings};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Splits the input into its first `count` lines and the rest.
fn lines(bytes: &[u8], count: usize) -> (Vec<String>, String) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts: Vec<String> = text.splitn(count + 1, '\n').map(str::to_owned).collect();
    parts.resize(count + 1, String::new());
    let rest = parts.pop().unwrap_or_default();
    (parts, rest)
}

/// Checks that the text of a failure begins with `error: ` and a message, and that it contains no control
/// characters except line breaks.
fn check_failure(failure: &Failure) {
    let text = failure.to_string();
    let is_unsafe = |character: char| character.is_control() && character != '\n';
    assert!(text.starts_with("error: ") && text.len() > 7, "{text:?}");
    assert!(!text.contains(is_unsafe), "{text:?}");
}

/// Checks that any values of `--filter`, `--sort` and `--columns` are either rejected or can be used. The
/// selected rows must be among the given rows, and selecting from the selected rows again must change
/// nothing. The first three lines of the input are the values of these options. The rest is a JSON list of
/// rows.
pub fn filter(bytes: &[u8]) {
    let (lines, rest) = lines(bytes, 3);
    let Ok(Value::Array(rows)) = serde_json::from_str(&rest) else {
        return;
    };
    let options = ["--filter", "--sort", "--columns"];
    let options = options.iter().zip(&lines).filter(|(_, value)| !value.is_empty());
    let options = options.map(|(option, value)| format!("{option}={value}"));
    let command_line = ["funnelflux", "offer-sources", "list"].map(str::to_owned);
    let Ok(matches) = arguments::command().try_get_matches_from(command_line.into_iter().chain(options))
    else {
        return;
    };
    let list = matches.subcommand().and_then(|(_, group)| group.subcommand());
    let (_, list) = list.unwrap_or_else(|| panic!("the command line has two subcommands"));
    let group = AssetGroup::all()
        .first()
        .unwrap_or_else(|| panic!("the crate has groups"));
    let view = assets::view(*group);
    let output = Output::new(list, None);
    if let Err(failure) = output.check(&view) {
        return check_failure(&failure);
    }
    output.needs_more_than(&rows, &view).unwrap();
    let selected = output.select(rows.clone(), &view).unwrap();
    assert!(selected.iter().all(|row| rows.contains(row)));
    let again = output.select(selected.clone(), &view).unwrap();
    assert_eq!(selected, again, "a second selection changes the rows");
}

/// Words that can make a jq expression run forever or use unlimited memory. They have the same effect in the
/// program `jq`. The fuzz target does not run expressions that contain one of these words.
const UNBOUNDED: [&str; 14] = [
    "def",
    "repeat",
    "range",
    "recurse",
    "while",
    "until",
    "..",
    "input",
    "combinations",
    "*",
    "=",
    "limit",
    "reduce",
    "foreach",
];

/// Checks that any expression of `--jq` is either rejected or runs on any JSON value. The first line of the
/// input is the expression. The rest is the JSON value.
pub fn jq(bytes: &[u8]) {
    let (lines, rest) = lines(bytes, 1);
    let [expression] = lines.as_slice() else {
        return;
    };
    if let Err(failure) = jq::check(expression) {
        return check_failure(&failure);
    }
    let Ok(value) = serde_json::from_str::<Value>(&rest) else {
        return;
    };
    if UNBOUNDED.iter().any(|word| expression.contains(word)) {
        return;
    }
    let ran = jq::run(expression, &value, |results| {
        for result in results {
            let result = result?;
            let _ = (result.text(true), result.text(false));
        }
        Ok(())
    });
    if let Err(failure) = ran {
        check_failure(&failure);
    }
}

/// Checks that a configuration file is either read and written without loss, or rejected with an error that
/// names the line. Also checks that the name of a profile is rejected if its token file would be outside the
/// folder of the tokens. The first line of the input is the name, and the rest is the file.
pub fn profile(bytes: &[u8]) {
    let (lines, rest) = lines(bytes, 1);
    let path = Path::new("config.toml");
    match Configuration::parse(path, &rest) {
        Ok(configuration) => {
            let text = toml::to_string(&configuration).unwrap();
            let again = Configuration::parse(path, &text).unwrap_or_else(|failure| panic!("{failure}"));
            assert_eq!(text, toml::to_string(&again).unwrap());
        }
        Err(failure) => {
            check_failure(&failure);
            let text = failure.to_string();
            let line = text.split(':').nth(2).and_then(|line| line.parse::<usize>().ok());
            let count = rest.matches('\n').count() + 1;
            assert!(line.is_some_and(|line| (1..=count).contains(&line)), "{text}");
        }
    }
    let [name] = lines.as_slice() else {
        return;
    };
    match ProfileName::choose(Some(name), &Configuration::default()) {
        Ok(chosen) => {
            let file = format!("{}.json", chosen.name);
            assert_eq!(Path::new(&file).components().count(), 1, "{file:?}");
            assert!(!file.contains(['/', '\\']) && !file.starts_with('.'), "{file:?}");
        }
        Err(failure) => check_failure(&failure),
    }
}

/// Checks that any file with IDs and any value of `--set` are either read or rejected. The first line of the
/// input is a value of `--set`. The rest is the file, and is also the JSON value that `--set` changes.
pub fn input(bytes: &[u8]) {
    let (lines, rest) = lines(bytes, 1);
    let id = JsonPath::of_pointer("/idThing");
    if let Err(failure) = input::read_ids(&rest, "file", Some(&id)) {
        check_failure(&failure);
        assert!(failure.to_string().contains("file"), "{failure}");
    }
    for text in &lines {
        match input::assignment(input::SET, text) {
            Ok(assignment) => {
                let mut target: Value = serde_json::from_str(&rest).unwrap_or_default();
                if assignment.path.set(&mut target, assignment.value.clone()).is_ok() {
                    assert_eq!(assignment.path.get(&target), Some(&assignment.value), "{text:?}");
                }
            }
            Err(failure) => check_failure(&failure),
        }
    }
}

/// Modification of a response before the probe receives it.
enum Spoil {
    None,
    Gateway(u16),
    Broken,
    Truncated,
    Replaced(u16, Bytes),
}

impl Spoil {
    /// Reads the next modification from the input. After the end of the input, responses are not modified.
    fn next(bytes: &mut &[u8]) -> Self {
        let mut take = || {
            let (first, rest) = bytes.split_first()?;
            *bytes = rest;
            Some(*first)
        };
        match take() {
            Some(b'g') => Self::Gateway(
                [404, 502, 503, 429]
                    .get(usize::from(take().unwrap_or(0) % 4))
                    .copied()
                    .unwrap_or(404),
            ),
            Some(b'b') => Self::Broken,
            Some(b't') => Self::Truncated,
            Some(b'r') => {
                let status = [200, 201, 204, 400, 404, 409, 422, 500];
                let status = status
                    .get(usize::from(take().unwrap_or(0) % 8))
                    .copied()
                    .unwrap_or(200);
                let end = bytes
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(bytes.len());
                let (body, rest) = bytes.split_at(end);
                *bytes = rest.get(1..).unwrap_or_default();
                Self::Replaced(status, Bytes::copy_from_slice(body))
            }
            _ => Self::None,
        }
    }
}

fn plain(status: u16, body: impl Into<Bytes>) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::from(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// Checks the conclusions that the probe draws from arbitrary responses. The fake service must be able to
/// load the settings that the probe finds. The probe must also name each asset that it leaves behind. This is
/// not checked if the input replaces a response with another status and body, because the result can look
/// like a response of the service. The first line of the input is the content of a settings file for the fake
/// service. The rest describes modifications of the responses.
pub fn probe(bytes: &[u8]) {
    let (lines, _) = lines(bytes, 1);
    let spoils = bytes
        .splitn(2, |byte| *byte == b'\n')
        .nth(1)
        .unwrap_or_default()
        .to_vec();
    let settings = lines.first().map(|line| Settings::from_json(line));
    let settings = match settings {
        Some(Ok(settings)) => {
            let text = serde_json::to_string(&settings).unwrap();
            assert_eq!(Settings::from_json(&text).unwrap(), settings, "{text}");
            settings
        }
        _ => Settings::default(),
    };
    let fake = Fake::new(settings);
    let service = fake.clone();
    // Number of bytes of `spoils` that were read, and a flag that is true after a `Spoil::Replaced`.
    let replaced = Arc::new(Mutex::new((0, false)));
    let state = Arc::clone(&replaced);
    let transport = from_fn(move |request| {
        let fake = service.clone();
        let spoil = state.lock().map_or(Spoil::None, |mut state| {
            let mut rest = spoils.get(state.0..).unwrap_or_default();
            let spoil = Spoil::next(&mut rest);
            *state = (
                spoils.len() - rest.len(),
                state.1 || matches!(spoil, Spoil::Replaced(..)),
            );
            spoil
        });
        async move {
            let broken = |error: String| TransportError::new(TransportErrorKind::Interrupted, error);
            let response = fake
                .respond(request)
                .await
                .map_err(|error| broken(error.to_string()))?;
            Ok(match spoil {
                Spoil::None => response.map(ResponseBody::from),
                Spoil::Gateway(status) => plain(status, "default backend"),
                Spoil::Broken => return Err(broken("connection reset".to_owned())),
                Spoil::Truncated => response.map(|body| ResponseBody::from(body.slice(..body.len() / 2))),
                Spoil::Replaced(status, body) => plain(status, body),
            })
        }
    });
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let report = runtime.block_on(async {
        let client = Client::builder()
            .base_url(format!("https://fake.invalid{}", Fake::base_path()))
            .bearer_token(fake.access_token())
            .retry(RetryPolicy::none())
            .transport(transport)
            .build()
            .unwrap();
        let options = Options {
            accepts_inferred: true,
            pause: Duration::ZERO,
        };
        probe::run(&client, options, || false, |_, _, _| {})
            .await
            .unwrap()
    });
    report.settings().unwrap_or_else(|failure| panic!("{failure}"));
    assert!(!report.rows().is_empty());
    if replaced.lock().is_ok_and(|state| state.1) {
        return;
    }
    let named: Vec<&str> = report
        .left_behind()
        .map(|(remains, _)| remains.id.as_str())
        .collect();
    let after = fake.state();
    let segments = AssetGroup::all().iter().filter_map(|group| group.segment());
    for asset in segments.flat_map(|segment| after.assets(segment)) {
        let is_deleted = asset.status == funnelflux_fake::Status::Deleted;
        assert!(
            is_deleted || named.contains(&asset.id.as_str()),
            "{asset:?} is left behind"
        );
    }
}
