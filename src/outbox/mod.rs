//! What leaves the house: deliveries to vendors and pushes to ATSs. Claims jobs under a lease, sends them, and
//! writes down what came of it.

pub mod address_guard;
pub mod announcer;
pub mod client;
pub mod credentials;
pub mod delivery;
mod outcome;
mod push;
mod recorder;
pub mod schedule;
mod seats;
pub mod signing;
mod tools;
mod worker;

pub use tools::{Outbox, Wake};
pub use worker::Running;
