//! The command line: the root command and the options that all commands share.

use crate::commands;
use crate::exit::{EXIT_CODES, Failure};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::num::NonZeroU32;

/// Heading of the shared options in help texts.
const HEADING: &str = "Global options";

/// Options that all commands share.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option without a value, or with two"
)]
pub(crate) struct GlobalOptions {
    /// Name of the profile, from `--profile`.
    pub(crate) profile: Option<String>,
    /// Base URL of the service, from `--base-url`.
    pub(crate) base_url: Option<String>,
    /// Maximum number of requests per second, from `--rate`.
    pub(crate) rate: Option<NonZeroU32>,
    /// Maximum number of concurrent requests of a job, from `--jobs`.
    pub(crate) jobs: Option<u8>,
    /// True if every question is answered with yes.
    pub(crate) yes: bool,
    /// True if the program may send destructive operations that are inferred, not documented.
    pub(crate) accept_inferred: bool,
    /// True if the command runs on a fake service in memory.
    pub(crate) fake: bool,
    /// True if errors are printed as JSON.
    pub(crate) errors_as_json: bool,
}

impl GlobalOptions {
    pub(crate) fn new(matches: &ArgMatches) -> Self {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        Self {
            profile: text("profile"),
            base_url: text("base-url"),
            rate: matches.get_one::<u32>("rate").copied().and_then(NonZeroU32::new),
            jobs: matches.get_one::<u8>("jobs").copied(),
            yes: matches.get_flag("yes"),
            accept_inferred: matches.get_flag("accept-inferred"),
            fake: matches.get_flag("fake"),
            errors_as_json: text("errors").as_deref() == Some("json"),
        }
    }
}

/// Returns the root command with all commands.
pub(crate) fn command() -> Command {
    Command::new("funnelflux")
        // The usage shows this name, and not the name of the executable file, which differs between systems.
        .bin_name("funnelflux")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Manages the assets of a FunnelFlux Pro account")
        .long_about(
            "Manages the assets of a FunnelFlux Pro account: lists, finds, changes, archives and copies \
             them. Every change can be planned first, and a long job can be resumed. Without an account, \
             --fake runs any command on a fake service in memory. For commands marked (inferred), the \
             vendor documents only the titles and methods of the operations.",
        )
        .after_help("Try it without an account: funnelflux --fake offer-sources list --limit 5")
        .after_long_help(format!(
            "{EXIT_CODES}\n\nTry it without an account:\n  funnelflux --fake offer-sources list --limit 5"
        ))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .infer_long_args(false)
        .max_term_width(110)
        .args(global_arguments())
        .subcommands(commands::all())
}

fn global_arguments() -> Vec<Arg> {
    let arguments = [
        Arg::new("profile")
            .long("profile")
            .value_name("NAME")
            .help("Use the profile with this name, and ignore tokens in the environment"),
        Arg::new("base-url")
            .long("base-url")
            .value_name("URL")
            .help("Base URL of the service"),
        Arg::new("rate")
            .long("rate")
            .value_name("NUMBER")
            .value_parser(value_parser!(u32).range(1..))
            .help("Send at most this number of requests per second"),
        Arg::new("jobs")
            .long("jobs")
            .value_name("NUMBER")
            .value_parser(value_parser!(u8).range(1..=64))
            .help("Send at most this number of requests at the same time; default: 4"),
        Arg::new("yes")
            .long("yes")
            .short('y')
            .action(ArgAction::SetTrue)
            .help("Answer every question with yes, for scripts"),
        Arg::new("accept-inferred")
            .long("accept-inferred")
            .action(ArgAction::SetTrue)
            .help("Allow destructive operations that are inferred, not documented"),
        Arg::new("fake").long("fake").action(ArgAction::SetTrue).help(
            "Run the command on a fake service with a thousand assets; the service stops when the command \
             ends",
        ),
        Arg::new("errors")
            .long("errors")
            .value_name("FORMAT")
            .value_parser(PossibleValuesParser::new(["text", "json"]))
            .hide_possible_values(true)
            .hide_default_value(true)
            .default_value("text")
            .help("Format of an error on stderr: text or json"),
    ];
    let global = |argument: Arg| argument.global(true).help_heading(HEADING);
    arguments.map(global).into()
}

/// Returns true if errors are to be printed as JSON. The function reads the raw arguments, because an invalid
/// command line has no parsed arguments.
pub(crate) fn errors_as_json(arguments: &[std::ffi::OsString]) -> bool {
    let mut previous_is_option = false;
    arguments.iter().any(|argument| {
        let found = argument == "--errors=json" || (previous_is_option && argument == "json");
        previous_is_option = argument == "--errors";
        found
    })
}

/// Converts a clap error, that is, an invalid command line, into a failure.
pub(crate) fn usage_failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let message = first.trim_start_matches("error: ").to_owned();
    Failure::usage(message).fix("see funnelflux --help, or --help of the command")
}
