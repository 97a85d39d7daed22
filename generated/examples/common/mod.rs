//! What the examples share: an account to work on, embedded or live.

use clap::Args;
use funnelflux::{Client, Credentials};
use funnelflux_fake::{Fake, Server, Settings};
use std::error::Error;

/// How many offer sources the embedded service has.
const ASSETS: usize = 1_000;

/// Which account to work on.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Work on the live account of `FUNNELFLUX_ACCESS_TOKEN`, instead of on an embedded fake of the service
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live: another address of the service, such as that of a running funnelflux-fake
    #[arg(long, value_name = "URL", requires = "live")]
    pub(crate) base_url: Option<String>,
}

/// An account to work on.
pub(crate) struct Account {
    pub(crate) client: Client,
    /// The embedded service; `None` on a live account.
    pub(crate) fake: Option<Fake>,
    _server: Option<Server>,
}

impl Target {
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
            eprintln!("FUNNELFLUX_ACCESS_TOKEN is set, but without --live this works on a fake.");
        }
        let fake = Fake::new(Settings::default());
        populate(&fake);
        let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
        eprintln!(
            "A fake of the service with {ASSETS} offer sources runs at {}.",
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

/// A thousand offer sources, every fourth with a page; some archived already, a few that the service will refuse to change.
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
