//! The spine under load, on both engines: durable `send_test` from clients on one side, a receiver of webhooks on the
//! other, and beside it a floor, the least program that stores before it answers and forwards.
//!
//! `cargo bench --bench spine`; CROSSCHECK_BENCH_SECONDS, _CLIENTS, _RATE and _ROUNDS change how long, how many, how
//! many a second and how often; _ONLY=closed, open, beside or claims measures one part of it. Everything shares this
//! machine's cores, so run nothing else. Fails where an accepted order was not delivered.
#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot run should say so and stop"
)]
#![expect(clippy::panic, reason = "as above")]
#![expect(clippy::as_conversions, reason = "counts and times, far from any limit")]

mod beside;
mod claims;
mod clients;
#[path = "../support/connection.rs"]
mod connection;
mod engine;
mod floor;
#[path = "../support/listening.rs"]
mod listening;
#[path = "../support/postgres.rs"]
mod postgres;
mod server;
mod sink;
#[path = "../support/mod.rs"]
mod support;

use clients::{Accepted, Load, Pace, Target};
use engine::{Engine, database};
use postgres::PostgresServer;
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
const PATIENCE: Duration = Duration::from_secs(60);

const ROWS: [&str; 12] = [
    "accepted/s",
    "delivered/s meanwhile",
    "accept p50 ms",
    "accept p99 ms",
    "accepted to receiver p50 ms",
    "accepted to receiver p99 ms",
    "sent to receiver p50 ms",
    "sent to receiver p99 ms",
    "peak memory MiB",
    "server CPU us per order",
    "delivered twice or more",
    "refused",
];

/// What one run measured, in the order of `ROWS`, and the orders that never arrived.
struct Run {
    figures: [f64; 12],
    lost: Vec<String>,
}

fn main() -> ExitCode {
    if floor::is_wanted() {
        return floor::run();
    }
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let seconds = Duration::from_secs(setting("SECONDS", 10));
    let (clients, rate, rounds) = (setting("CLIENTS", 64), setting("RATE", 200), setting("ROUNDS", 3));
    let postgres = PostgresServer::start(&directory.path().join("postgres"));
    let mut lost = false;
    for (pace, what) in [
        (Pace::Closed(clients), format!("{clients} clients, 2 kB")),
        (Pace::Open(rate), format!("{rate} a second, 2 kB")),
    ] {
        let part = match pace {
            Pace::Closed(_) => "closed",
            Pace::Open(_) => "open",
        };
        if !is_wanted(part) {
            continue;
        }
        let (mut floors, mut sqlite, mut postgresql) = (Vec::new(), Vec::new(), Vec::new());
        let mut fsyncs = Vec::new();
        for round in 0..rounds {
            let name = |of: &str| format!("{of}-{round}-{}", matches!(pace, Pace::Open(_)));
            let place = |of: &str| directory.path().join(name(of));
            fsyncs.push(fsync_ms(directory.path()));
            floors.push(run(floor::start(&place("floor")), pace, seconds));
            let file = format!("sqlite://{}", directory.path().join(name("file")).display());
            sqlite.push(run(server::start(&place("sqlite"), &file), pace, seconds));
            let url = database(&postgres);
            postgresql.push(run(server::start(&place("postgres"), &url), pace, seconds));
        }
        fsyncs.sort_by(f64::total_cmp);
        println!(
            "\n{what}, {} s, medians of {rounds}; fdatasync of 4 kB here: {:.2} ms",
            seconds.as_secs(),
            percentile(&fsyncs, 0.5)
        );
        println!(
            "{:<28} {:>10} {:>10} {:>7} {:>10} {:>7}",
            "", "floor", "SQLite", "ratio", "PostgreSQL", "ratio"
        );
        for (row, name) in ROWS.iter().enumerate() {
            let floor = median(&floors, row);
            print!("{name:<28} {floor:>10.1}");
            for runs in [&sqlite, &postgresql] {
                let figure = median(runs, row);
                let ratio = Some(figure / floor).filter(|ratio| ratio.is_finite());
                let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
                print!(" {figure:>10.1} {ratio:>7}");
            }
            println!();
        }
        for run in sqlite
            .iter()
            .chain(&postgresql)
            .filter(|run| !run.lost.is_empty())
        {
            lost = true;
            println!("{} lost: {:?}", run.lost.len(), run.lost);
        }
    }
    if is_wanted("beside") {
        let never = beside::measure(directory.path(), &postgres, (rate, rounds), seconds);
        if never > 0 {
            lost = true;
            println!("{never} lost");
        }
    }
    if is_wanted("claims") {
        println!(
            "\na claim of 16, beside a million that wait (half of them due, in a lane that has no room)"
        );
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let url = match engine {
                Engine::Sqlite => format!("sqlite://{}", directory.path().join("claims.db").display()),
                Engine::Postgres => database(&postgres),
            };
            let [before, after] = claims::measure(&url);
            println!(
                "{:<12} p50 {:.2} ms -> {:.2} ms ({:.2}), p99 {:.2} ms -> {:.2} ms; fdatasync {:.2} ms",
                engine.name(),
                before.0,
                after.0,
                after.0 / before.0,
                before.1,
                after.1,
                fsync_ms(directory.path())
            );
        }
    }
    println!(
        "\nbars: 4500 accepted/s and delivered/s on SQLite, 1500 and 1100 on PostgreSQL, with 64 clients; at 200 a \
         second accept p99 25 ms and accepted to receiver p99 60 ms; 100 MiB; claims at most 1.20 times; nothing lost"
    );
    if lost {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Whether a part is to be measured.
fn is_wanted(part: &str) -> bool {
    std::env::var("CROSSCHECK_BENCH_ONLY").map_or(true, |only| only == part)
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

fn run((server, sink, target): (Server, Sink, Target), pace: Pace, seconds: Duration) -> Run {
    let before = server.cpu();
    let load = clients::run(target, pace, seconds);
    let arrivals = wait(&sink, &load);
    let cpu = server.cpu() - before;
    let orders = load.accepted.len().max(1) as f64;
    let arrived = |order: &Accepted| arrivals.get(&order.id)?.first().copied();
    let delivered = load
        .accepted
        .iter()
        .filter_map(arrived)
        .filter(|at| *at <= load.ended);
    let mut accept: Vec<f64> = load
        .accepted
        .iter()
        .map(|order| ms(order.answered - order.sent))
        .collect();
    let since = |began: fn(&Accepted) -> Instant| {
        let arrived = load
            .accepted
            .iter()
            .filter_map(|order| Some((began(order), arrived(order)?)));
        // Now and then the receiver has it before the client has read its answer.
        let mut times: Vec<f64> = arrived
            .map(|(began, at)| ms(at.saturating_duration_since(began)))
            .collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let (since_accepted, since_sent) = (since(|order| order.answered), since(|order| order.sent));
    accept.sort_by(f64::total_cmp);
    let window = (load.ended - load.began).as_secs_f64();
    Run {
        figures: [
            orders / window,
            delivered.count() as f64 / window,
            percentile(&accept, 0.5),
            percentile(&accept, 0.99),
            percentile(&since_accepted, 0.5),
            percentile(&since_accepted, 0.99),
            percentile(&since_sent, 0.5),
            percentile(&since_sent, 0.99),
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
