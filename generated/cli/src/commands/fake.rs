//! `funnelflux fake`: serves the embedded fake of the service on a socket.

use crate::demo;
use crate::exit::{CommandResult, Exit, Failure, file_failure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use funnelflux_fake::{ClockSource, Fake, LogRetention, Settings};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub(crate) fn command() -> Command {
    Command::new("fake")
        .about("Runs a fake of the service with a thousand assets, until Ctrl-C")
        .after_help(
            "The first lines of the output set environment variables. Paste them in another terminal, then \
             run commands there without --fake.",
        )
        .args([
            Arg::new("address")
                .long("address")
                .value_name("ADDRESS")
                .default_value("127.0.0.1:8090")
                .value_parser(value_parser!(SocketAddr))
                .help("Address to listen on; port 0 selects a free port"),
            Arg::new("vary")
                .long("vary")
                .value_name("SEED")
                .value_parser(value_parser!(u64))
                .help(
                    "Vary the behaviour that the documentation leaves open; the same seed gives the same \
                     behaviour",
                ),
            Arg::new("settings")
                .long("settings")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("vary")
                .help("Use the settings in this file; funnelflux probe writes such files"),
            Arg::new("empty")
                .long("empty")
                .action(ArgAction::SetTrue)
                .help("Start without assets"),
            Arg::new("locked")
                .long("locked")
                .value_name("ID")
                .action(ArgAction::Append)
                .help("Lock the asset with this ID: bulk calls and saves cannot change it"),
        ])
}

pub(crate) async fn run(matches: &ArgMatches) -> CommandResult {
    let seed = matches.get_one::<u64>("vary").copied();
    let mut settings = match (matches.get_one::<PathBuf>("settings"), seed) {
        (Some(path), _) => read_settings(path)?,
        (None, Some(seed)) => Settings::vary(seed),
        (None, None) => Settings::default(),
    };
    settings.clock = ClockSource::Wall;
    // This command never reads the log of requests.
    settings.log = LogRetention::Last(0);
    let fake = Fake::new(settings);
    if !matches.get_flag("empty") {
        demo::seed(&fake);
    }
    for id in matches.get_many::<String>("locked").into_iter().flatten() {
        fake.lock(id);
    }
    let address = matches.get_one::<SocketAddr>("address").copied();
    let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = fake.serve(address).await.map_err(|error| {
        Failure::failed(format!("cannot listen on {address}: {error}"))
            .fix("choose another --address; port 0 selects a free port")
    })?;
    let mut lines = vec![
        format!("export FUNNELFLUX_BASE_URL={}", server.base_url()),
        format!("export FUNNELFLUX_ACCESS_TOKEN={}", fake.access_token()),
    ];
    let refresh = fake.refresh_token();
    lines.extend(refresh.map(|token| format!("export FUNNELFLUX_REFRESH_TOKEN={token}")));
    lines.push("# The fake runs until Ctrl-C.\n".to_owned());
    let mut stdout = io::stdout();
    let printed = stdout
        .write_all(lines.join("\n").as_bytes())
        .and_then(|()| stdout.flush());
    printed.map_err(|error| Failure::failed(format!("cannot write to stdout: {error}")))?;
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| Failure::failed(format!("cannot wait for Ctrl-C: {error}")))?;
    server.shutdown().await;
    Ok(Exit::Done)
}

fn read_settings(path: &Path) -> Result<Settings, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| file_failure("read", path, &error))?;
    Settings::from_json(&text).map_err(|error| {
        let error = error.to_string();
        let (message, fix) = error
            .split_once("\nfix: ")
            .unwrap_or((&error, "see funnelflux probe --help"));
        Failure::usage(format!("{}: {message}", path.display())).fix(fix)
    })
}
