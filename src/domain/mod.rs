//! The unified model: what a project, an account, an order, a result and an event *are*. No I/O.

pub mod account;
pub mod category;
pub mod event;
pub mod id;
pub mod key;
pub mod order;
pub mod package;
pub mod problem;
pub mod request_id;
pub mod result;
pub mod scope;
pub mod timestamp;
pub mod vendor_order;
