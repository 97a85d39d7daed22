//! Time of bulk jobs over a network that takes its time.

use crate::{
    Failure,
    processes::{Job, Service},
};
use funnelflux_benches::workload::{By, CHUNK_SIZE, CONCURRENCY, Work};
use std::{fmt::Write as _, time::Duration};

const IDS: usize = 10_000;
const LATENCIES: [u64; 3] = [10, 50, 250];
/// How often each is done, in turn; the shortest counts, since nothing but other load makes one longer.
const TIMES: usize = 3;

pub(crate) fn measure() -> Result<String, Failure> {
    let mut table = format!(
        "Bulk archive of 10,000 IDs, {CHUNK_SIZE} a request, {CONCURRENCY} requests at once, wall-clock time over sockets, divided by the ideal of \
         ⌈chunks ÷ concurrency⌉ × latency for the requests that are sent:\n\n\
         | latency of a request | loop by hand | the same requests by funnelflux | with its defaults, which read each asset first | target |\n\
         |---:|---:|---:|---:|---:|\n"
    );
    for latency in LATENCIES {
        let latency = Duration::from_millis(latency);
        let service = Service::start(latency)?;
        let rounds = IDS.div_ceil(CHUNK_SIZE).div_ceil(CONCURRENCY);
        let ideal = latency * u32::try_from(rounds)?;
        let run = |by, work| -> Result<f64, Failure> {
            let job = Job {
                by,
                work,
                ids: IDS,
                times: 1,
            };
            Ok(job.run(&service.base_url)?.time.as_secs_f64() / ideal.as_secs_f64())
        };
        let mut shortest = [f64::INFINITY; 3];
        for _ in 0..TIMES {
            let taken = [
                run(By::Hand, Work::Bulk)?,
                run(By::Crate, Work::Bulk)?,
                // Reading and sending are two requests for each chunk.
                run(By::Crate, Work::BulkLooking)? / 2.0,
            ];
            for (shortest, taken) in shortest.iter_mut().zip(taken) {
                *shortest = shortest.min(taken);
            }
        }
        let [hand, ours, looking] = shortest;
        writeln!(
            table,
            "| {} ms | {hand:.2} | {ours:.2} | {looking:.2} | 1.15 |",
            latency.as_millis()
        )?;
    }
    Ok(table)
}
