//! A small HTTP server that plays whoever Crosscheck calls: it records every request and answers as told.

use super::PATIENCE;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Whether the official library makes the same signature of what arrived. (Its `verify` asks the real
    /// clock, which a test may have left behind.)
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let (id, timestamp) = (&self.headers["webhook-id"], &self.headers["webhook-timestamp"]);
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        let expected = webhook.sign(id, timestamp.parse().unwrap(), &self.body).unwrap();
        self.headers["webhook-signature"]
            .split(' ')
            .any(|signature| signature == expected)
    }
}

/// What the receiver answers.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub fn json(body: &Value) -> Self {
        Self {
            body: body.to_string(),
            ..Self::status(200)
        }
    }
}

type Script = Arc<Mutex<Box<dyn FnMut(&Received) -> Reply + Send>>>;

pub struct Receiver {
    pub url: String,
    script: Script,
    arrived: mpsc::UnboundedReceiver<Received>,
    handle: actix_web::dev::ServerHandle,
}

impl Receiver {
    /// A receiver that answers everything with 200.
    pub async fn start() -> Self {
        let (sender, arrived) = mpsc::unbounded_channel();
        let script: Script = Arc::new(Mutex::new(Box::new(|_| Reply::status(200))));
        let state = web::Data::new((sender, Arc::clone(&script)));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::clone(&state))
                .app_data(web::PayloadConfig::new(4 * 1024 * 1024))
                .default_service(web::route().to(receive))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            url,
            script,
            arrived,
            handle,
        }
    }

    /// Answers by `script` from now on.
    pub fn answer(&self, script: impl FnMut(&Received) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// The next request that arrives.
    pub async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.arrived.recv())
            .await
            .expect("a request arrives")
            .unwrap()
    }

    /// What has arrived and was not looked at.
    pub fn rest(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.arrived.try_recv().ok()).collect()
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn receive(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<(mpsc::UnboundedSender<Received>, Script)>,
) -> HttpResponse {
    let headers = request.headers().iter();
    let received = Received {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: body.to_vec(),
    };
    let reply = (state.1.lock().unwrap())(&received);
    let mut response = HttpResponse::build(StatusCode::from_u16(reply.status).unwrap());
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    let response = response.body(reply.body);
    let _ = state.0.send(received);
    response
}
