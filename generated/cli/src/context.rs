//! Context of a command: the options, the profile and the client.

use crate::arguments::GlobalOptions;
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, View};
use crate::profile::{Configuration, ENVIRONMENT, FAKE, ProfileName, ProfileSettings};
use crate::tokens::TokenPlace;
use crate::{demo, text};
use clap::ArgMatches;
use funnelflux::{Client, ClientBuilder, Credentials, RateLimit};
use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Maximum size of a response, in bytes. A list of more than a million assets fits into it.
const MAX_RESPONSE_BYTES: usize = 512 * 1024 * 1024;

/// Options, profile and settings of one run of the program.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) options: GlobalOptions,
    pub(crate) profile: ProfileName,
    pub(crate) settings: ProfileSettings,
    /// True if the clients of this context refuse every call that could change something.
    read_only: bool,
}

impl Context {
    /// Reads options and configuration. Nothing is sent.
    pub(crate) fn new(matches: &ArgMatches) -> Result<Self, Failure> {
        let options = GlobalOptions::new(matches);
        if options.fake {
            // The configuration is not read, because a broken configuration must not prevent a trial with the
            // fake.
            return Ok(Self {
                options,
                profile: ProfileName {
                    name: FAKE.to_owned(),
                    is_explicit: true,
                },
                settings: ProfileSettings::default(),
                read_only: false,
            });
        }
        let configuration = Configuration::read()?;
        let profile = ProfileName::choose(options.profile.as_deref(), &configuration)?;
        let settings = configuration
            .profiles
            .get(&profile.name)
            .cloned()
            .unwrap_or_default();
        Ok(Self {
            options,
            profile,
            settings,
            read_only: false,
        })
    }

    /// Returns the validated output settings of a command.
    pub(crate) fn output(&self, matches: &ArgMatches, view: &View) -> Result<Output, Failure> {
        let default = match &self.settings.output {
            None => None,
            Some(name) => Some(Format::named(name).ok_or_else(|| {
                Failure::usage(format!("output = {name:?} in the profile is not a format"))
                    .fix("write table, json, ndjson, csv or yaml")
            })?),
        };
        let output = Output::new(matches, default);
        output.check(view)?;
        Ok(output)
    }

    /// Returns true if environment variables, not the profile, determine the account.
    pub(crate) fn uses_environment(&self) -> bool {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        !self.profile.is_explicit && (is_set("FUNNELFLUX_ACCESS_TOKEN") || is_set("FUNNELFLUX_TOKEN_FILE"))
    }

    /// Returns the base URL from the option, the environment or the profile, in this order of precedence.
    /// With `--profile`, the environment is ignored. Returns `None` if no source contains a base URL; the
    /// client then uses the vendor's service.
    pub(crate) fn base_url(&self) -> Option<String> {
        let environment = || {
            let url = env::var("FUNNELFLUX_BASE_URL").ok().filter(|url| !url.is_empty());
            url.filter(|_| !self.profile.is_explicit)
        };
        let option = self.options.base_url.clone();
        option
            .or_else(environment)
            .or_else(|| self.settings.base_url.clone())
    }

