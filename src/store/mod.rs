//! Everything that is kept. The only room that names diesel; one file per aggregate.
//!
//! Rows hold sealed values as they are stored; sealing and opening is `exchange/`'s and `outbox/`'s.

pub mod accounts;
mod engine;
pub mod events;
pub mod integrations;
pub mod jobs;
pub mod orders;
pub mod packages;
mod pool;
pub mod projects;
pub mod pushes;
mod readers;
pub mod request_logs;
mod schema;
pub mod webhooks;
mod writer;

pub use engine::{Db, StoreError, StoreResult};
pub use pool::{OpenError, Ownership, Page, Store};
