//! Account for the examples: an embedded fake or a live account.

use clap::Args;
use funnelflux::{Client, Credentials};
use funnelflux_fake::{Fake, Server, Settings};
use std::error::Error;

/// Number of offer sources on the fake.
const ASSETS: usize = 1_000;

/// Arguments that select the account.
#[derive(Debug, Args)]
pub(crate) struct AccountArguments {
    /// Work on the live account of `FUNNELFLUX_ACCESS_TOKEN` instead of an embedded fake
    #[arg(long)]
    pub(crate) live: bool,
    /// Base URL of the service, such as the URL of a running funnelflux-fake; requires --live
    #[arg(long, value_name = "URL", requires = "live")]
    pub(crate) base_url: Option<String>,
}

/// An account to work on.
pub(crate) struct Account {
    pub(crate) client: Client,
    /// The embedded fake; `None` on a live account.
    pub(crate) fake: Option<Fake>,
    _server: Option<Server>,
}

impl AccountArguments {
    /// Opens the account.
    pub(crate) async fn open(&self) -> Result<Account, Box<dyn Error>> {
        if self.live {
            let mut builder = Client::builder().credentials(Credentials::from_env()?);
            if let Some(url) = &self.base_url {
                builder = builder.base_url(url);
            }
            return Ok(Account {
                client: builder.build()?,
                fake: None,
                _server: None,
            });
        }
        if std::env::var_os("FUNNELFLUX_ACCESS_TOKEN").is_some() {
            eprintln!("note: FUNNELFLUX_ACCESS_TOKEN is ignored without --live");
        }
        let fake = Fake::new(Settings::default());
        populate(&fake);
        let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
        eprintln!(
            "A fake with {ASSETS} offer sources runs at {}.",
            server.base_url()
        );
        let client = Client::builder()
            .base_url(server.base_url())
            .credentials(Credentials::new(fake.access_token()))
            .build()?;
        Ok(Account {
            client,
            fake: Some(fake),
            _server: Some(server),
        })
    }
}

/// Adds a category and a thousand offer sources. Every fourth offer source has a page. Some offer sources are
/// already archived, and the fake refuses to change a few others.
fn populate(fake: &Fake) {
    fake.seed_category("2nIemJxCcat1", "Kept for later");
    for (number, id) in fake.seed_many(ASSETS).into_iter().enumerate() {
        if number % 4 == 0 {
            fake.seed_page(&format!("page-{number}"), &id);
        }
        if number % 50 == 7 {
            fake.set("offersource", &id, "status", "archived");
        }
        if number % 400 == 11 {
            fake.lock(id);
        }
    }
}
