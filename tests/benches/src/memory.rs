//! Memory of bulk jobs: what a job of many IDs takes above one of few.

use crate::{
    Failure,
    processes::{Job, Service},
};
use funnelflux_benches::workload::{By, Work};
use std::{fmt::Write as _, time::Duration};

const FEW: usize = 10_000;
const MANY: usize = 100_000;

pub(crate) fn measure() -> Result<String, Failure> {
    let service = Service::start(Duration::ZERO)?;
    let mut table = "Peak memory of the process that runs a bulk archive:\n\n\
        | | 10,000 IDs | 100,000 IDs | bytes for each further ID |\n|---|---:|---:|---:|\n"
        .to_owned();
    for (name, by, work) in [
        ("the IDs alone, and a loop by hand", By::Hand, Work::Bulk),
        ("funnelflux, sending only", By::Crate, Work::Bulk),
        (
            "funnelflux with its defaults, which read first",
            By::Crate,
            Work::BulkLooking,
        ),
    ] {
        let peak = |ids| {
            let job = Job {
                by,
                work,
                ids,
                times: 1,
            };
            Ok::<_, Failure>(job.run(&service.base_url)?.peak_memory)
        };
        let (few, many) = (peak(FEW)?, peak(MANY)?);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let megabytes = |kibibytes: u64| kibibytes as f64 / 1024.0;
        let each = many.saturating_sub(few) * 1024 / u64::try_from(MANY - FEW)?;
        writeln!(
            table,
            "| {name} | {:.1} MiB | {:.1} MiB | {each} |",
            megabytes(few),
            megabytes(many)
        )?;
    }
    Ok(table)
}
