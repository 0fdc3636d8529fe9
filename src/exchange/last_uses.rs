//! When each API key was last used: kept in memory and written down now and then, so that no request waits for it.

use super::context::Exchange;
use crate::domain::id::ApiKeyId;
use crate::domain::timestamp::Timestamp;
use crate::store::{StoreError, api_keys};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How late what is written down may be.
const EVERY: Duration = Duration::from_secs(30);

/// The uses that are not written down yet, no more than there are keys. Processes write them in the same order, or they
/// could wait for each other.
#[derive(Clone, Default)]
pub(super) struct LastUses(Arc<Mutex<BTreeMap<ApiKeyId, Timestamp>>>);

impl LastUses {
    /// A key was used.
    pub fn note(&self, key: &ApiKeyId, at: Timestamp) {
        let mut uses = self.uses();
        match uses.get_mut(key) {
            Some(last) => *last = at.max(*last),
            None => {
                uses.insert(key.clone(), at);
            }
        }
    }

    fn take(&self) -> BTreeMap<ApiKeyId, Timestamp> {
        std::mem::take(&mut self.uses())
    }

    fn uses(&self) -> MutexGuard<'_, BTreeMap<ApiKeyId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes uses down for as long as it runs.
pub struct Noting {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Noting {
    /// Writes down what is left, and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the last uses of keys were not written down");
        }
    }
}

impl Exchange {
    /// Begins to write down when keys are used.
    pub fn start_noting(&self) -> Noting {
        let (stop, mut stopped) = watch::channel(false);
        let exchange = self.clone();
        let task = tokio::spawn(async move {
            // Until it is told to stop, or nobody is left to tell it.
            while !*stopped.borrow() && stopped.has_changed().is_ok() {
                let _ = tokio::time::timeout(EVERY, stopped.changed()).await;
                exchange.write_last_uses().await;
            }
        });
        Noting { stop, task }
    }

    /// Writes down what is not yet, all in one transaction. What cannot be written is for the next time.
    pub async fn write_last_uses(&self) {
        let uses = self.last_uses.take();
        if uses.is_empty() {
            return;
        }
        let noted = uses.clone();
        let written = self.store.write(move |db| {
            for (key, at) in &noted {
                api_keys::note_use(db, key, *at)?;
            }
            Ok::<_, StoreError>(())
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, "the last uses of keys could not be written down");
            for (key, at) in &uses {
                self.last_uses.note(key, *at);
            }
        }
    }
}
