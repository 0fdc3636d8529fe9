//! What the operator's monitoring is told, and whether it may ask.

use super::context::Exchange;
use crate::domain::timestamp::Timestamp;
use crate::metrics::Metrics;
use crate::store::jobs;
use std::time::Duration;

/// For what the key that opens the metrics is hashed: compared like this, how long it takes tells nothing of it.
pub(super) const PURPOSE: &str = "metrics_key";
/// How long the database may take to say what waits: less than monitoring waits for us.
const PATIENCE: Duration = Duration::from_secs(3);

impl Exchange {
    /// What is counted and timed.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether who shows `key` may read the metrics: anybody, where no key was set for that.
    pub fn may_monitor(&self, key: Option<&str>) -> bool {
        match (&self.metrics_key, key) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(hash), Some(key)) => **hash == self.vault.lookup(PURPOSE, key),
        }
    }

    /// All metrics, in Prometheus's text format.
    pub async fn monitor(&self) -> String {
        let oldest = self.store.read(jobs::oldest_due);
        let overdue = match tokio::time::timeout(PATIENCE, oldest).await {
            Ok(Ok(oldest)) => oldest.map_or(0.0, |due| self.seconds_since(due)),
            Ok(Err(_)) | Err(_) => f64::NAN,
        };
        self.metrics.text(overdue)
    }

    /// None before it.
    fn seconds_since(&self, due: Timestamp) -> f64 {
        let ms = self.ambient.now().0.saturating_sub(due.0);
        Duration::from_millis(u64::try_from(ms).unwrap_or_default()).as_secs_f64()
    }
}
