//! Faces: parse, authorise, call `exchange/`, render. No rule lives here. One folder per audience.

mod admission;
mod ats;
mod auth;
mod body;
pub mod openapi;
mod operator;
mod paging;
mod parameters;
mod problem;
mod routes;
pub mod server;
mod vendor;
