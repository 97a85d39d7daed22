//! `funnelflux call`: calls an operation of the API by its name. The parameters of the operation are options.

use super::api;
use crate::confirm::Expected;
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::input;
use crate::output::{View, row_arguments};
use clap::{Arg, ArgAction, ArgMatches, Command};
use funnelflux::operations::{GROUPS, Operation, Parameter, ParameterPlace, Repeat, RequestBody};

pub(crate) fn command() -> Command {
    Command::new("call")
        .about("Calls one operation of the API by its name")
        .after_help("Example: funnelflux --fake call list_offer_sources --status active --limit 3")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("OPERATION")
        .subcommand_help_heading("Operations")
        // Building 161 commands takes longer than starting the rest of the program, so they are built on
        // demand.
        .defer(|command| command.subcommands(operations().map(describe)))
}

/// Returns true if another operation has the same summary. In that case, the list of operations in the help
/// also shows the paths of these operations.
fn is_ambiguous(operation: &Operation) -> bool {
    operations().any(|other| other.summary == operation.summary && other.id != operation.id)
}

fn operations() -> impl Iterator<Item = &'static Operation> {
    GROUPS.iter().copied().flatten().copied()
}

fn describe(operation: &'static Operation) -> Command {
    let summary = match operation.summary {
        "" => format!("{} {}", operation.method, operation.path),
        summary => summary.trim_end_matches('.').to_owned(),
    };
    let about = if is_ambiguous(operation) {
        format!("{summary} ({})", operation.path)
    } else {
        summary.clone()
    };
    let evidence = if operation.requires_acknowledgement {
        "\nThe operation is inferred, not documented: it may fail, or do something else. It needs \
         --accept-inferred."
    } else {
        ""
    };
    let long_about = format!("{summary}: {} {}{evidence}", operation.method, operation.path);
    Command::new(operation.id)
        .about(about)
        .long_about(long_about)
        .defer(with_options)
}

/// Adds the options of an operation to its command. The name of the command is the ID of the operation.
fn with_options(command: Command) -> Command {
    let Some(operation) = operations().find(|operation| operation.id == command.get_name()) else {
        return command;
    };
    let command = command.args(operation.parameters.iter().map(|parameter| option(*parameter)));
    let command = command.args(row_arguments());
    match operation.request_body {
        RequestBody::None => command,
        _ => command.args(input::body_arguments()),
    }
}

/// Returns the command-line option for a parameter. The name of the parameter in the OpenAPI document is an
/// alias of the option, unless the program already has an option with this name.
fn option(parameter: Parameter) -> Arg {
    let mut long = kebab(parameter.name);
    if is_taken(&long) {
        long.insert_str(0, "parameter-");
    }
    let is_repeated = parameter.place == ParameterPlace::QueryRepeated;
    let argument = Arg::new(identifier(parameter.name))
        .help(match parameter.place {
            ParameterPlace::QueryList => "List, separated by commas",
            ParameterPlace::QueryRepeated => "Can be given several times",
            ParameterPlace::Path => "Part of the path",
            ParameterPlace::Header => "Header",
            _ => "Query parameter",
        })
        .required(parameter.required)
        .value_name("VALUE")
        .action(if is_repeated {
            ArgAction::Append
        } else {
            ArgAction::Set
        });
    if parameter.name == long || is_taken(parameter.name) {
        argument.long(long)
    } else {
        argument.alias(parameter.name).long(long)
    }
}

/// Returns the identifier of the argument for a parameter. No other argument has this identifier.
fn identifier(parameter: &str) -> String {
    format!("parameter:{parameter}")
}

/// Returns true if the program already has an option with this name.
fn is_taken(long: &str) -> bool {
    let own = row_arguments().into_iter().chain(input::body_arguments());
    let global = [
        "profile",
        "base-url",
        "rate",
        "jobs",
        "yes",
        "accept-inferred",
        "fake",
        "errors",
        "help",
    ];
    global.contains(&long) || own.into_iter().any(|argument| argument.get_long() == Some(long))
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    let mut previous_is_lower = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && previous_is_lower {
            kebab.push('-');
        }
        previous_is_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        match character {
            '_' | '.' | ' ' => kebab.push('-'),
            character => kebab.extend(character.to_lowercase()),
        }
    }
    kebab
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let unknown = || Failure::usage("the operation is unknown").fix("see funnelflux call --help");
    let (name, own) = matches.subcommand().ok_or_else(unknown)?;
    let operation = operations()
        .find(|operation| operation.id == name)
        .ok_or_else(unknown)?;
    let output = context.output(own, &View::default())?;
    if operation.requires_acknowledgement && !context.options.accept_inferred {
        let message = format!("nothing was sent: {name} destroys, and is inferred, not documented");
        return Err(
            Failure::usage(message).fix("try it on an asset that you can lose, with --accept-inferred")
        );
    }
    let has_body = operation.request_body != RequestBody::None;
    let body = if has_body { input::body(own)? } else { None };
    if operation.request_body == RequestBody::Required && body.is_none() {
        return Err(Failure::usage(format!("{name} needs a body"))
            .fix("pass it with --json FILE or --set PATH=VALUE"));
    }
    let client = context.client()?;
    if operation.repeat != Repeat::Read {
        let stdin_is_used = has_body && input::body_is_stdin(own);
        let question = format!("send {} {}", operation.method, operation.path);
        context.confirm(&question, Expected::Yes, stdin_is_used)?;
    }
    let mut request = client.operation(operation);
    if context.options.accept_inferred {
        request = request.acknowledge_inferred();
    }
    for parameter in operation.parameters {
        for value in own
            .get_many::<String>(&identifier(parameter.name))
            .into_iter()
            .flatten()
        {
            request = request.parameter(parameter.name, value);
        }
    }
    if let Some(body) = &body {
        request = request.body(body);
    }
    api::print(&request.bytes().await?, &output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parameters_become_options() {
        for (name, expected) in [
            ("status", "status"),
            ("idOfferSource", "id-offer-source"),
            ("id_x", "id-x"),
        ] {
            assert_eq!(kebab(name), expected);
        }
        assert!(is_taken("output") && is_taken("json") && !is_taken("status"));
    }
}
