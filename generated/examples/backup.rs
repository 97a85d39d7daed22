//! Backs up an account into a folder or file, compares the backup with the account later, and shows which
//! assets of the backup contain an ID.
//!
//! ```text
//! cargo run -p funnelflux --features snapshot --example backup                    # on an embedded fake
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --features snapshot,inferred --example backup -- \
//!     --live backup                  # a folder; backup.tar.gz would be one compressed file
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run … -- --live backup --compare
//! cargo run … -- backup --usages 2nIemJxCKbFX
//! ```

mod common;

use clap::Parser;
use common::AccountArguments;
use funnelflux::Client;
use funnelflux::ext::snapshot::Snapshot;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Backs up an account. Uses an embedded fake of the service unless --live is given.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// Folder, or file whose name ends in .tar.gz. Without --live, the default is a temporary folder
    path: Option<PathBuf>,
    /// Group to export, such as offer-sources. Repeatable. By default, all groups are exported
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Compare an existing backup with the account instead of exporting
    #[arg(long)]
    compare: bool,
    /// Print which assets of an existing backup contain this ID, without sending requests
    #[arg(long, value_name = "ID", conflicts_with = "compare")]
    usages: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if let (Some(id), Some(path)) = (&arguments.usages, &arguments.path) {
        return print_usages(&Snapshot::open(path)?, id);
    }
    let account = arguments.account.open().await?;
    match &arguments.path {
        Some(path) if arguments.compare => {
            let backup = Snapshot::open(path)?;
            println!("{}", backup.compare_with_account(&account.client).await?);
        }
        Some(path) => {
            export(&account.client, path, &arguments.groups).await?;
        }
        None => {
            let Some(fake) = &account.fake else {
                return Err("no destination; fix: name a folder, or a file that ends in .tar.gz".into());
            };
            let folder = std::env::temp_dir().join(format!("funnelflux-backup-{}", std::process::id()));
            let backup = export(&account.client, &folder, &arguments.groups).await?;
            // Simulates a change by somebody else.
            if let Some(key) = backup.keys().find(|key| key.group == "offer-sources") {
                fake.set("offersource", &key.id, "status", "archived");
                println!("{}", backup.compare_with_account(&account.client).await?);
                print_usages(&backup, &key.id)?;
            }
            std::fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

/// Exports the account. If an earlier export was interrupted, continues it.
async fn export(client: &Client, path: &Path, groups: &[String]) -> Result<Snapshot, Box<dyn Error>> {
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}")?);
    let shown = bar.clone();
    let mut export = Snapshot::export(client).on_progress(move |progress| {
        shown.set_length(progress.total as u64);
        shown.set_position(progress.read as u64);
        shown.set_message(progress.to_string());
    });
    if !groups.is_empty() {
        export = export.groups(groups);
    }
    let is_file = path.to_string_lossy().ends_with(".tar.gz");
    let exported = if is_file {
        export.to_archive(path).await
    } else {
        export.to_folder(path).await
    };
    bar.finish_and_clear();
    let snapshot = exported?;
    for (group, count) in snapshot.manifest().groups().filter(|(_, count)| *count > 0) {
        println!("{group}: {count} assets");
    }
    Ok(snapshot)
}

fn print_usages(snapshot: &Snapshot, id: &str) -> Result<(), Box<dyn Error>> {
    println!("{id} is named in:");
    for reference in snapshot.references_to(id)? {
        println!("  {reference}");
    }
    Ok(())
}
