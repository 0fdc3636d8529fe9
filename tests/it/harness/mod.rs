//! What every test stands on.

mod calls;
mod clock;
mod outbox;
mod process;
mod projects;
mod raw;
mod receiver;
mod server;

pub use calls::{Answered, refusal};
pub use clock::TestClock;
pub use outbox::{PAST_EVERY_STEP, wait_of};
pub use process::{Process, run};
pub use projects::OTHER_API_KEY;
pub use raw::{Holder, Manner, rude};
pub use receiver::{Receiver, Reply};
pub use server::{API_KEY, Customer, Server};

/// How long a test waits for something that has to happen. Nothing waits that long when all is well.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
