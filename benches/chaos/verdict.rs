//! What came of a run: whether everything that was acknowledged arrived, once in name, and how soon all were back.

use super::clients::Address;
use super::database::count;
use super::harm::Harm;
use super::stage::{Stage, call};
use super::support::percentile;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long the rest may take to be delivered: the leases of those who were killed end meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);
/// How soon a process has to be ready.
const READY: Duration = Duration::from_secs(5);

const PENDING: &str = "SELECT count(*) AS count FROM jobs WHERE status <> 'succeeded'";
const ORDERS: &str = "SELECT count(*) AS count FROM orders";

/// Ends the load, waits until nothing is pending, and prints what came of it. False where it is not as it must be.
pub fn judge(name: &str, stage: Stage, harm: &Harm) -> bool {
    println!("\n{name}");
    let told = stage.clients.stop();
    let pending = drain(&stage.url);
    let addresses: Vec<_> = stage
        .replicas
        .iter()
        .map(|replica| Address::clone(&replica.address))
        .collect();
    let listed = list_pending(&addresses);
    let arrivals = stage.sink.arrivals();
    let orders = count(&stage.url, ORDERS);

    let lost: Vec<_> = told
        .acknowledged
        .iter()
        .filter(|order| !arrivals.contains_key(*order))
        .collect();
    let told_twice: Vec<_> = arrivals
        .iter()
        .filter(|(_, arrived)| arrived.events.len() != 1)
        .map(|(order, _)| order)
        .collect();
    let again: u64 = arrivals.values().map(|arrived| arrived.times - 1).sum();
    let mut ready: Vec<f64> = harm.ready.iter().map(Duration::as_secs_f64).collect();
    ready.sort_by(f64::total_cmp);
    let slowest = percentile(&ready, 1.0);

    let acknowledged = told.acknowledged.len();
    println!(
        "  acknowledged {acknowledged}, orders in the database {orders}, delivered {}",
        arrivals.len()
    );
    println!("  requests that were repeated {}", told.repeated);
    println!("  acknowledged and not delivered {} {lost:?}", lost.len());
    println!("  pending at the end {pending} by the database, {listed} by the API");
    println!(
        "  under more than one webhook-id {} {told_twice:?}",
        told_twice.len()
    );
    println!(
        "  delivered again {again}; under way at those moments {}",
        harm.under_way.len()
    );
    println!(
        "  ready after p50 {:.3} s, at most {slowest:.3} s ({} times)",
        percentile(&ready, 0.5),
        ready.len()
    );
    if !told.wrong.is_empty() {
        println!("  wrong answers {} {:?}", told.wrong.len(), told.wrong.first());
    }
    lost.is_empty()
        && told_twice.is_empty()
        && told.wrong.is_empty()
        && pending + listed == 0
        && usize::try_from(orders) == Ok(acknowledged)
        && slowest < READY.as_secs_f64()
}

/// Waits until every job has succeeded. Returns how many have not.
fn drain(url: &str) -> i64 {
    let ends = Instant::now() + PATIENCE;
    loop {
        let pending = count(url, PENDING);
        if pending == 0 || Instant::now() > ends {
            return pending;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// How many deliveries the API still lists as pending; it lists the first of them.
fn list_pending(addresses: &[Address]) -> i64 {
    let list = |path: &str| {
        let page = call(addresses, "GET", path, None);
        page.get("data").and_then(Value::as_array).cloned().unwrap()
    };
    let webhooks = list("/webhooks");
    let ids = webhooks.iter().filter_map(|one| one.get("id")?.as_str());
    ids.map(|id| list(&format!("/webhooks/{id}/deliveries?status=pending")).len() as i64)
        .sum()
}
