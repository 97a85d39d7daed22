//! Context of a command: the options, the profile and the client.

use crate::arguments::GlobalOptions;
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, View};
use crate::profile::{Configuration, ProfileName, ProfileSettings};
use crate::tokens::TokenPlace;
use crate::{demo, text};
use clap::ArgMatches;
use funnelflux::{Client, ClientBuilder, RateLimit};
use secrecy::SecretString;
use serde_json::Value;
use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Largest response that is accepted: a list of more than a million assets.
const MAX_RESPONSE_BYTES: usize = 512 * 1024 * 1024;

/// Options, profile and settings of one run of the program.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) options: GlobalOptions,
    pub(crate) profile: ProfileName,
    pub(crate) settings: ProfileSettings,
}

impl Context {
    /// Reads options and configuration. Nothing is sent.
    pub(crate) fn new(matches: &ArgMatches) -> Result<Self, Failure> {
        let options = GlobalOptions::new(matches);
        if options.fake {
            // A broken configuration must not prevent an experiment.
            return Ok(Self {
                options,
                profile: ProfileName {
                    name: "fake".to_owned(),
                    is_explicit: true,
                },
                settings: ProfileSettings::default(),
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

    /// Base URL from the option, the environment or the profile, in this order; `None` for the vendor's
    /// service.
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
        Ok(self.client_builder()?.build()?)
    }

    /// Settings of the client.
    pub(crate) fn client_builder(&self) -> Result<ClientBuilder, Failure> {
        if self.options.fake {
            return Ok(self.configure(demo::client_builder()));
        }
        let mut builder = if self.uses_environment() {
            ClientBuilder::from_env()?
        } else {
            let place = self.settings.tokens;
            if place == TokenPlace::File && !self.profile.token_file()?.exists() {
                return Err(self.no_tokens());
            }
            Client::builder().token_store(place.store(&self.profile)?)
        };
        if let Some(base_url) = self.base_url() {
            builder = builder.base_url(base_url);
        }
        Ok(self.configure(builder))
    }

    /// Access token and refresh token in the token file of the profile; `None` without such a file.
    pub(crate) fn stored_tokens(&self) -> Option<[SecretString; 2]> {
        if self.options.fake || self.uses_environment() {
            return None;
        }
        let text = std::fs::read(self.profile.token_file().ok()?).ok()?;
        let tokens: Value = serde_json::from_slice(&text).ok()?;
        let token = |name: &str| Some(tokens.get(name)?.as_str()?.to_owned().into());
        Some([token("access_token")?, token("refresh_token")?])
    }

    fn configure(&self, builder: ClientBuilder) -> ClientBuilder {
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

    /// Concurrent requests of a job.
    pub(crate) fn jobs(&self) -> usize {
        usize::from(self.options.jobs.or(self.settings.jobs).unwrap_or(4))
    }

    /// Folder of the journals; `None` for the fake in memory, whose assets end with the command.
    pub(crate) fn journal_folder(&self) -> Result<Option<PathBuf>, Failure> {
        if self.options.fake {
            return Ok(None);
        }
        let folder = if self.uses_environment() {
            let environment = ProfileName {
                name: "environment".to_owned(),
                is_explicit: false,
            };
            environment.state_folder()?
        } else {
            self.profile.state_folder()?
        };
        Ok(Some(folder))
    }

    pub(crate) fn no_tokens(&self) -> Failure {
        let name = &self.profile.name;
        let message = format!("there is no access token for the profile {name:?}");
        Failure::new(Exit::Authentication, message).fix(format!(
            "run: funnelflux auth login{}. Without an account, add --fake",
            if self.profile.is_explicit {
                format!(" --profile {name}")
            } else {
                String::new()
            }
        ))
    }
}

/// Prints a remark to stderr.
pub(crate) fn note(message: &str) {
    // Nothing is left to do if stderr is closed.
    let _ = writeln!(io::stderr(), "note: {}", text::printable(message));
}

/// Returns true if a person can be asked: stdin and stderr are terminals.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
