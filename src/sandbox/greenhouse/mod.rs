//! A simulated Greenhouse, as its Assessment Partner API is documented: it calls the partner's four
//! endpoints, takes the callback, then reads `test_status`, and complains of what is malformed.

mod answers;
mod callback;
mod complaint;
mod dialog;
mod faults;
mod partner;
mod recruiter_view;
mod sending;
mod site;
mod take_home_test;
#[cfg(test)]
mod tests;

use super::ats::{SimulatedAts, launch};
use actix_web::web::{ServiceConfig, get, patch, post, put};
use site::Site;
use std::io;

/// Starts a Greenhouse with one customer, who has no partner yet.
pub fn start(port: u16) -> io::Result<SimulatedAts> {
    launch(port, Site::new, routes)
}

fn routes(greenhouse: &mut ServiceConfig) {
    greenhouse
        .route("/control/partner", put().to(partner::enter))
        .route("/control/faults", put().to(faults::set))
        .route("/control/dialog", post().to(dialog::open))
        .route("/control/tests", post().to(sending::send))
        .route("/control/tests/{id}", get().to(recruiter_view::show))
        .route("/control/tests/{id}/resend", post().to(sending::resend))
        .route(callback::PATH, patch().to(callback::receive));
}
