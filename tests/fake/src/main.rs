//! The program `funnelflux-fake` runs the fake service, for trying a client without an account.
//!
//! The options are the settings of the library that are useful in a terminal. Tests use the library, which
//! has all settings.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use funnelflux_fake::{
    ClockSource, Document, EntryPolicy, ErrorShape, Fake, Limit, LogRetention, Settings, TrailingSlash,
};

/// FunnelFlux Pro in memory: serves HTTP requests until Ctrl-C.
///
/// The server starts with some offer sources, their offer pages and categories, and prints its base URL and
/// tokens. It serves every operation of an OpenAPI document, and POST /auth/validate, which renews tokens. A
/// request that violates the document gets a 400 that lists all violations. All data is lost on exit.
#[derive(Debug, Parser)]
#[command(
    name = "funnelflux-fake",
    // The usage shows this name, and not the name of the executable file, which differs between systems.
    bin_name = "funnelflux-fake",
    version,
    after_long_help = MORE,
    term_width = 0
)]
struct Options {
    /// Address to listen on; port 0 selects a free port, which is printed.
    #[arg(long, default_value = "127.0.0.1:8090")]
    address: SocketAddr,
    /// Effective document to serve (spec/effective.json); default: the one that the program was built with.
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// Access token that requests must carry; expires 72 hours after the start; default: fake-access-token.
    #[arg(long)]
    token: Option<String>,
    /// Refresh token for POST /auth/validate; default: fake-refresh-token.
    #[arg(long)]
    refresh_token: Option<String>,
    /// Accept requests without a token.
    #[arg(long)]
    no_auth: bool,
    /// Initial number of offer sources.
    #[arg(long, default_value_t = 10)]
    assets: usize,
    /// Initial number of offer pages of each offer source.
    #[arg(long, default_value_t = 2)]
    pages: usize,
    /// Initial number of categories (category-1, …).
    #[arg(long, default_value_t = 2)]
    categories: usize,
    /// Lock the asset with this ID: the server rejects bulk calls and saves that contain it. This option can
    /// be given several times.
    #[arg(long = "locked", value_name = "ID")]
    locked: Vec<String>,
    /// JSON file with settings for the behaviour, as `funnelflux probe` writes it; see below.
    #[arg(long, value_name = "FILE", conflicts_with = "vary")]
    settings: Option<PathBuf>,
    /// Choose undocumented behaviour at random, with this seed; see below.
    #[arg(long, value_name = "SEED")]
    vary: Option<u64>,
    /// Policy for unknown IDs in a bulk call (policies: see below); default: ignore.
    #[arg(long, value_name = "POLICY")]
    unknown_entry: Option<EntryPolicy>,
    /// Policy for assets that are already in the state that a bulk call requests; default: ignore.
    #[arg(long, value_name = "POLICY")]
    already_entry: Option<EntryPolicy>,
    /// Policy for locked assets in a bulk call; default: refuse-all:403.
    #[arg(long, value_name = "POLICY")]
    locked_entry: Option<EntryPolicy>,
    /// Trailing slash: required (404 without it), optional, or redirect (301); default: required.
    #[arg(long)]
    trailing_slash: Option<TrailingSlashArgument>,
    /// Format of error bodies; default: json.
    #[arg(long)]
    errors: Option<ErrorFormat>,
    /// Number of requests for a list that still return the old state after a change; default: 0.
    #[arg(long)]
    stale_reads: Option<u32>,
    /// Maximum number of IDs in one call; a larger call gets a 413; default: unlimited.
    #[arg(long)]
    max_entries: Option<usize>,
}

const MORE: &str = "\
Policies for bad entries in a bulk call (archive, unarchive, delete, move-category). An entry is bad if its
ID is unknown, or if its asset is locked or already in the requested state.
  ignore              skip the bad entries; the response is a success
  refuse-all:STATUS   apply nothing; the response is an error
  apply-good:STATUS   apply the good entries; the response is an error
  stop-at-bad:STATUS  apply the entries before the first bad one; the response is an error
STATUS is a number from 400 to 499; default: 400.

Where the documentation leaves a behaviour open, the server has a default, which is listed above. --vary
chooses such behaviours at random, except for the trailing slash, stale reads and limits. --settings reads
all settings from a file. Other options override both.

Example of a request:
  curl -H 'Authorization: Bearer fake-access-token' \
    'http://127.0.0.1:8090/v1/offersource/list/?status=active'";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TrailingSlashArgument {
    Required,
    Optional,
    Redirect,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ErrorFormat {
    Json,
    Text,
    Html,
    Empty,
}

impl Options {
    fn settings(&self) -> Result<Settings, String> {
        let mut settings = match (&self.settings, self.vary) {
            (Some(path), _) => {
                let text = read_file(path)?;
                Settings::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))?
            }
            (None, Some(seed)) => Settings::vary(seed),
            (None, None) => Settings::default(),
        };
        for (option, setting) in [
            (&self.token, &mut settings.access_token),
            (&self.refresh_token, &mut settings.refresh_token),
        ] {
            if let Some(option) = option {
                setting.clone_from(option);
            }
        }
        settings.auth &= !self.no_auth;
        settings.clock = ClockSource::Wall;
        // This program never reads the log of requests.
        settings.log = LogRetention::Last(0);
        for (argument, setting) in [
            (self.unknown_entry, &mut settings.unknown_entry),
            (self.already_entry, &mut settings.already_entry),
            (self.locked_entry, &mut settings.locked_entry),
        ] {
            *setting = argument.unwrap_or(*setting);
        }
        if let Some(slash) = self.trailing_slash {
            settings.trailing_slash = match slash {
                TrailingSlashArgument::Required => TrailingSlash::Required,
                TrailingSlashArgument::Optional => TrailingSlash::Optional,
                TrailingSlashArgument::Redirect => TrailingSlash::Redirect,
            };
        }
        if let Some(shape) = self.errors {
            settings.error_shape = match shape {
                ErrorFormat::Json => ErrorShape::Json,
                ErrorFormat::Text => ErrorShape::Text,
                ErrorFormat::Html => ErrorShape::Html,
                ErrorFormat::Empty => ErrorShape::Empty,
            };
        }
        settings.stale_reads = self.stale_reads.unwrap_or(settings.stale_reads);
        settings.max_entries = self
            .max_entries
            .map(|max| Limit { max, status: 413 })
            .or(settings.max_entries);
        Ok(settings)
    }

    fn document(&self) -> Result<Document, String> {
        let Some(path) = &self.document else {
            return Ok(Document::embedded());
        };
        let text = read_file(path)?;
        Document::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn fake(&self, document: Document) -> Result<Fake, String> {
        let fake = Fake::with_document(self.settings()?, document);
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
        Ok(fake)
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| {
        let fix = "fix: name a file that can be read";
        format!("cannot read {}: {error}\n{fix}", path.display())
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> Result<(), String> {
    let fake = options.fake(options.document()?)?;
    let server = fake.serve(options.address).await.map_err(|error| {
        format!(
            "cannot listen on {}: {error}\nfix: choose another --address; port 0 selects a free port",
            options.address
        )
    })?;
    println!("base URL      {}", server.base_url());
    let settings = fake.settings();
    if settings.auth {
        println!("access token  {}", settings.access_token);
        println!("refresh token {}", settings.refresh_token);
    } else {
        println!("access token  not required");
    }
    println!("Press Ctrl-C to stop.");
    let signal = tokio::signal::ctrl_c().await;
    signal.map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    server.shutdown().await;
    Ok(())
}
