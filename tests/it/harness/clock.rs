//! A clock that a test can move.

use crosscheck::ambient::{Ambient, System};
use crosscheck::domain::timestamp::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

/// The system's clock, moved by as much as a test wants.
#[derive(Default)]
pub struct TestClock {
    ahead_ms: AtomicI64,
}

impl TestClock {
    pub fn advance(&self, milliseconds: i64) {
        self.ahead_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Ambient for TestClock {
    fn now(&self) -> Timestamp {
        System.now().plus_ms(self.ahead_ms.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        System.fill(bytes);
    }
}
