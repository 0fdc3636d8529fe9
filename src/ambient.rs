//! What the program takes from its surroundings: wall-clock time, randomness, and ids made of both.
//! They enter here and nowhere else, so that a test can decide them.

use crate::domain::timestamp::Timestamp;
use uuid::Uuid;

/// The one source of time and chance.
pub trait Ambient: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` with randomness fit for keys.
    fn fill(&self, bytes: &mut [u8]);

    /// A UUIDv7: the present moment and 74 random bits.
    fn uuid(&self) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(self.now().0).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A number in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        let mut random = [0; 4];
        self.fill(&mut random);
        f64::from(u32::from_le_bytes(random)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// A secret of `N` random bytes.
pub fn random_key<const N: usize>(ambient: &dyn Ambient) -> [u8; N] {
    let mut key = [0; N];
    ambient.fill(&mut key);
    key
}

/// The operating system's clock and random generator.
pub struct System;

impl Ambient for System {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without randomness every key and nonce would be guessable: nothing safe is left to do.
            tracing::error!("the operating system gives no random bytes");
            std::process::abort();
        }
    }
}
