//! `funnelflux auth`: stores, shows and removes the tokens of accounts.

use crate::context::{Context, is_interactive, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::output::{View, row_arguments};
use crate::path::JsonPath;
use crate::profile::Configuration;
use crate::text::{duration, timestamp};
use crate::tokens;
use clap::{Arg, ArgAction, ArgMatches, Command};
use console::Term;
use funnelflux::auth::{MemoryTokenStore, TokenStore as _};
use funnelflux::operations::{GROUPS, Operation, Repeat};
use funnelflux::{Client, Credentials};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::time::SystemTime;

/// Maximum number of bytes of the input that contains the two tokens.
const MAX_INPUT: u64 = 64 * 1024;

pub(crate) fn command() -> Command {
    let login = Command::new("login")
        .about("Stores the tokens of an account in a profile")
        .long_about(
            "Stores the tokens of an account in a profile. Create the tokens in FunnelFlux under settings \
             → API access. The program asks for them on a terminal; elsewhere it reads two lines from \
             stdin: the access token, and the refresh token if there is one. A token cannot be an argument, \
             because other users of the machine can see arguments. The tokens are kept in the keyring of the \
             operating system, if there is one and if the program was built with the feature keyring. \
             Otherwise, they are kept in a file that only its owner can read.",
        )
        .args([
            // Without this hidden argument, the error about an unexpected argument would print a token that a
            // user passes by mistake.
            Arg::new("argument").hide(true).action(ArgAction::Append),
            Arg::new("no-check")
                .long("no-check")
                .action(ArgAction::SetTrue)
                .help("Store the tokens without calling the service"),
            Arg::new("file")
                .long("file")
                .action(ArgAction::SetTrue)
                .help("Keep the tokens in a file even if there is a keyring; for example, for a cron job"),
            Arg::new("default")
                .long("default")
                .action(ArgAction::SetTrue)
                .help("Use this profile when no profile is chosen"),
        ]);
    let status = Command::new("status")
        .about("Prints the account in use, and the expiry of its token")
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Check the token with a call to the service"),
        )
        .args(row_arguments());
    let list = Command::new("list")
        .about("Lists the profiles")
        .args(row_arguments());
    let logout = Command::new("logout").about("Removes the tokens of a profile from this machine");
    Command::new("auth")
        .about("Stores, shows and removes the tokens of accounts")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([login, status, list, logout])
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    match matches.subcommand() {
        Some(("login", own)) => login(own, context).await,
        Some(("status", own)) => status(own, context).await,
        Some(("list", own)) => list(own, context),
        Some(("logout", _)) => logout(context).await,
        _ => Ok(Exit::Usage),
    }
}

async fn login(matches: &ArgMatches, context: &Context) -> CommandResult {
    if context.options.fake {
        return Err(Failure::usage("the fake in memory needs no login")
            .fix("leave out --fake, or leave out auth login"));
    }
    if matches.contains_id("argument") {
        return Err(
            Failure::usage("a token cannot be an argument, which other users and the history see")
                .fix("revoke that token, create another one, and pass it on the terminal or on stdin"),
        );
    }
    let (access, refresh) = if is_interactive() {
        prompt()?
    } else {
        read_stdin()?
    };
    let base_url = context.base_url();
    let mut builder = Client::builder();
    if let Some(base_url) = &base_url {
        builder = builder.base_url(base_url);
    }
    let mut credentials = Credentials::new(access);
    if let Some(refresh) = refresh {
        credentials = credentials.with_refresh_token(refresh);
    }
    // If the check renews the tokens, this store receives the new ones.
    let store = Arc::new(MemoryTokenStore::new());
    let builder = builder.credentials(credentials.clone());
    let client = builder.token_store(Arc::clone(&store)).build()?;
    if !context.profile.is_explicit {
        require_same_account(context, &credentials, client.base_url()).await?;
    }
    if !matches.get_flag("no-check")
        && let Err(failure) = check(&client).await
    {
        if base_url.is_some() {
            note(&format!("the tokens were checked by {}", client.base_url()));
        }
        return Err(failure);
    }
    let renewed = store.load().await;
    let renewed = renewed.map_err(|error| Failure::failed(error.to_string()))?;
    let bound = renewed.unwrap_or(credentials).with_base_url(client.base_url());
    let place = tokens::save(&context.profile, &bound, !matches.get_flag("file")).await?;
    let mut configuration = Configuration::read()?;
    let name = &context.profile.name;
    let settings = configuration.profiles.entry(name.clone()).or_default();
    settings.base_url = base_url;
    let earlier = std::mem::replace(&mut settings.tokens, place);
    if matches.get_flag("default") || configuration.default_profile.is_none() {
        configuration.default_profile = Some(name.clone());
    }
    configuration.write()?;
    if context.uses_environment() {
        note("the environment names an account, which is used unless you add --profile");
    }
    if earlier != place
        && let Err(failure) = earlier.remove(&context.profile).await
    {
        note(&format!(
            "the earlier tokens of the profile could not be removed: {failure}"
        ));
    }
    let account = bound.account();
    let whose = account.map_or_else(String::new, |account| format!(" of {account}"));
    note(&format!(
        "the tokens{whose} for {} are in {}, which only you can read",
        client.base_url(),
        place.store(&context.profile)?.description()
    ));
    Ok(Exit::Done)
}

