//! The tests from outside: a real server on real sockets. The ATS side is `sandbox/` or a plain HTTP client,
//! the vendor side a small receiver; neither shares code with the translators. Time is injected.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod contracts;
mod deliveries;
mod durability;
mod greenhouse_flow;
mod harness;
mod house;
mod pushes;
mod secrecy;
mod store;
