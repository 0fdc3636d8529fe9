//! What every test stands on.

mod calls;
mod clock;
mod projects;
mod receiver;
mod server;

pub use calls::{Answered, refusal};
pub use clock::TestClock;
pub use projects::OTHER_API_KEY;
pub use receiver::{Receiver, Reply};
pub use server::{API_KEY, Customer, Server};

/// How long a test waits for something that has to happen. Nothing waits that long when all is well.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
