//! The ATSs that are simulated. Adding one: its `mod` line in mod.rs, and its line here.

use super::ats::SimulatedAts;
use std::io;

/// Starts a simulated ATS on a port of 127.0.0.1; port 0 picks a free one. Needs a tokio runtime.
pub type Start = fn(port: u16) -> io::Result<SimulatedAts>;

static SIMULATED: &[(&str, Start)] = &[
    // By the provider's key.
    ("greenhouse", super::greenhouse::start),
    ("ashby", super::ashby::start),
    ("recruitee", super::recruitee::start),
];

/// Every provider key with how to start its simulation.
pub fn all() -> &'static [(&'static str, Start)] {
    SIMULATED
}

/// How to start the simulation of the provider with that key.
pub fn find(key: &str) -> Option<Start> {
    all()
        .iter()
        .find(|(provider, _)| *provider == key)
        .map(|(_, start)| *start)
}
