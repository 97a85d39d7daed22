//! Replaces one ID by another in the assets of an account. The steps are: plan, review, apply, verify.
//!
//! ```text
//! cargo run -p funnelflux --features snapshot,inferred --example swap_offer       # on an embedded fake
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --features snapshot,inferred --example swap_offer -- \
//!     --live --old 2nIemJxCKbFX --new 2n5JuOKWLTzd --groups funnels    # writes plan.json only
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run … -- --live --apply                 # applies plan.json
//! ```

mod common;

use clap::Parser;
use common::AccountArguments;
use funnelflux::ext::plan::ChangePlan;
use funnelflux_fake::Fake;
use serde_json::json;
use std::error::Error;
use std::path::PathBuf;

/// ID of the offer to replace. The example adds this offer to the fake.
const OLD: &str = "2nIemJxCoff1";
/// ID of the replacement. The example adds this offer to the fake.
const NEW: &str = "2nIemJxCoff2";

/// Replaces one ID by another. Uses an embedded fake unless --live is given.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// ID to replace, such as the ID of an offer
    #[arg(long, value_name = "ID", default_value = OLD)]
    old: String,
    /// ID that replaces the old ID
    #[arg(long, value_name = "ID", default_value = NEW)]
    new: String,
    /// Group whose assets are changed, such as funnels; repeatable; default: all groups
    #[arg(long, value_name = "GROUP")]
    groups: Vec<String>,
    /// File of the plan
    #[arg(long, value_name = "FILE", default_value = "plan.json")]
    plan: PathBuf,
    /// Apply the plan in the file. Without --live, the plan is always applied
    #[arg(long)]
    apply: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::parse();
    let account = arguments.account.open().await?;
    let folder = tempfile::tempdir()?;
    if let Some(fake) = &account.fake {
        add_offers(fake);
        arguments.plan = folder.path().join("plan.json");
    }

    if !arguments.apply {
        let plan = ChangePlan::replace(&arguments.old, &arguments.new).groups(arguments.groups);
        let plan = plan.plan(&account.client).await?;
        println!("{plan}");
        plan.write(&arguments.plan)?;
        if account.fake.is_none() {
            println!(
                "Review {}, then run this again with --apply.",
                arguments.plan.display()
            );
            return Ok(());
        }
    }

    // With the journal, a second run can continue after a crash, and the example `undo` can revert the
    // changes.
    let journal = arguments.plan.with_extension("journal");
    let plan = ChangePlan::read(&arguments.plan)?;
    let report = plan.apply(&account.client).journal(&journal).send().await?;
    println!("{report}");
    if let Some(fake) = &account.fake {
        let state = fake.state();
        let swapped = state
            .assets("page")
            .filter(|page| page.body.get("nextOffer") == Some(&json!(NEW)));
        println!("The fake has {} pages that name the new offer.", swapped.count());
    }
    Ok(())
}

/// Adds two offers to the fake, and pages that contain the ID of the old offer.
fn add_offers(fake: &Fake) {
    for (id, name) in [(OLD, "Old offer"), (NEW, "New offer")] {
        fake.seed("page", json!({ "idPage": id, "pageName": name }));
    }
    for number in 0..20 {
        let id = format!("2nIemJxCln{number:02}");
        fake.seed(
            "page",
            json!({ "idPage": id, "pageName": format!("Lander {number}"), "nextOffer": OLD }),
        );
    }
}
