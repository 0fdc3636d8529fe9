//! The sample vendor: receives webhooks, believes only what is signed, and remembers what it received.

use super::signature::{SignedHeaders, verify};
use crate::ambient::{Ambient, System};
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where it receives webhooks.
pub const PATH: &str = "/webhooks/crosscheck";

/// How long it waits for a message that has to come.
const DEADLINE: Duration = Duration::from_secs(20);

/// A message that arrived.
#[derive(Clone)]
pub struct Received {
    /// Its three headers.
    pub headers: SignedHeaders,
    /// The bytes as they came; a text, or it was not believed.
    pub body: String,
    /// What was answered.
    pub status: u16,
    /// Why it was not believed.
    pub doubt: Option<String>,
}

/// What both sides of the server see.
struct Mailbox {
    secret: watch::Sender<Option<String>>,
    received: watch::Sender<Vec<Received>>,
}

/// The sample vendor's server.
pub struct Vendor {
    /// The URL to register.
    pub webhook_url: String,
    mailbox: Data<Mailbox>,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
}

impl Vendor {
    /// Starts it on a free port of 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let webhook_url = format!("http://{}{PATH}", listener.local_addr()?);
        let mailbox = Data::new(Mailbox {
            secret: watch::Sender::new(None),
            received: watch::Sender::new(Vec::new()),
        });
        let shared = mailbox.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .route(PATH, web::post().to(receive))
        });
        let server = server.workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        Ok(Self {
            webhook_url,
            mailbox,
            handle,
            running: tokio::spawn(server),
        })
    }

    /// Stops it at once.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        let _ = self.running.await;
    }

    /// From now on it believes what is signed with `secret`.
    pub fn trust(&self, secret: String) {
        self.mailbox.secret.send_replace(Some(secret));
    }

    /// How many messages have arrived.
    pub fn count(&self) -> usize {
        self.mailbox.received.borrow().len()
    }

    /// The message of that place, the first being 0, as soon as it is there.
    pub async fn nth(&self, place: usize) -> Received {
        let mut arrivals = self.mailbox.received.subscribe();
        loop {
            // The sender is in `self`, so waiting cannot fail.
            let arrived = arrivals.wait_for(|received| received.len() > place).await;
            if let Some(received) = arrived.ok().and_then(|all| all.get(place).cloned()) {
                return received;
            }
        }
    }

    /// The same, within a deadline.
    pub async fn expect(&self, place: usize) -> Result<Received, String> {
        tokio::time::timeout(DEADLINE, self.nth(place))
            .await
            .map_err(|_| format!("no webhook arrived within {} s", DEADLINE.as_secs()))
    }
}

async fn receive(mailbox: Data<Mailbox>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let headers = SignedHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let secret = mailbox.secret.borrow().clone().unwrap_or_default();
    let doubt = verify(&secret, &headers, &body, System.now().seconds())
        .err()
        .map(|forged| forged.to_string());
    let mut answer = match &doubt {
        None => HttpResponse::NoContent(),
        Some(_) => HttpResponse::Unauthorized(),
    };
    let answer = answer.finish();
    let received = Received {
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        status: answer.status().as_u16(),
        doubt,
    };
    mailbox.received.send_modify(|all| all.push(received));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_answers_204_to_what_is_signed_and_401_to_all_else() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let vendor = Vendor::start().unwrap();
        let secret = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIHNoYXJlZCBrZXk=";
        let now = System.now().seconds();
        let signature = standardwebhooks::Webhook::new(secret)
            .unwrap()
            .sign("evt_1", now, b"{}")
            .unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let post = async |body: &'static str| {
            let request = http
                .post(&vendor.webhook_url)
                .header("webhook-id", "evt_1")
                .header("webhook-timestamp", now)
                .header("webhook-signature", &signature);
            request.body(body).send().await.unwrap().status().as_u16()
        };
        assert_eq!(post("{}").await, 401);
        vendor.trust(secret.to_owned());
        assert_eq!(post("{}").await, 204);
        assert_eq!(post("{ }").await, 401);
        assert_eq!(vendor.count(), 3);
        let second = vendor.expect(1).await.unwrap();
        assert_eq!((second.body.as_str(), second.doubt), ("{}", None));
        vendor.stop().await;
    }
}