/// Returns an error if the profile contains tokens of another account or service, because the login would
/// replace these tokens. The caller skips this check if the command line names the profile.
async fn require_same_account(
    context: &Context,
    credentials: &Credentials,
    base_url: &str,
) -> Result<(), Failure> {
    // Tokens that cannot be read are replaced without this check.
    let Ok(Some(earlier)) = context.settings.tokens.store(&context.profile)?.load().await else {
        return Ok(());
    };
    let name = &context.profile.name;
    let other = if earlier.base_url().is_some_and(|earlier| earlier != base_url) {
        "service"
    } else if let (Some(earlier), Some(new)) = (earlier.account(), credentials.account())
        && earlier != new
    {
        "account"
    } else {
        return Ok(());
    };
    let message = format!("the profile {name:?} has the tokens of another {other}");
    Err(Failure::usage(message).fix(format!(
        "add --profile with a new name, or --profile {name} to replace them"
    )))
}

/// Reads both tokens from the terminal, without showing them.
fn prompt() -> Result<(SecretString, Option<SecretString>), Failure> {
    let terminal = Term::stderr();
    let ask = |question: &str| {
        let failed = |error: io::Error| Failure::failed(format!("cannot read from the terminal: {error}"));
        terminal.write_str(question).map_err(failed)?;
        terminal.read_secure_line().map_err(failed)
    };
    let access = token(&ask("Access token: ")?)?.ok_or_else(no_token)?;
    let refresh = token(&ask("Refresh token (empty: none): ")?)?;
    Ok((access, refresh))
}

/// Reads both tokens from stdin, one line each.
fn read_stdin() -> Result<(SecretString, Option<SecretString>), Failure> {
    if io::stdin().is_terminal() {
        return Err(
            Failure::usage("stderr is not a terminal, so the tokens cannot be asked for")
                .fix("run the command without redirecting stderr, or pass the tokens on stdin"),
        );
    }
    let mut text = String::new();
    let read = io::stdin().take(MAX_INPUT).read_to_string(&mut text);
    let length = read.map_err(|error| {
        Failure::failed(format!("cannot read stdin: {error}"))
            .fix("pass the access token and the refresh token as two lines")
    })?;
    let text = SecretString::from(text);
    if length as u64 == MAX_INPUT {
        return Err(Failure::usage("stdin contains more than two tokens").fix("pass two lines"));
    }
    let mut lines = text.expose_secret().lines();
    let access = token(lines.next().unwrap_or_default())?.ok_or_else(no_token)?;
    let refresh = token(lines.next().unwrap_or_default())?;
    Ok((access, refresh))
}

