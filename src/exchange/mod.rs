//! The use cases: what happens when an ATS, a vendor or an operator asks for something. It decides; `http/`
//! renders and `outbox/` sends.

pub mod accounts;
mod announcing;
mod cancelling;
pub mod connect_page;
pub mod connect_sessions;
pub mod connectors;
mod context;
mod credentials;
pub mod customer;
pub mod deliveries;
pub mod events;
mod gathering;
pub mod intake;
pub mod integrations;
pub mod keys;
pub mod last_uses;
pub mod linked_accounts;
mod linking;
pub mod list_page;
mod list_url;
pub mod monitoring;
mod ordering;
pub mod orders;
pub mod package_lists;
pub mod packages;
mod placing;
pub mod projects;
pub mod replaying;
pub mod request_logs;
pub mod results;
pub mod rotation;
pub mod set_up;
pub mod setup_information;
pub mod vendor_log;
pub mod vendor_orders;
pub mod webhooks;
pub mod write;

pub use context::{Exchange, OpenError, Settings};
pub use credentials::MASK;
pub use write::Write;
