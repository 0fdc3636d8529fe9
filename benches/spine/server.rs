//! A server under test as a process of its own, what it uses, and how Crosscheck is set up for the load.

use super::clients::Target;
use super::connection::Connection;
use super::sink::Sink;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SEALING_KEYS: &str = "bench:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";
const API_KEY: &str = "bench-key-that-opens-nothing-else";

/// A process that ends with this value.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts `command` in the directory `place`, which is made, and waits until it says where it listens.
    pub fn start(mut command: Command, place: &Path) -> Self {
        let log = place.join("stdout");
        let child = command
            .current_dir(place)
            .stdout(File::create(&log).unwrap())
            .stderr(File::create(place.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let ends = Instant::now() + Duration::from_secs(20);
        while Instant::now() < ends {
            let said = std::fs::read_to_string(&log).unwrap();
            let address = said
                .lines()
                .find_map(|line| line.split_once("listening on http://"));
            if let Some((_, address)) = address.filter(|_| said.ends_with('\n')) {
                server.address = address.trim().parse().unwrap();
                return server;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let complaint = std::fs::read_to_string(place.join("stderr")).unwrap();
        panic!("{command:?} does not listen: {complaint}");
    }

    /// The most memory that it had at once.
    pub fn peak_memory_mib(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1024.0)
    }

    /// The processor time that it has used, in user and system mode.
    pub fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // Fields 14 and 15, counted after the name, which ends with a parenthesis; in hundredths of a second.
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// Empty where the system has no `/proc`.
    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Crosscheck on the database at `url` and in the directory `place`, which is made, with one account and one webhook
/// that leads to the sink.
pub fn start(place: &Path, url: &str) -> (Server, Sink, Target) {
    std::fs::create_dir(place).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CROSSCHECK_")) {
        command.env_remove(name);
    }
    command
        .arg("serve")
        .env("CROSSCHECK_LISTEN", "127.0.0.1:0")
        .env("CROSSCHECK_DATABASE_URL", url)
        .env("CROSSCHECK_SECRET_KEYS", SEALING_KEYS)
        .env("CROSSCHECK_API_KEY", API_KEY)
        .env("CROSSCHECK_ALLOWED_TARGETS", "127.0.0.0/8")
        .env("CROSSCHECK_RATE_LIMIT", "off");
    let (server, sink) = (Server::start(command, place), Sink::start());
    add_webhooks(&server, &[format!("http://{}/hook", sink.address)]);
    let customer = json!({"provider": "greenhouse", "origin_owner_id": "c-1", "origin_owner_name": "Load"});
    let linked = as_vendor(async {
        let mut vendor = Connection::open(server.address).await.unwrap();
        post(&mut vendor, "/unified/ats/assessments/secrets", &customer).await
    });
    let text = |key: &str| linked.get(key).and_then(Value::as_str).unwrap().to_owned();
    let base = text("baseUrl");
    let path = base.splitn(4, '/').nth(3).unwrap();
    let target = Target {
        address: server.address,
        path: format!("/{path}/send_test"),
        authorization: basic(&text("secretKey")),
    };
    (server, sink, target)
}

/// Adds a webhook to each of `urls`.
pub fn add_webhooks(server: &Server, urls: &[String]) {
    as_vendor(async {
        let mut vendor = Connection::open(server.address).await.unwrap();
        for url in urls {
            let hook = json!({"url": url, "events": ["record.new"]});
            post(&mut vendor, "/webhooks", &hook).await;
        }
    });
}

fn as_vendor<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    runtime.unwrap().block_on(work)
}

async fn post(vendor: &mut Connection, path: &str, body: &Value) -> Value {
    let (authorization, body) = (basic(API_KEY), body.to_string());
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    vendor.send(request.as_bytes()).await.unwrap();
    let answer = vendor.receive().await.unwrap().unwrap();
    let said = String::from_utf8_lossy(vendor.body(&answer));
    assert!(
        vendor.head(&answer).starts_with(b"HTTP/1.1 201"),
        "{path} answered {said}"
    );
    serde_json::from_str(&said).unwrap()
}

fn basic(user: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:")))
}
