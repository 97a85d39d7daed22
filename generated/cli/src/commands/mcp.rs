//! `funnelflux mcp`: serves tools for AI assistants over the Model Context Protocol.

use crate::context::Context;
use crate::exit::CommandResult;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;

pub(crate) fn command() -> Command {
    Command::new("mcp")
        .about("Lets an AI assistant read the account and write plans, but change nothing in the account")
        .long_about(
            "Runs a server of the Model Context Protocol for an assistant, over stdin and stdout. The \
             assistant can list, find and compare assets, and find out where they are used. With --plans, it \
             can also export snapshots and write plans. It cannot change the account: no request that could \
             change something is sent. A person reviews a plan and applies it with funnelflux apply.",
        )
        .after_help(
            "Example of an assistant's configuration:\n  {\"mcpServers\": {\"funnelflux\": {\n    \
             \"command\": \"funnelflux\", \"args\": [\"mcp\", \"--plans\", \"/home/me/plans\"]\n  }}}",
        )
        .arg(
            Arg::new("plans")
                .long("plans")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help(
                    "The only folder in which the assistant can write plans and snapshots; without this \
                     option, the assistant cannot write any",
                ),
        )
}

#[cfg(feature = "mcp")]
pub(crate) async fn run(matches: &ArgMatches, context: Context) -> CommandResult {
    let folder = matches.get_one::<PathBuf>("plans");
    crate::mcp::serve(context, folder.map(PathBuf::as_path)).await
}

#[cfg(not(feature = "mcp"))]
#[expect(clippy::unused_async, reason = "same signature as with the feature")]
pub(crate) async fn run(_: &ArgMatches, _: Context) -> CommandResult {
    Err(without_feature())
}

/// Creates the failure that `funnelflux mcp` reports if the program was built without the feature `mcp`.
#[cfg(any(not(feature = "mcp"), test))]
fn without_feature() -> crate::exit::Failure {
    crate::exit::Failure::usage("this program was built without the server for assistants")
        .fix("install it with: cargo install --path generated/cli --features mcp")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_program_without_the_feature_says_how_to_get_it() {
        assert_eq!(
            super::without_feature().to_string(),
            "error: this program was built without the server for assistants\n\
             fix: install it with: cargo install --path generated/cli --features mcp"
        );
    }
}
