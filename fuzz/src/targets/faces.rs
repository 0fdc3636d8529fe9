//! Requests to the running server, of ATSs, vendors and anybody: none is a fault of ours, and each refusal says why.

use super::Target;
use super::input::{Input, part};
use super::seeds::requests;
use crosscheck::ambient::System;
use crosscheck::config::Role;
use crosscheck::crypto::KeyRing;
use crosscheck::domain::problem::ErrorCode;
use crosscheck::exchange::{Exchange, Settings};
use crosscheck::http::server::server;
use crosscheck::providers::registry;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;
use tempfile::TempDir;

pub const TARGET: Target = Target {
    name: "faces",
    check,
    seeds,
};

const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A project API key, which the seeds hold.
const API_KEY: &str = "fuzz-key-of-the-first-project";

pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let method = input.choose(&METHODS).copied().unwrap_or_default();
    let (target, headers, body) = (input.part(), input.part(), input.rest());
    let length = format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let head = [
        method.as_bytes(),
        b" ",
        target,
        b" HTTP/1.1\r\nhost: x\r\n",
        headers,
    ]
    .concat();
    let Some(answer) = ask(&[&head, length.as_bytes(), body].concat()) else {
        return;
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse::<u16>().ok());
    let status = status.expect("an answer has a status");
    assert_ne!(status, 500, "nobody can make us fail: {answer}");
    let problem: Option<Value> = serde_json::from_str(body).ok();
    let code = problem
        .as_ref()
        .and_then(|problem| problem.get("errorCode")?.as_str());
    if let Some(code) = code {
        let mut known = ErrorCode::ALL.iter().filter(|known| known.as_str() == code);
        assert!(
            known.any(|known| known.status() == status || *known == ErrorCode::InvalidValue),
            "{answer}"
        );
    }
}

/// What the server says to `request`, all of it; nothing where it gives up on the connection.
fn ask(request: &[u8]) -> Option<String> {
    static SERVER: LazyLock<SocketAddr> = LazyLock::new(start);
    let mut connection = TcpStream::connect(*SERVER).expect("the server listens");
    connection
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    connection.write_all(request).ok()?;
    connection.shutdown(Shutdown::Write).ok()?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).ok()?;
    (!answer.is_empty()).then(|| String::from_utf8_lossy(&answer).into_owned())
}

/// Serves from a thread of its own, for as long as the process lives. Nothing is sent out: there is no worker.
fn start() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("an address");
        let directory = TempDir::new().expect("a folder");
        let serve = async {
            let settings = Settings {
                database_url: format!("sqlite://{}", directory.path().join("fuzz.db").display()),
                ring: KeyRing::parse("f:ZnV6emZ1enpmdXp6ZnV6emZ1enpmdXp6ZnV6emZ1eno=").expect("a ring"),
                public_url: format!("http://{address}"),
                allowed_targets: Vec::new(),
                pin_callbacks: false,
                metrics_key: None,
            };
            let exchange = Exchange::open(settings, Arc::new(System))
                .await
                .expect("a database");
            exchange.create_key("fuzz", Some(API_KEY)).await.expect("a key");
            let (log, _writing) = exchange.start_vendor_log();
            let server = server(listener, exchange, (Role::All, None), log).expect("a server");
            tell.send(address).expect("somebody waits");
            server.await
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(serve)
    });
    told.recv().expect("the server comes up")
}

fn seeds() -> Vec<Vec<u8>> {
    let key = format!("authorization: Bearer {API_KEY}\r\n");
    let ask = |method: &str, target: &str, headers: &str, body: &[u8]| {
        let number = METHODS
            .iter()
            .position(|known| *known == method)
            .expect("the method is known");
        let number = u8::try_from(number).expect("there are few methods");
        [
            &[number][..],
            &part(target.as_bytes()),
            &part(headers.as_bytes()),
            body,
        ]
        .concat()
    };
    let mut seeds: Vec<_> = PATHS.iter().map(|path| ask("GET", path, &key, b"")).collect();
    seeds.extend(BODIES.map(|(method, path, body)| ask(method, path, &key, body.as_bytes())));
    let account = format!("{key}x-account-id: acc_0000000000000000000007\r\n");
    seeds.push(ask("GET", "/unified/ats/assessments/packages", &account, b""));
    seeds.push(ask(
        "GET",
        "/events?page_size=2&next=ZXZ0XzE",
        "authorization: Basic ZnV6ejo=\r\n",
        b"",
    ));
    for provider in registry::all() {
        let descriptor = provider.descriptor();
        let body = requests(descriptor.key).into_iter().next().unwrap_or_default();
        for operation in descriptor.operations {
            let path = format!(
                "/external-trigger/{}/{}?tenant-id=t",
                descriptor.key, operation.path
            );
            seeds.push(ask(
                operation.method,
                &path,
                "authorization: Basic dG9rZW46\r\n",
                &body,
            ));
            seeds.push(ask(
                operation.method,
                &path,
                "authorization: Bearer token\r\n",
                &body,
            ));
        }
    }
    seeds
}

const PATHS: [&str; 12] = [
    "/openapi.json",
    "/health/ready",
    "/integrations",
    "/accounts/acc_0000000000000000000007",
    "/connectors/meta",
    "/webhooks?page_size=100",
    "/events?page_size=1&next=ZXZ0XzAwMDAwMDAwMDAwMDAwMDAwMDAwMDc",
    "/pushes?status=pending",
    "/requests/logs?account_id=acc_0000000000000000000007",
    "/unified/ats/assessments/packages",
    "/unified/ats/background_checks/orders",
    "/unified/ats/reference_checks/orders/ats_ref_0000000000000000000007/result",
];

const BODIES: [(&str, &str, &str); 8] = [
    (
        "PUT",
        "/unified/ats/assessments/packages",
        r#"{"packages":[{"id":"logic","name":"Logic","parameters":[{"id":"l"}]}]}"#,
    ),
    (
        "POST",
        "/webhooks",
        r#"{"url":"https://vendor.example/hooks","events":["record.new"],"name":"n"}"#,
    ),
    (
        "POST",
        "/unified/ats/assessments/secrets",
        r#"{"provider":"acme","origin_owner_id":"o","origin_owner_name":"O"}"#,
    ),
    (
        "POST",
        "/integrations",
        r#"{"provider":"acme","category":"assessments","package_list_url":"https://vendor.example"}"#,
    ),
    (
        "PATCH",
        "/accounts/acc_0000000000000000000007",
        r#"{"credentials":{"api_key":"k"}}"#,
    ),
    (
        "PATCH",
        "/unified/ats/assessments/orders/ats_ass_0000000000000000000007/result",
        r#"{"score":{"value":7}}"#,
    ),
    ("POST", "/events/evt_0000000000000000000007/replay", "{}"),
    ("DELETE", "/webhooks/whk_0000000000000000000007", ""),
];
