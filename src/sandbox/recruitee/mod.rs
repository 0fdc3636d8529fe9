//! A simulated Recruitee, as its integration-partner API is documented: it asks the partner for tests, sends
//! candidates, and takes reports. One company, one partner, of one of three kinds.
//!
//! Its own keys: `kind` of a partner (`assessment` where it is not said), and of an order those in [`sending`].
//! `credentials` of a partner: `codename` and `partner_secret`, unless the partner was created through the API, and
//! `api_token`, the personal token that opens the partner API in place of [`memory::PERSONAL_TOKEN`].

mod answers;
mod management;
mod memory;
mod partner;
mod receiving;
mod report;
mod sending;
#[cfg(test)]
mod tests;

use super::ats::{Ats, SimulatedAts, launch};
use super::forms::{OrderForm, PartnerForm};
use super::inbound::{Received, Reply};
use super::refusal::Refusal;
use super::view::{Dialog, View};
use actix_web::web::Data;
use memory::Recruitee;
use std::io;

/// Starts a Recruitee with one company, which has no partner yet.
pub fn start(port: u16) -> io::Result<SimulatedAts> {
    launch::<Recruitee>(port)
}

type Site = super::ats::Site<Recruitee>;

impl Ats for Recruitee {
    fn enter_partner(&mut self, form: PartnerForm) -> Result<(), String> {
        self.enter(form)
    }

    async fn open_dialog(site: &Data<Site>) -> Result<Dialog, Refusal> {
        sending::open_dialog(site).await
    }

    fn place(&mut self, _: &str, order: OrderForm) -> Result<String, Refusal> {
        sending::place(self, order)
    }

    async fn send(site: &Data<Site>, id: &str) -> Result<Option<String>, Refusal> {
        // Recruitee keeps nothing of the answer: its own report_id is the only name that an order has.
        sending::send(site, id).await.map(|()| None)
    }

    async fn cancel(site: &Data<Site>, id: &str) -> Result<(), Refusal> {
        sending::cancel(site, id).await
    }

    fn view(&self, id: &str) -> Option<View> {
        let report = self.reports.get(id)?;
        Some(report.view(id))
    }

    fn receive(site: &Data<Site>, call: &Received<'_>) -> Reply {
        receiving::receive(&mut site.memory(), call)
    }
}
