//! What leaves the house: deliveries to vendors and pushes to ATSs. Claims jobs under a lease, sends them, and
//! writes down what came of it.

pub mod address_guard;
pub mod announcer;
pub mod client;
pub mod credentials;
mod decision;
pub mod delivery;
pub mod forbidden;
mod lanes;
pub mod lookout;
mod outcome;
mod push;
mod recorder;
pub mod schedule;
mod sender;
mod shortcut;
pub mod signing;
mod special_addresses;
mod sweeper;
mod tools;
mod worker;

pub use shortcut::{Departing, Shortcut};
pub use tools::{Large, Outbox, Wake};
pub use worker::Running;
