//! The real binary under load while it, or its database, is killed again and again: what was acknowledged has to be
//! delivered, every order once, and whoever was killed has to be back in seconds.
//!
//! `cargo bench --bench chaos`; CROSSCHECK_BENCH_KILLS, _SEED and _SECONDS change how often processes are killed,
//! which moments chance chooses, and how long the database is restarted now and then. Installs PostgreSQL on Debian
//! where it is missing. Fails where something was lost, told under two ids, or not ready in time.
#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot run should say so and stop"
)]
#![expect(clippy::panic, reason = "as above")]
#![expect(clippy::as_conversions, reason = "counts and times, far from any limit")]

mod chance;
mod clients;
#[path = "../support/connection.rs"]
mod connection;
mod database;
mod harm;
#[path = "../support/listening.rs"]
mod listening;
#[path = "../support/postgres.rs"]
mod postgres;
mod replica;
mod sink;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod verdict;

use chance::Chance;
use postgres::PostgresServer;
use stage::Stage;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often the database is restarted.
const RESTARTS: u64 = 5;

fn main() -> ExitCode {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = setting("SEED", now.subsec_nanos().into());
    let (kills, span) = (setting("KILLS", 200), Duration::from_secs(setting("SECONDS", 60)));
    println!("CROSSCHECK_BENCH_SEED={seed}");
    let mut chance = Chance::of(seed);
    let mut is_good = true;

    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("chaos.db").display());
    let mut stage = Stage::set(1, &url, directory.path());
    let harm = harm::kill_replicas(&mut stage, kills, &mut chance);
    let name = format!("SQLite, one process, {kills} kills");
    is_good &= verdict::judge(&name, stage, &harm);

    let place = tempfile::tempdir().unwrap();
    let server = PostgresServer::start(place.path());
    let mut stage = Stage::set(2, &server.url, place.path());
    let harm = harm::kill_replicas(&mut stage, kills, &mut chance);
    let name = format!("PostgreSQL, two replicas, {kills} kills");
    is_good &= verdict::judge(&name, stage, &harm);
    drop(server);

    let place = tempfile::tempdir().unwrap();
    let server = PostgresServer::start(place.path());
    let mut stage = Stage::set(2, &server.url, place.path());
    let harm = harm::restart_database(&mut stage, place.path(), RESTARTS, span, &mut chance);
    let name = format!("PostgreSQL restarted {RESTARTS} times as by a crash, two replicas");
    is_good &= verdict::judge(&name, stage, &harm);

    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(format!("CROSSCHECK_BENCH_{name}")).ok();
    text.map_or(default, |text| text.parse().unwrap())
}
