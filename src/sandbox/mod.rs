//! Simulated ATSs, for the demo and the tests: real HTTP servers that behave as the ATS does, with the same
//! control routes for whoever plays its people. They share no code with the translators, so that a mistake of
//! one is not hidden by the other.

mod ashby;
pub mod ats;
mod caller;
mod control;
mod faults;
mod forms;
mod greenhouse;
mod inbound;
pub mod journal;
mod recruitee;
mod refusal;
pub mod registry;
#[cfg(test)]
mod scene;
mod view;
