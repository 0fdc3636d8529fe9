//! What every simulated ATS is: a running HTTP server with its URL, whose people are played through its control
//! routes and whose partner calls everything else.

use super::caller::Caller;
use super::faults::Faults;
use super::forms::{OrderForm, PartnerForm};
use super::inbound::{self, Received, Reply};
use super::journal::Journal;
use super::refusal::Refusal;
use super::view::{Dialog, View};
use super::{control, forms};
use crate::ambient::{Ambient, System};
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

/// A simulated ATS that runs.
pub struct SimulatedAts {
    /// Where it is reached, without a trailing slash.
    pub url: String,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
}

impl SimulatedAts {
    /// Stops at once; what it had under way is dropped, as a power cut would.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        let _ = self.running.await;
    }
}

/// What sets one simulated ATS apart from the others. Its value is what the ATS remembers: at first, of a customer
/// who has no partner.
pub(super) trait Ats: Default + Send + 'static {
    /// The customer, or the ATS's support, enters the partner. An error says what is missing.
    fn enter_partner(&mut self, form: PartnerForm) -> Result<(), String>;

    /// The recruiter opens the dialog, and the ATS asks its partner what there is.
    async fn open_dialog(site: &Data<Site<Self>>) -> Result<Dialog, Refusal>;

    /// The recruiter has chosen. The ATS, which is reached at `url`, remembers what it will send, and names it.
    fn place(&mut self, url: &str, order: OrderForm) -> Result<String, Refusal>;

    /// Sends that order to the partner, for the first time or again. Returns the partner's id of it, where its
    /// answer has one.
    async fn send(site: &Data<Site<Self>>, id: &str) -> Result<Option<String>, Refusal>;

    /// The user cancels that order.
    async fn cancel(site: &Data<Site<Self>>, id: &str) -> Result<(), Refusal>;

    /// What the recruiter sees of that order; none where there is no such order.
    fn view(&self, id: &str) -> Option<View>;

    /// The partner calls.
    fn receive(site: &Data<Site<Self>>, call: &Received<'_>) -> Reply;
}

/// A simulated ATS from within.
pub(super) struct Site<A> {
    /// Its own URL, which stands in what it sends.
    pub url: String,
    /// With which it calls its partner.
    pub caller: Caller,
    /// What goes wrong on purpose.
    pub faults: Faults,
    memory: Mutex<A>,
}

impl<A> Site<A> {
    /// What it remembers, for as long as nothing is awaited.
    pub fn memory(&self) -> MutexGuard<'_, A> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the port and serves: the control routes, and for the partner all the rest.
pub(super) fn launch<A: Ats>(port: u16) -> io::Result<SimulatedAts> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let url = format!("http://{}", listener.local_addr()?);
    let journal = Data::new(Journal::default());
    let site = Data::new(Site {
        url: url.clone(),
        caller: Caller::new(journal.clone()).map_err(io::Error::other)?,
        faults: Faults::default(),
        memory: Mutex::new(A::default()),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(site.clone())
            .app_data(journal.clone())
            .app_data(forms::lenient_json())
            .configure(control::routes::<A>)
            .default_service(web::to(inbound::answer::<A>))
    });
    let server = server.workers(1).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    Ok(SimulatedAts {
        url,
        handle,
        running: tokio::spawn(server),
    })
}

/// An id that nothing has yet.
pub(super) fn mint_uuid() -> String {
    System.uuid().to_string()
}
