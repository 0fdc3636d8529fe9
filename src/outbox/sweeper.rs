//! Work that is done from time to time, by one process for all: taking back the leases of workers that died, and
//! forgetting what has had its time.

use super::tools::Outbox;
use crate::store::{Db, StoreResult, claims, connect_sessions, duties, idempotency_keys};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const ROUND: Duration = Duration::from_secs(1);
/// The duty and for how long it is held: whoever dies with it does not keep it long.
const DUTY: &str = "sweep";
const HELD_MS: i64 = 5_000;

pub async fn run(outbox: Arc<Outbox>, mut stopped: watch::Receiver<bool>) {
    let me = outbox.ambient.uuid().to_string();
    // Until it is told to stop, or nobody is left to tell it.
    while !*stopped.borrow() && stopped.has_changed().is_ok() {
        let _ = tokio::time::timeout(ROUND, stopped.changed()).await;
        match sweep(&outbox, me.clone()).await {
            Ok(0) => {}
            Ok(freed) => {
                tracing::info!(freed, "jobs of a worker that died are due again");
                outbox.wake.wake();
            }
            Err(error) => tracing::warn!(%error, "leases that ended could not be taken back"),
        }
        if let Err(error) = forget(&outbox).await {
            tracing::warn!(%error, "what has had its time could not be forgotten");
        }
    }
}

async fn forget(outbox: &Outbox) -> StoreResult<()> {
    let now = outbox.ambient.now();
    if outbox
        .store
        .read(move |db| idempotency_keys::has_old(db, now))
        .await?
    {
        outbox
            .store
            .write(move |db| idempotency_keys::forget_old(db, now))
            .await?;
    }
    if outbox
        .store
        .read(move |db| connect_sessions::has_old(db, now))
        .await?
    {
        outbox
            .store
            .write(move |db| connect_sessions::forget_old(db, now))
            .await?;
    }
    Ok(())
}

/// Looks first, so that an idle server writes nothing.
async fn sweep(outbox: &Outbox, me: String) -> StoreResult<usize> {
    if !outbox.store.read(claims::has_ended_leases).await? {
        return Ok(0);
    }
    let mine = move |db: &mut Db<'_>| match duties::take(db, DUTY, &me, HELD_MS)? {
        true => claims::take_back_ended(db),
        false => Ok(0),
    };
    outbox.store.write(mine).await
}
