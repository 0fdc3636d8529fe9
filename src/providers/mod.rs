//! Translators: one folder per ATS, each a pure function from its wire to the unified model and back.
//! No clock, no storage, no network.

mod ashby;
pub mod authorization;
pub mod descriptor;
mod greenhouse;
pub mod links;
pub mod provider;
mod recruitee;
pub mod registry;
pub mod set_up;
pub mod wire;
