//! A simulated Greenhouse, as its Assessment Partner API is documented: it calls the partner's four
//! endpoints, takes the callback, then reads `test_status`, and complains of what is malformed.

mod answers;
mod callback;
mod complaint;
mod dialog;
mod memory;
mod partner;
mod recruiter_view;
mod sending;
mod take_home_test;
#[cfg(test)]
mod tests;

use super::ats::{Ats, SimulatedAts, launch};
use super::forms::{OrderForm, PartnerForm};
use super::inbound::{Received, Reply};
use super::refusal::Refusal;
use super::view::{Dialog, View};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use memory::Greenhouse;
use partner::Partner;
use std::io;

/// Starts a Greenhouse with one customer, who has no partner yet.
pub fn start(port: u16) -> io::Result<SimulatedAts> {
    launch::<Greenhouse>(port)
}

type Site = super::ats::Site<Greenhouse>;

impl Ats for Greenhouse {
    fn enter_partner(&mut self, form: PartnerForm) -> Result<(), String> {
        self.partner = Some(Partner::read(form)?);
        Ok(())
    }

    async fn open_dialog(site: &Data<Site>) -> Result<Dialog, Refusal> {
        dialog::open(site).await
    }

    fn place(&mut self, url: &str, order: OrderForm) -> Result<String, Refusal> {
        sending::place(self, url, order)
    }

    async fn send(site: &Data<Site>, id: &str) -> Result<Option<String>, Refusal> {
        sending::send(site, id).await.map(Some)
    }

    async fn cancel(_: &Data<Site>, _: &str) -> Result<(), Refusal> {
        Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "Greenhouse does not tell its partner that a test was cancelled",
        ))
    }

    fn view(&self, id: &str) -> Option<View> {
        let test = self.tests.get(id)?;
        Some(recruiter_view::of(id, test))
    }

    fn receive(site: &Data<Site>, call: &Received<'_>) -> Reply {
        callback::receive(site, call)
    }
}
