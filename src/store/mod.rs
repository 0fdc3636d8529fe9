//! Everything that is kept. The only room that names diesel; one file per aggregate.
//!
//! Rows hold sealed values as they are stored; sealing and opening is `exchange/`'s and `outbox/`'s.

pub mod accounts;
pub mod api_keys;
pub mod claims;
pub mod connect_sessions;
mod database;
pub mod duties;
mod engine;
pub mod events;
pub mod idempotency_keys;
pub mod integrations;
pub mod jobs;
pub mod orders;
pub mod outcomes;
pub mod packages;
mod postgres;
pub mod projects;
pub mod pushes;
pub mod request_logs;
mod schema;
pub mod sealed;
pub mod sequences;
mod sqlite;
mod statement;
pub mod webhooks;

pub use database::{OpenError, Ownership, Page, Store};
pub use engine::{Db, StoreError, StoreResult};
