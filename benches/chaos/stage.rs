//! What a run works with: replicas on an empty database, a customer, an endpoint, and clients that order.

use super::clients::{Address, Clients, Target};
use super::connection::Connection;
use super::replica::{API_KEY, Replica};
use super::sink::Sink;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use std::path::Path;

/// A load that runs.
pub struct Stage {
    /// The database.
    pub url: String,
    /// The processes.
    pub replicas: Vec<Replica>,
    /// The vendor.
    pub sink: Sink,
    /// The ATS.
    pub clients: Clients,
}

impl Stage {
    /// Brings up so many replicas, all at once, and the load.
    pub fn set(replicas: usize, url: &str, directory: &Path) -> Self {
        let place = |number| directory.join(format!("replica-{number}"));
        let mut replicas: Vec<_> = (1..=replicas)
            .map(|number| Replica::new(place(number), url))
            .collect();
        replicas.iter_mut().for_each(Replica::start);
        for replica in &mut replicas {
            replica.wait();
        }
        let sink = Sink::start();
        let addresses: Vec<_> = replicas
            .iter()
            .map(|replica| Address::clone(&replica.address))
            .collect();
        let hook = json!({"url": format!("http://{}/hook", sink.address), "events": ["record.new"]});
        call(&addresses, "POST", "/webhooks", Some(&hook));
        let customer =
            json!({"provider": "greenhouse", "origin_owner_id": "c-1", "origin_owner_name": "Chaos"});
        let linked = call(
            &addresses,
            "POST",
            "/unified/ats/assessments/secrets",
            Some(&customer),
        );
        let text = |key: &str| linked.get(key).and_then(Value::as_str).unwrap().to_owned();
        let base = text("baseUrl");
        let path = base.splitn(4, '/').nth(3).unwrap();
        let clients = Clients::start(Target {
            addresses,
            path: format!("/{path}/send_test"),
            authorization: basic(&text("secretKey")),
        });
        Self {
            url: url.to_owned(),
            replicas,
            sink,
            clients,
        }
    }
}

/// A vendor's call of the first replica, which must succeed.
pub fn call(addresses: &[Address], method: &str, path: &str, body: Option<&Value>) -> Value {
    let address = addresses.first().unwrap().lock().unwrap().unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        basic(API_KEY),
        body.len()
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut vendor = Connection::open(address).await.unwrap();
        vendor.send(request.as_bytes()).await.unwrap();
        let answer = vendor.receive().await.unwrap().unwrap();
        let said = String::from_utf8_lossy(vendor.body(&answer));
        assert!(
            vendor.head(&answer).starts_with(b"HTTP/1.1 20"),
            "{path} answered {said}"
        );
        serde_json::from_str(&said).unwrap()
    })
}

fn basic(user: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:")))
}
