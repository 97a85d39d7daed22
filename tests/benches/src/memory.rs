//! Measures the peak memory of bulk jobs with few and with many IDs.

use crate::{
    BoxError,
    processes::{Job, ServiceProcess},
};
use funnelflux_benches::workload::{ClientKind, Workload};
use std::{fmt::Write as _, time::Duration};

const FEW: usize = 10_000;
const MANY: usize = 100_000;

pub(crate) fn measure() -> Result<String, BoxError> {
    let service = ServiceProcess::start(Duration::ZERO)?;
    let mut table =
        "| | 10,000 IDs | 100,000 IDs | bytes per additional ID | target |\n|---|---:|---:|---:|---:|\n"
            .to_owned();
    for (name, kind, workload, target) in [
        (
            "hand-written loop (mostly the IDs)",
            ClientKind::HandWritten,
            Workload::Bulk,
            "",
        ),
        (
            "funnelflux, sending only",
            ClientKind::Crate,
            Workload::Bulk,
            "120",
        ),
        (
            "funnelflux with its defaults",
            ClientKind::Crate,
            Workload::BulkReadFirst,
            "120",
        ),
    ] {
        let peak = |ids| {
            let job = Job {
                kind,
                workload,
                ids,
                times: 1,
            };
            Ok::<_, BoxError>(job.run(&service.base_url)?.peak_memory)
        };
        let (few, many) = (peak(FEW)?, peak(MANY)?);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let megabytes = |kibibytes: u64| kibibytes as f64 / 1024.0;
        let each = many.saturating_sub(few) * 1024 / u64::try_from(MANY - FEW)?;
        writeln!(
            table,
            "| {name} | {:.1} MiB | {:.1} MiB | {each} | {target} |",
            megabytes(few),
            megabytes(many)
        )?;
    }
    Ok(table)
}
