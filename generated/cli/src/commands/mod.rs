//! Commands, one per file. In each file, `command()` describes the command, and `run()` runs it.

mod api;
mod apply;
pub(crate) mod auth;
mod call;
mod compare;
mod completions;
pub(crate) mod export;
mod fake;
pub(crate) mod group;
mod id;
mod jobs;
mod man;
mod mcp;
pub(crate) mod plan;
mod probe;
mod undo;

use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use clap::{ArgMatches, Command};

/// Returns all commands with their options, for the parser of the command line.
pub(crate) fn all() -> Vec<Command> {
    let own = [
        export::command(),
        compare::command(),
        plan::command(),
        apply::command(),
        undo::command(),
        jobs::command(),
        call::command(),
        api::command(),
        id::command(),
        auth::command(),
        fake::command(),
        probe::command(),
        mcp::command(),
        completions::command(),
        man::command(),
    ];
    group::commands().chain(own).collect()
}

/// Runs the command that the arguments name.
pub(crate) async fn run(matches: &ArgMatches) -> CommandResult {
    let Some((name, own)) = matches.subcommand() else {
        return Err(unknown());
    };
    // These commands need no account.
    match name {
        "completions" => return completions::run(own),
        "man" => return man::run(own),
        "id" => return id::run(own),
        "fake" => return fake::run(own).await,
        _ => {}
    }
    let context = Context::new(own)?;
    let result = match name {
        "export" => export::run(own, &context).await,
        "compare" => compare::run(own, &context).await,
        "plan" => plan::run(own, &context).await,
        "apply" => apply::run(own, &context).await,
        "undo" => undo::run(own, &context).await,
        "jobs" => jobs::run(own, &context),
        "call" => call::run(own, &context).await,
        "api" => api::run(own, &context).await,
        "auth" => auth::run(own, &context).await,
        "probe" => probe::run(own, &context).await,
        "mcp" => return mcp::run(own, context).await,
        name => match group::named(name) {
            Some(group) => group::run(group, own, &context).await,
            None => Err(unknown()),
        },
    };
    result.map_err(|failure| context.authentication_fix(failure))
}

fn unknown() -> Failure {
    Failure::usage("the command is unknown").fix("see funnelflux --help")
}