    /// Builds the client. Nothing is sent.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        if self.options.fake {
            return Ok(self.configure(demo::client_builder()).build()?);
        }
        let (mut builder, base_url) = if self.uses_environment() {
            // The base URL of the profile is not used, because it belongs to the tokens of the profile.
            (ClientBuilder::from_env()?, self.options.base_url.clone())
        } else {
            let place = self.settings.tokens;
            if place == TokenPlace::File && !self.profile.token_file()?.exists() {
                return Err(self.no_tokens());
            }
            let builder = Client::builder().token_store(place.store(&self.profile)?);
            (builder, self.base_url())
        };
        if let Some(base_url) = base_url {
            builder = builder.base_url(base_url);
        }
        Ok(self.configure(builder).build()?)
    }

    /// Returns the tokens that are currently stored for the profile. Returns `None` if the profile has no
    /// tokens, or if the account comes from the environment or from `--fake`.
    ///
    /// # Errors
    /// Returns an error if the tokens cannot be read.
    pub(crate) async fn stored_tokens(&self) -> Result<Option<Credentials>, Failure> {
        if self.options.fake || self.uses_environment() {
            return Ok(None);
        }
        let loaded = self.settings.tokens.store(&self.profile)?.load().await;
        loaded.map_err(|error| Failure::failed(error.to_string()))
    }

    /// Makes the clients of this context read-only: they refuse every call that could change something.
    #[cfg(feature = "mcp")]
    pub(crate) fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    fn configure(&self, builder: ClientBuilder) -> ClientBuilder {
        let builder = if self.read_only {
            builder.read_only()
        } else {
            builder
        };
        let builder = builder
            .user_agent(concat!("funnelflux-cli/", env!("CARGO_PKG_VERSION")))
            .max_response_bytes(MAX_RESPONSE_BYTES);
        match self.rate() {
            Some(rate) => builder.rate_limit(RateLimit::per_second(rate)),
            None => builder,
        }
    }

    fn rate(&self) -> Option<NonZeroU32> {
        self.options.rate.or(self.settings.rate)
    }

    /// Returns the maximum number of concurrent requests of a job.
    pub(crate) fn jobs(&self) -> usize {
        usize::from(self.options.jobs.or(self.settings.jobs).unwrap_or(4))
    }

    /// Returns the folder of the journals. Returns `None` for the fake in memory, because its assets do not
    /// outlive the command.
    pub(crate) fn journal_folder(&self) -> Result<Option<PathBuf>, Failure> {
        if self.options.fake {
            return Ok(None);
        }
        let folder = if self.uses_environment() {
            let environment = ProfileName {
                name: ENVIRONMENT.to_owned(),
                is_explicit: false,
            };
            environment.state_folder()?
        } else {
            self.profile.state_folder()?
        };
        Ok(Some(folder))
    }

    /// Returns a shell-quoted command that runs this program with `words` on the same account.
    pub(crate) fn command_line(&self, words: &[&str]) -> String {
        let options = &self.options;
        let mut line = vec!["funnelflux"];
        line.extend(words);
        if options.fake {
            line.push("--fake");
        } else if self.profile.is_explicit {
            line.extend(["--profile", &self.profile.name]);
        }
        if let Some(base_url) = &options.base_url {
            line.extend(["--base-url", base_url]);
        }
        if options.accept_inferred {
            line.push("--accept-inferred");
        }
        let quoted = line.into_iter().map(|word| {
            // Quoting fails only for a word with a null character, which cannot be an argument.
            shlex::try_quote(word).unwrap_or(word.into())
        });
        quoted.collect::<Vec<_>>().join(" ")
    }

    /// Checks that a journal or plan is not in the state folder of another profile.
    ///
    /// # Errors
    /// Returns an error if the file is in the state folder of another profile.
    pub(crate) fn check_owner(&self, path: &Path) -> Result<(), Failure> {
        let Some(own) = self.journal_folder()? else {
            return Ok(());
        };
        // For a file that does not exist yet, the folder is checked. If the folder does not exist either, the
        // command that uses the path reports the error.
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let found = path
            .canonicalize()
            .or_else(|_| folder.unwrap_or(Path::new(".")).canonicalize());
        let state = own.parent().map(Path::canonicalize);
        let (Ok(found), Some(Ok(state))) = (found, state) else {
            return Ok(());
        };
        let mut below = found.strip_prefix(state).into_iter().flat_map(Path::iter);
        let (Some(owner), Some(own)) = (below.next(), own.file_name()) else {
            return Ok(());
        };
        if owner == own {
            return Ok(());
        }
        let (owner, own) = (owner.to_string_lossy(), own.to_string_lossy());
        let message = format!(
            "{} belongs to the profile {owner:?}, and this command uses {own:?}",
            path.display()
        );
        Err(Failure::usage(message).fix(if owner == ENVIRONMENT {
            "leave out --profile, so that the environment names the account".to_owned()
        } else {
            format!("add --profile {owner}, or name another file")
        }))
    }

    pub(crate) fn no_tokens(&self) -> Failure {
        let message = format!("there is no access token for the profile {:?}", self.profile.name);
        Failure::new(Exit::Authentication, message).fix(format!(
            "run: {}. Without an account, add --fake",
            self.command_line(&["auth", "login"])
        ))
    }

    /// Adds a fix to a failure of authentication, unless the failure already has one. The fix names the
    /// profile, so that the login does not replace the tokens of another profile.
    pub(crate) fn authentication_fix(&self, failure: Failure) -> Failure {
        if failure.exit != Exit::Authentication {
            failure
        } else if self.uses_environment() {
            failure.or_fix("renew the token in the environment, or choose a profile with --profile")
        } else {
            let login = self.command_line(&["auth", "login"]);
            failure.or_fix(&format!("log in again: {login}"))
        }
    }
}

/// Prints a remark to stderr.
pub(crate) fn note(message: &str) {
    // If stderr is closed, the error is ignored.
    let _ = writeln!(io::stderr(), "note: {}", text::printable(message));
}

/// Returns true if the program can ask the user a question, that is, if stdin and stderr are terminals.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
