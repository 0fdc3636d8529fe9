//! What the outbox has to say to the house when a job ends. Implemented above, where events are made.

use crate::store::jobs::JobRow;
use crate::store::{Db, StoreResult};

/// Something the vendor should know.
#[derive(Debug)]
pub enum Announcement<'a> {
    /// A delivery will not be tried again.
    DeliveryEnded {
        /// Why.
        reason: &'a str,
    },
    /// The ATS has what was pushed.
    PushArrived,
    /// A push will not be tried again.
    PushEnded {
        /// Why.
        reason: &'a str,
    },
    /// The delivery's endpoint answered 410 and was disabled.
    WebhookDisabled,
}

/// Turns announcements into events, in the transaction that ends the job.
pub trait Announcer: Send + Sync {
    /// Announces `what` of `job`.
    fn announce(&self, db: &mut Db<'_>, job: &JobRow, what: Announcement<'_>) -> StoreResult<()>;
}