fn token(text: &str) -> Result<Option<SecretString>, Failure> {
    let text = text.trim();
    if text
        .chars()
        .any(|character| character.is_whitespace() || character.is_control())
    {
        return Err(Failure::usage("the token contains spaces or control characters")
            .fix("copy it again, as one line"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()).map(SecretString::from))
}

fn no_token() -> Failure {
    Failure::usage("there is no access token").fix(
        "create one in FunnelFlux under settings → API access; the first line of stdin is the access token",
    )
}

/// Calls the first operation that only reads. Skips operations that require parameters other than `status`.
async fn check(client: &Client) -> Result<(), Failure> {
    let operations = || GROUPS.iter().copied().flatten().copied();
    let is_plain = |operation: &&'static Operation| {
        let is_known = |name: &str| name == "status";
        operation.repeat == Repeat::Read
            && operation
                .parameters
                .iter()
                .all(|parameter| !parameter.required || is_known(parameter.name))
    };
    let Some(operation) = operations().find(is_plain) else {
        return Ok(());
    };
    let mut request = client.operation(operation);
    for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
        request = request.parameter(parameter.name, "active");
    }
    request.bytes().await?;
    Ok(())
}

async fn status(matches: &ArgMatches, context: &Context) -> CommandResult {
    let output = context.output(matches, &View::default())?;
    let client = context.client()?;
    if matches.get_flag("check") {
        check(&client).await?;
    }
    let mut row = account(context, &client).await?;
    row.insert("checked".to_owned(), json!(matches.get_flag("check")));
    output.print_value(Value::Object(row), &View::default())?;
    Ok(Exit::Done)
}

/// Returns properties of the account in use, such as its base URL and the expiry of its token.
pub(crate) async fn account(context: &Context, client: &Client) -> Result<Map<String, Value>, Failure> {
    let account = client.account().await?;
    let source = client.credential_source().await?;
    let stored = context.stored_tokens().await?;
    let expires = stored.as_ref().and_then(Credentials::expires_at);
    let left = expires.map(|expires| expires.duration_since(SystemTime::now()));
    let renews = stored.as_ref().map(|stored| stored.refresh_token().is_some());
    let profile = if context.uses_environment() {
        None
    } else {
        Some(&context.profile.name)
    };
    let row = [
        ("profile", json!(profile)),
        ("base_url", json!(client.base_url())),
        ("account", json!(account.map(|account| account.to_string()))),
        ("tokens", json!(source.map(|source| source.to_string()))),
        ("valid_until", json!(expires.map(timestamp))),
        (
            "valid_for",
            json!(left.map(|left| left.map_or_else(|_| "expired".to_owned(), duration))),
        ),
        ("renews_by_itself", json!(renews)),
    ];
    Ok(row
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect())
}

fn list(matches: &ArgMatches, context: &Context) -> CommandResult {
    let column = |name| (name, JsonPath::of_pointer(name));
    let view = View {
        id: None,
        columns: ["profile", "base_url", "tokens", "default"].map(column).into(),
    };
    let output = context.output(matches, &view)?;
    let configuration = Configuration::read()?;
    let rows = configuration.profiles.iter().map(|(name, settings)| {
        json!({
            "profile": name,
            "base_url": settings.base_url,
            "tokens": settings.tokens.name(),
            "default": configuration.default_profile.as_ref() == Some(name),
        })
    });
    output.print_rows(rows.collect(), &view)?;
    Ok(Exit::Done)
}

async fn logout(context: &Context) -> CommandResult {
    let name = &context.profile.name;
    if !context.settings.tokens.remove(&context.profile).await? {
        return Err(
            Failure::failed(format!("the profile {name:?} has no tokens")).fix("see funnelflux auth list")
        );
    }
    let mut configuration = Configuration::read()?;
    configuration.profiles.remove(name);
    if configuration.default_profile.as_ref() == Some(name) {
        configuration.default_profile = None;
    }
    configuration.write()?;
    note(&format!(
        "the tokens of {name:?} are removed from this machine; the service still accepts the access token \
         until it expires"
    ));
    Ok(Exit::Done)
}
