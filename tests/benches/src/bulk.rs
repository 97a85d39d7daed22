//! Measures the duration of bulk jobs over a slow network.

use crate::{
    BoxError,
    processes::{Job, ServiceProcess},
};
use funnelflux_benches::workload::{CHUNK_SIZE, CONCURRENCY, ClientKind, Workload};
use std::{fmt::Write as _, time::Duration};

const IDS: usize = 10_000;
const LATENCIES: [u64; 3] = [10, 50, 250];
/// Number of runs of each kind of job. The kinds alternate. The shortest run of a kind counts, because other
/// load on the machine makes its other runs longer.
const TIMES: usize = 3;

pub(crate) fn measure() -> Result<String, BoxError> {
    let mut table = "| request latency | hand-written loop, sending only | funnelflux, sending only \
        | hand-written loop, reading first | funnelflux with its defaults | target |\n\
        |---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for latency in LATENCIES {
        let latency = Duration::from_millis(latency);
        let service = ServiceProcess::start(latency)?;
        let rounds = IDS.div_ceil(CHUNK_SIZE).div_ceil(CONCURRENCY);
        let ideal = latency * u32::try_from(rounds)?;
        let run = |kind, workload| -> Result<f64, BoxError> {
            let job = Job {
                kind,
                workload,
                ids: IDS,
                times: 1,
            };
            Ok(job.run(&service.base_url)?.time.as_secs_f64() / ideal.as_secs_f64())
        };
        let mut shortest = [f64::INFINITY; 4];
        for _ in 0..TIMES {
            let ratios = [
                run(ClientKind::HandWritten, Workload::Bulk)?,
                run(ClientKind::Crate, Workload::Bulk)?,
                // Each chunk takes two requests (one to read and one to send), so these ratios are halved.
                run(ClientKind::HandWritten, Workload::BulkReadFirst)? / 2.0,
                run(ClientKind::Crate, Workload::BulkReadFirst)? / 2.0,
            ];
            for (shortest, ratio) in shortest.iter_mut().zip(ratios) {
                *shortest = shortest.min(ratio);
            }
        }
        let [hand_written, ours, hand_written_reads, ours_reads] = shortest;
        writeln!(
            table,
            "| {} ms | {hand_written:.2} | {ours:.2} | {hand_written_reads:.2} | {ours_reads:.2} | 1.15 |",
            latency.as_millis()
        )?;
    }
    table.push_str(
        "\nThe hand-written loops show the time that the runtime, the HTTP client and the service need.\n",
    );
    Ok(table)
}
