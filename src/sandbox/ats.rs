//! What every simulated ATS is: a running HTTP server with its URL, whose journal can be read.

use super::caller::Caller;
use super::journal::{self, Journal};
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, JsonConfig, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer, error};
use serde_json::json;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
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

/// What a simulated ATS is made with.
pub(super) struct Premises {
    /// Its own URL, which stands in what it sends.
    pub url: String,
    /// With which it calls its partner.
    pub caller: Caller,
    /// What was said in both directions.
    pub journal: Data<Journal>,
}

/// Opens the port, builds the ATS that stands behind it, and serves its routes.
pub(super) fn launch<Ats: Send + Sync + 'static>(
    port: u16,
    build: fn(Premises) -> Ats,
    routes: fn(&mut ServiceConfig),
) -> io::Result<SimulatedAts> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let url = format!("http://{}", listener.local_addr()?);
    let journal = Data::new(Journal::default());
    let caller = Caller::new(journal.clone()).map_err(io::Error::other)?;
    let ats = Data::new(build(Premises {
        url: url.clone(),
        caller,
        journal: journal.clone(),
    }));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(ats.clone())
            .app_data(journal.clone())
            .app_data(lenient_json())
            .route("/control/exchanges", web::get().to(journal::show))
            .configure(routes)
    });
    let server = server.workers(1).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    Ok(SimulatedAts {
        url,
        handle,
        running: tokio::spawn(server),
    })
}

/// Control routes are typed by hand: a content type is not insisted on, and a mistake is named.
fn lenient_json() -> JsonConfig {
    JsonConfig::default()
        .content_type_required(false)
        .error_handler(|mistake, _| {
            let answer = refusal(StatusCode::BAD_REQUEST, &mistake.to_string());
            error::InternalError::from_response(mistake, answer).into()
        })
}

/// What a control route answers when it cannot do what was asked.
pub(super) fn refusal(status: StatusCode, reason: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": reason}))
}
