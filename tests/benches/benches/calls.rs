//! Time of calls, beside a client written by hand: `cargo bench --package funnelflux-benches`.
//!
//! On a machine that does something else as well, the instructions of `cargo figures calls` say more.

use divan::Bencher;
use funnelflux_benches::{
    service,
    workload::{By, Work, Worker, ids},
};
use std::{error::Error, sync::mpsc, thread, time::Duration};

fn main() {
    divan::main();
}

/// The service, in a thread of its own.
fn start() -> Result<String, Box<dyn Error>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
            let base_url = format!("http://{}/v1", listener.local_addr()?);
            // Nobody waits for it any more when the bench has ended.
            let _ = sender.send(base_url);
            service::serve(listener, Duration::ZERO).await
        })
    });
    Ok(receiver.recv()?)
}

fn bench(bencher: Bencher<'_, '_>, by: By, work: Work, count: usize) {
    let run = || -> Result<(), Box<dyn Error>> {
        let base_url = start()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let ids = ids(count);
        let worker = runtime.block_on(async { Worker::new(by, &base_url) })?;
        bencher
            .counter(divan::counter::ItemsCount::new(count))
            .bench_local(|| {
                runtime
                    .block_on(worker.once(work, &ids))
                    .map_err(|error| error.to_string())
            });
        Ok(())
    };
    if let Err(error) = run() {
        eprintln!("error: {error}");
    }
}

#[divan::bench(args = [By::Crate, By::Hand])]
fn find(bencher: Bencher<'_, '_>, by: By) {
    bench(bencher, by, Work::Find, 1);
}

#[divan::bench(args = [By::Crate, By::Hand])]
fn archive_100(bencher: Bencher<'_, '_>, by: By) {
    bench(bencher, by, Work::Archive, 100);
}

#[divan::bench(args = [By::Crate, By::Hand], consts = [1, 1_000, 100_000], max_time = 5)]
fn list<const ROWS: usize>(bencher: Bencher<'_, '_>, by: By) {
    bench(bencher, by, Work::List, ROWS);
}
