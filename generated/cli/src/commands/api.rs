//! `funnelflux api`: sends a request to any path.

use crate::confirm::Expected;
use crate::context::Context;
use crate::exit::{CommandResult, Exit, Failure};
use crate::input;
use crate::output::{Output, View, row_arguments, write_out};
use crate::text::one_line;
use clap::{Arg, ArgAction, ArgMatches, Command};
use funnelflux::bytes::Bytes;
use funnelflux::http::Method;
use funnelflux::json;
use std::io::Write as _;

pub(crate) fn command() -> Command {
    Command::new("api")
        .about("Sends a request to any path, with the same account, retries and errors as all other commands")
        .after_help("Example: funnelflux --fake api GET /offersource/list/ --query status=active --limit 3")
        .args([
            Arg::new("method")
                .required(true)
                .value_name("METHOD")
                .help("GET, HEAD, POST, PUT, PATCH or DELETE"),
            Arg::new("path")
                .required(true)
                .value_name("PATH")
                .help("Path after the base URL, including the slashes at its beginning and end"),
            Arg::new("query")
                .long("query")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .help("Query parameter"),
        ])
        .args(input::body_arguments())
        .args(row_arguments())
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let output = context.output(matches, &View::default())?;
    let method = matches
        .get_one::<String>("method")
        .map(|method| method.to_uppercase());
    let method = method.unwrap_or_default();
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let parsed = known
        .into_iter()
        .find(|known| known.as_str() == method)
        .ok_or_else(|| {
            Failure::usage(format!("{method:?} is not a method of the API"))
                .fix("use GET, HEAD, POST, PUT, PATCH or DELETE")
        })?;
    let path = matches.get_one::<String>("path").cloned().unwrap_or_default();
    let body = input::body(matches)?;
    let mut pairs = Vec::new();
    for pair in matches.get_many::<String>("query").into_iter().flatten() {
        pairs.push(pair.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--query {pair:?} has no =")).fix("write --query NAME=VALUE")
        })?);
    }
    let client = context.client()?;
    if !matches!(parsed, Method::GET | Method::HEAD) {
        let stdin_is_used = input::body_is_stdin(matches);
        context.confirm(&format!("send {method} {path}"), Expected::Yes, stdin_is_used)?;
    }
    let mut request = client.request(parsed, path);
    for (name, value) in pairs {
        request = request.query(name, value);
    }
    if let Some(body) = &body {
        request = request.body(body);
    }
    print(&request.bytes().await?, &output)
}

/// Prints a response. JSON is printed in the chosen output format; any other content is printed unchanged.
pub(super) fn print(body: &Bytes, output: &Output) -> CommandResult {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Exit::Done);
    }
    match std::str::from_utf8(body).map(json::show) {
        Ok(Ok(value)) => output.print_value(value, &View::default())?,
        // No operation of the API answers with an HTML page.
        Ok(Err(_)) if body.trim_ascii_start().starts_with(b"<") => {
            let page = String::from_utf8_lossy(body.get(..100).unwrap_or(body)).into_owned();
            return Err(Failure::failed(format!(
                "the response is not JSON, but {:?}; a proxy may have answered instead of the service",
                one_line(&page)
            ))
            .fix("check the base URL and the proxy; after a change, read the assets before you repeat it"));
        }
        _ => write_out(|out| out.write_all(body))?,
    }
    Ok(Exit::Done)
}
