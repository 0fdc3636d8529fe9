//! Durable `send_test` under load, against the real server: closed-loop clients on one side, a receiver of
//! webhooks on the other, and beside it a floor, the least program that stores before it answers and forwards.
//!
//! `cargo bench --bench load`; CROSSCHECK_BENCH_SECONDS, _CLIENTS and _ROUNDS change how long, how many and how
//! often. Everything shares this machine's cores, so run nothing else. Fails where an accepted order was
//! not delivered.
#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot run should say so and stop"
)]
#![expect(clippy::panic, reason = "as above")]
#![expect(clippy::as_conversions, reason = "counts and times, far from any limit")]

mod clients;
mod connection;
mod floor;
mod server;
mod sink;
#[path = "../support/mod.rs"]
mod support;

use clients::{Load, Target};
use server::Server;
use sink::Sink;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::percentile;

/// How long what was accepted may take to arrive after the load has ended.
const PATIENCE: Duration = Duration::from_secs(30);

const ROWS: [&str; 10] = [
    "accepted/s",
    "delivered/s meanwhile",
    "accept p50 ms",
    "accept p99 ms",
    "accepted to receiver p50 ms",
    "accepted to receiver p99 ms",
    "peak memory MiB",
    "server CPU us per order",
    "delivered twice or more",
    "refused",
];

/// What one run measured, in the order of `ROWS`, and the orders that never arrived.
struct Run {
    figures: [f64; 10],
    lost: Vec<String>,
}

fn main() -> ExitCode {
    if floor::is_wanted() {
        return floor::run();
    }
    let seconds = Duration::from_secs(setting("SECONDS", 10));
    let (clients, rounds) = (setting("CLIENTS", 64), setting("ROUNDS", 3));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!(
        "{clients} clients, {} s, {rounds} rounds; fdatasync of 4 kB here: {:.2} ms (median of 200)",
        seconds.as_secs(),
        fsync_ms(directory.path())
    );
    let (mut floors, mut ours) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let place = |name: &str| directory.path().join(format!("{name}-{round}"));
        floors.push(run(floor::start(&place("floor")), clients, seconds));
        ours.push(run(server::start(&place("crosscheck")), clients, seconds));
    }
    println!(
        "{:<28} {:>10} {:>10} {:>7}",
        "medians", "floor", "crosscheck", "ratio"
    );
    for (row, name) in ROWS.iter().enumerate() {
        let (floor, ours) = (median(&floors, row), median(&ours, row));
        let ratio = Some(ours / floor).filter(|ratio| ratio.is_finite());
        let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        println!("{name:<28} {floor:>10.1} {ours:>10.1} {ratio:>7}");
    }
    println!("bars: 3500 accepted/s and delivered/s with 64 clients, 64 MiB, nothing lost");
    for (round, run) in ours.iter().enumerate() {
        let [accepted, delivered, ..] = run.figures;
        println!(
            "round {}: {accepted:.0} accepted/s, {delivered:.0} delivered/s, {} lost {:?}",
            round + 1,
            run.lost.len(),
            run.lost
        );
    }
    if ours.iter().all(|run| run.lost.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(format!("CROSSCHECK_BENCH_{name}")).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

/// What one durable write costs at best, on the disk that the server uses.
fn fsync_ms(directory: &Path) -> f64 {
    let mut file = File::create(directory.join("fsync")).unwrap();
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            ms(began.elapsed())
        })
        .collect();
    times.sort_by(f64::total_cmp);
    percentile(&times, 0.5)
}

fn run((server, sink, target): (Server, Sink, Target), clients: u64, seconds: Duration) -> Run {
    let before = server.cpu();
    let load = clients::run(target, clients, seconds);
    let arrivals = wait(&sink, &load);
    let cpu = server.cpu() - before;
    let orders = load.accepted.len().max(1) as f64;
    let delivered = arrivals
        .values()
        .filter(|times| times.iter().any(|at| *at <= load.ended));
    let mut accept: Vec<f64> = load
        .accepted
        .iter()
        .map(|order| ms(order.answered - order.sent))
        .collect();
    let mut deliver: Vec<f64> = load
        .accepted
        .iter()
        .filter_map(|order| Some((order, *arrivals.get(&order.id)?.first()?)))
        // Now and then the receiver has it before the client has read its answer.
        .map(|(order, at)| ms(at.saturating_duration_since(order.answered)))
        .collect();
    accept.sort_by(f64::total_cmp);
    deliver.sort_by(f64::total_cmp);
    let window = (load.ended - load.began).as_secs_f64();
    Run {
        figures: [
            orders / window,
            delivered.count() as f64 / window,
            percentile(&accept, 0.5),
            percentile(&accept, 0.99),
            percentile(&deliver, 0.5),
            percentile(&deliver, 0.99),
            server.peak_memory_mib(),
            cpu.as_secs_f64() * 1e6 / orders,
            arrivals.values().filter(|times| times.len() > 1).count() as f64,
            load.refused as f64,
        ],
        lost: load
            .accepted
            .into_iter()
            .map(|order| order.id)
            .filter(|id| !arrivals.contains_key(id))
            .collect(),
    }
}

/// Waits until everything that was accepted arrived, or for as long as is reasonable.
fn wait(sink: &Sink, load: &Load) -> HashMap<String, Vec<Instant>> {
    let ends = Instant::now() + PATIENCE;
    loop {
        let arrivals = sink.arrivals();
        let complete = load.accepted.iter().all(|order| arrivals.contains_key(&order.id));
        if complete || Instant::now() > ends {
            return arrivals;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn median(runs: &[Run], row: usize) -> f64 {
    let mut values: Vec<f64> = runs
        .iter()
        .filter_map(|run| run.figures.get(row).copied())
        .collect();
    values.sort_by(f64::total_cmp);
    percentile(&values, 0.5)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
