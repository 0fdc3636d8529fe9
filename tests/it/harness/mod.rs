//! What every test stands on.

mod clock;
mod receiver;
mod server;

pub use clock::TestClock;
pub use receiver::{Receiver, Reply};
pub use server::{Customer, Server};

/// How long a test waits for something that has to happen. Nothing waits that long when all is well.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
