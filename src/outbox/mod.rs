//! What leaves the house: deliveries to vendors and pushes to ATSs. Claims jobs under a lease, sends them, and
//! writes down what came of it.

pub mod address_guard;
pub mod announcer;
pub mod client;
mod push;
mod recorder;
pub mod schedule;
mod seats;
pub mod signing;
mod worker;

pub use worker::{Outbox, Running, Wake, webhook_secrets};
