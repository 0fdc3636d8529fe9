//! A simulated Ashby, as its assessment partner API is documented: it calls the partner's endpoints, and takes
//! `assessment.update`. What it refuses for its content it refuses as Ashby does, with 200 and `success: false`.
//!
//! Its own keys: `custom_fields` of a partner (whether Ashby has enabled them), and of an order those in
//! [`sending`]. Its partner needs `credentials.api_key`, the customer's API key.

mod answers;
mod assessment;
mod dialog;
mod memory;
mod partner;
mod receiving;
mod sending;
#[cfg(test)]
mod tests;
mod update;

use super::ats::{Ats, SimulatedAts, launch};
use super::forms::{OrderForm, PartnerForm};
use super::inbound::{Received, Reply};
use super::refusal::Refusal;
use super::view::{Dialog, View};
use actix_web::web::Data;
use memory::Ashby;
use partner::Partner;
use std::io;

/// Starts an Ashby with one customer, who has no partner yet.
pub fn start(port: u16) -> io::Result<SimulatedAts> {
    launch::<Ashby>(port)
}

type Site = super::ats::Site<Ashby>;

impl Ats for Ashby {
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
        sending::start(site, id).await.map(Some)
    }

    async fn cancel(site: &Data<Site>, id: &str) -> Result<(), Refusal> {
        sending::cancel(site, id).await
    }

    fn view(&self, id: &str) -> Option<View> {
        self.view_of(id)
    }

    fn receive(site: &Data<Site>, call: &Received<'_>) -> Reply {
        receiving::receive(site, call)
    }
}
