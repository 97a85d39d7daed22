//! Measures the duration of the same calls with the crate and with a hand-written client. The command is
//! `cargo bench --package funnelflux-benches`.
//!
//! If the machine has other load, use `cargo figures calls` instead, because its instruction counts are more
//! reliable.

use divan::Bencher;
use funnelflux_benches::{
    service,
    workload::{BenchClient, ClientKind, Workload, ids},
};
use std::{error::Error, sync::mpsc, thread, time::Duration};

fn main() {
    divan::main();
}

/// Starts the service in a thread and returns its base URL.
fn start() -> Result<String, Box<dyn Error>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
            let base_url = format!("http://{}/v1", listener.local_addr()?);
            // An error means that the benchmark has ended.
            let _ = sender.send(base_url);
            service::serve(listener, Duration::ZERO).await
        })
    });
    Ok(receiver.recv()?)
}

fn bench(bencher: Bencher<'_, '_>, kind: ClientKind, workload: Workload, count: usize) {
    let run = || -> Result<(), Box<dyn Error>> {
        let base_url = start()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let ids = ids(count);
        let client = runtime.block_on(async { BenchClient::new(kind, &base_url) })?;
        bencher
            .counter(divan::counter::ItemsCount::new(count))
            .bench_local(|| {
                runtime
                    .block_on(client.run(workload, &ids))
                    .map_err(|error| error.to_string())
            });
        Ok(())
    };
    if let Err(error) = run() {
        eprintln!("error: {error}");
    }
}

#[divan::bench(args = [ClientKind::Crate, ClientKind::HandWritten])]
fn find(bencher: Bencher<'_, '_>, kind: ClientKind) {
    bench(bencher, kind, Workload::Find, 1);
}

#[divan::bench(args = [ClientKind::Crate, ClientKind::HandWritten])]
fn archive_100(bencher: Bencher<'_, '_>, kind: ClientKind) {
    bench(bencher, kind, Workload::Archive, 100);
}

#[divan::bench(
    args = [ClientKind::Crate, ClientKind::HandWritten],
    consts = [1, 1_000, 100_000],
    max_time = 5
)]
fn list<const ROWS: usize>(bencher: Bencher<'_, '_>, kind: ClientKind) {
    bench(bencher, kind, Workload::List, ROWS);
}
