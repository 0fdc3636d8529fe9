//! Faces: parse, authorise, call `exchange/`, render. No rule lives here. One folder per audience.

mod admission;
mod ats;
mod auth;
mod body;
mod customer;
mod metering;
pub mod openapi;
mod operator;
mod paging;
mod parameters;
mod problem;
mod rate_limit;
mod request_id;
mod routes;
pub mod server;
mod vendor;
mod vendor_log;
