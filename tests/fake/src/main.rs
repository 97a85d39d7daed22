//! `funnelflux-fake`: the fake as a program, for trying a client without an account.

use std::{fmt::Display, net::SocketAddr, str::FromStr};

use clap::{Parser, ValueEnum};
use funnelflux_fake::{
    BadEntry, ClockSource, EntryPolicy, ErrorShape, Fake, Limit, LogRetention, Settings,
    TrailingSlash,
};

/// A FunnelFlux Pro in memory that answers real HTTP requests until Ctrl-C.
///
/// It prints its base URL and token. Everything is lost when it ends.
#[derive(Debug, Parser)]
#[command(name = "funnelflux-fake", version)]
struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8090")]
    address: SocketAddr,
    /// The access token that requests must carry.
    #[arg(long, default_value = "fake-access-token")]
    token: String,
    /// The refresh token.
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
    /// IDs that bulk calls and saves reject; may be given more than once.
    #[arg(long = "locked", value_name = "ID")]
    locked: Vec<String>,
    /// Draw everything that the documentation leaves open at random, by this seed.
    #[arg(long, value_name = "SEED")]
    vary: Option<u64>,
    /// What an ID that does not exist does to a bulk call.
    #[arg(long, value_name = "POLICY")]
    unknown_entry: Option<Entries>,
    /// What an asset that is so already does to a bulk call.
    #[arg(long, value_name = "POLICY")]
    already_entry: Option<Entries>,
    /// What a locked asset does to a bulk call.
    #[arg(long, value_name = "POLICY")]
    locked_entry: Option<Entries>,
    /// What a path without its trailing slash does.
    #[arg(long)]
    trailing_slash: Option<Slash>,
    /// The form of error bodies.
    #[arg(long)]
    errors: Option<Shape>,
    /// For how many reads after a change the lists are late.
    #[arg(long)]
    stale_reads: Option<u32>,
    /// How many IDs one call may carry; more is answered with 413.
    #[arg(long)]
    max_entries: Option<usize>,
}

/// A policy on bad entries, with the status of its error, such as `refuse-all:404`.
#[derive(Debug, Clone, Copy)]
struct Entries(EntryPolicy);

impl FromStr for Entries {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, status) = text.split_once(':').unwrap_or((text, "400"));
        let status = status
            .parse()
            .ok()
            .filter(|status| (400..500).contains(status));
        let status =
            status.ok_or_else(|| format!("the status in {text:?} is not one of 400 to 499"))?;
        let handling = match name {
            "ignore" => return Ok(Self(EntryPolicy::ignore())),
            "refuse-all" => BadEntry::RefuseAll,
            "apply-good" => BadEntry::ApplyGood,
            "stop-at-bad" => BadEntry::StopAtBad,
            _ => {
                return Err(format!(
                    "{name:?} is none of ignore, refuse-all, apply-good, stop-at-bad (with a status, such as refuse-all:404)"
                ));
            }
        };
        Ok(Self(EntryPolicy { handling, status }))
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
