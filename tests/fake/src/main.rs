//! `funnelflux-fake`: the fake as a program, for trying a client without an account.
//!
//! The options are those settings of the library that a person at a terminal may want; tests use the library, which has all of them.

use std::{fmt::Display, net::SocketAddr, str::FromStr};

use clap::{Parser, ValueEnum};
use funnelflux_fake::{
    ClockSource, EntryPolicy, ErrorShape, Fake, Limit, LogRetention, Settings, TrailingSlash,
};

/// A FunnelFlux Pro in memory that answers real HTTP requests until Ctrl-C.
///
/// It starts with some offer sources, their offer pages and categories, and prints its base URL and tokens. It serves every operation of the OpenAPI document
/// that it was built with, and POST /auth/validate, which renews tokens. Requests that violate the document are answered with 400 and a list of what is
/// wrong. Everything is lost when it ends.
#[derive(Debug, Parser)]
#[command(name = "funnelflux-fake", version, after_long_help = MORE)]
struct Options {
    /// Where to listen; port 0 takes a free one, which is printed.
    #[arg(long, default_value = "127.0.0.1:8090")]
    address: SocketAddr,
    /// The access token that requests must carry, for 72 hours from the start; then it must be renewed.
    #[arg(long, default_value = "fake-access-token")]
    token: String,
    /// The refresh token, for POST /auth/validate.
    #[arg(long, default_value = "fake-refresh-token")]
    refresh_token: String,
    /// Ask for no token.
    #[arg(long)]
    no_auth: bool,
    /// How many offer sources there are at the start.
    #[arg(long, default_value_t = 10)]
    assets: usize,
    /// How many child offer pages each of them has.
    #[arg(long, default_value_t = 2)]
    pages: usize,
    /// How many categories there are at the start (category-1, …).
    #[arg(long, default_value_t = 2)]
    categories: usize,
    /// An ID that bulk calls and saves reject; may be given more than once.
    #[arg(long = "locked", value_name = "ID")]
    locked: Vec<String>,
    /// Draw what the documentation leaves open at random, by this seed; see below.
    #[arg(long, value_name = "SEED")]
    vary: Option<u64>,
    /// What an ID that does not exist does to a bulk call: a policy, see below; by default ignore.
    #[arg(long, value_name = "POLICY")]
    unknown_entry: Option<Entries>,
    /// What an asset that is so already (archived, for an archive) does to a bulk call; by default ignore.
    #[arg(long, value_name = "POLICY")]
    already_entry: Option<Entries>,
    /// What a locked asset does to a bulk call; by default refuse-all:403.
    #[arg(long, value_name = "POLICY")]
    locked_entry: Option<Entries>,
    /// What a path without its trailing slash does: 404, the same, or 301; by default required.
    #[arg(long)]
    trailing_slash: Option<Slash>,
    /// The form of error bodies; by default json.
    #[arg(long)]
    errors: Option<Shape>,
    /// For how many reads after a change the lists still show what was before it; by default none.
    #[arg(long)]
    stale_reads: Option<u32>,
    /// How many IDs one call may carry; more is answered with 413. By default any number.
    #[arg(long)]
    max_entries: Option<usize>,
}

const MORE: &str = "\
Policies on bad entries of a bulk call (archive, unarchive, delete, move-category):
  ignore              the bad ones are passed over, the answer is success
  refuse-all:STATUS   nothing is applied, the answer is an error
  apply-good:STATUS   the good ones are applied, the answer is an error
  stop-at-bad:STATUS  those before the first bad one are applied, the answer is an error
STATUS is 400 to 499; without it, 400.

What the documentation leaves open has the plainest reading as its default. --vary draws it instead, but for the trailing slash, late reads and limits;
options given beside it win.

A request:
  curl -H 'Authorization: Bearer fake-access-token' 'http://127.0.0.1:8090/v1/offersource/list/?status=active'";

/// A policy on bad entries, with the status of its error, such as `refuse-all:404`.
#[derive(Debug, Clone, Copy)]
struct Entries(EntryPolicy);

impl FromStr for Entries {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, status) = text.split_once(':').unwrap_or((text, "400"));
        let status = status.parse().ok().filter(|status| (400..500).contains(status));
        let status = status.ok_or_else(|| format!("the status in {text:?} is not one of 400 to 499"))?;
        match name {
            "ignore" => Ok(Self(EntryPolicy::ignore())),
            "refuse-all" => Ok(Self(EntryPolicy::refuse_all(status))),
            "apply-good" => Ok(Self(EntryPolicy::apply_good(status))),
            "stop-at-bad" => Ok(Self(EntryPolicy::stop_at_bad(status))),
            _ => Err(format!(
                "{name:?} is none of ignore, refuse-all, apply-good, stop-at-bad (with a status, such as refuse-all:404)"
            )),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Slash {
    Required,
    Optional,
    Redirect,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    Json,
    Text,
    Html,
    Empty,
}

impl Options {
    fn settings(&self) -> Settings {
        let mut settings = self.vary.map_or_else(Settings::default, Settings::vary);
        settings.access_token.clone_from(&self.token);
        settings.refresh_token.clone_from(&self.refresh_token);
        settings.auth = !self.no_auth;
        settings.clock = ClockSource::Wall;
        // Nobody reads the log of the program.
        settings.log = LogRetention::Last(0);
        for (given, setting) in [
            (self.unknown_entry, &mut settings.unknown_entry),
            (self.already_entry, &mut settings.already_entry),
            (self.locked_entry, &mut settings.locked_entry),
        ] {
            *setting = given.map_or(*setting, |Entries(policy)| policy);
        }
        if let Some(slash) = self.trailing_slash {
            settings.trailing_slash = match slash {
                Slash::Required => TrailingSlash::Required,
                Slash::Optional => TrailingSlash::Optional,
                Slash::Redirect => TrailingSlash::Redirect,
            };
        }
        if let Some(shape) = self.errors {
            settings.error_shape = match shape {
                Shape::Json => ErrorShape::Json,
                Shape::Text => ErrorShape::Text,
                Shape::Html => ErrorShape::Html,
                Shape::Empty => ErrorShape::Empty,
            };
        }
        settings.stale_reads = self.stale_reads.unwrap_or(settings.stale_reads);
        settings.max_entries = self
            .max_entries
            .map(|max| Limit { max, status: 413 })
            .or(settings.max_entries);
        settings
    }

    fn fake(&self) -> Fake {
        let fake = Fake::new(self.settings());
        for number in 1..=self.categories {
            fake.seed_category(&format!("category-{number}"), &format!("Category {number}"));
        }
        for (number, id) in fake.seed_many(self.assets).iter().enumerate() {
            for page in 1..=self.pages {
                fake.seed_page(&format!("page-{}-{page}", number + 1), id);
            }
        }
        for id in &self.locked {
            fake.lock(id);
        }
        fake
    }
}

#[tokio::main]
async fn main() -> Result<(), String> {
    let options = Options::parse();
    let server = options
        .fake()
        .serve(options.address)
        .await
        .map_err(|error| problem(&format!("cannot listen on {}", options.address), &error))?;
    println!("base URL      {}", server.base_url());
    if options.no_auth {
        println!("access token  none needed");
    } else {
        println!("access token  {}", options.token);
        println!("refresh token {}", options.refresh_token);
    }
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| problem("cannot wait for Ctrl-C", &error))?;
    server.shutdown().await;
    Ok(())
}

fn problem(what: &str, error: &dyn Display) -> String {
    format!("{what}: {error}")
}
