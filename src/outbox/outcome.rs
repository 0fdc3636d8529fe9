//! What came of a send, before it is written down.

use super::lanes::Ended;
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::store::jobs::JobRow;
use std::time::Duration;

/// What came of one try.
#[derive(Clone, Debug)]
pub enum Tried {
    /// It arrived.
    Done {
        /// HTTP status.
        status: u16,
        /// Milliseconds.
        took: i64,
    },
    /// It did not; there may be another try.
    Failed {
        /// HTTP status, where an answer came.
        status: Option<u16>,
        /// What was wrong.
        error: String,
        /// How long the receiver asks us to wait.
        retry_after: Option<Duration>,
        /// Milliseconds.
        took: i64,
    },
    /// Nothing could be sent, through no fault of the receiver; there may be another try.
    Unready {
        /// What was wrong.
        error: String,
    },
    /// The endpoint answered 410: it wants nothing more.
    Gone {
        /// Milliseconds.
        took: i64,
    },
    /// No try was made: the endpoint was disabled after the claim, or the lease was about to end.
    NotMade,
    /// It was claimed too often without an outcome: it is taken out, so that it cannot kill workers for ever.
    TakenOut,
    /// It can never arrive.
    Never {
        /// HTTP status, where an answer came.
        status: Option<u16>,
        /// Why.
        reason: String,
        /// Milliseconds.
        took: i64,
    },
}

/// What a try is known by to whoever is called: each lease of a job allows one.
pub fn request_id(job: &JobRow) -> RequestId {
    RequestId::of(&job.id, job.fence)
}

impl Tried {
    /// What it says of the receiver.
    pub fn ended(&self) -> Ended {
        match self {
            Self::Done { .. } | Self::Never { status: Some(_), .. } => Ended::Well,
            Self::Failed { .. } => Ended::Badly,
            Self::Unready { .. }
            | Self::Gone { .. }
            | Self::NotMade
            | Self::TakenOut
            | Self::Never { status: None, .. } => Ended::Unsent,
        }
    }

    /// In a word, for the metrics; none where no try was made.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::Done { .. } => Some("arrived"),
            Self::Failed { .. } => Some("failed"),
            Self::Unready { .. } => Some("unready"),
            Self::Gone { .. } => Some("gone"),
            Self::Never { .. } => Some("never"),
            Self::NotMade | Self::TakenOut => None,
        }
    }

    /// How long the call took, where one was made.
    pub fn took(&self) -> Option<Duration> {
        match self {
            Self::Done { took, .. } | Self::Failed { took, .. } | Self::Gone { took } => Some(*took),
            Self::Never { status, took, .. } => status.and(Some(*took)),
            Self::Unready { .. } | Self::NotMade | Self::TakenOut => None,
        }
        .map(|took| Duration::from_millis(u64::try_from(took).unwrap_or_default()))
    }

    /// How long the receiver asks us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub fn unready(error: &dyn std::error::Error) -> Self {
        Self::Unready {
            error: error.to_string(),
        }
    }

    pub fn failed(error: String, took: i64) -> Self {
        Self::Failed {
            status: None,
            error,
            retry_after: None,
            took,
        }
    }

    pub fn never(reason: impl Into<String>) -> Self {
        Self::Never {
            status: None,
            reason: reason.into(),
            took: 0,
        }
    }
}

/// What a try was about, as the request log says it.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The type of the event, where it is a delivery and that is known.
    pub event_type: Option<String>,
    /// The order's id.
    pub order: Option<String>,
    /// The customer's id.
    pub account: Option<String>,
    /// The provider's key.
    pub provider: Option<String>,
    /// The method of the call, where one was made.
    pub method: Option<String>,
    /// Its scheme and host.
    pub url: Option<String>,
}

/// One thing to write down: what came of `job` at `at`. `fraction` is the chance that varies the next wait.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub job: JobRow,
    pub tried: Tried,
    pub about: About,
    pub at: Timestamp,
    pub fraction: f64,
}
