//! A Crosscheck of its own for each test, and the calls that a vendor and an ATS make.

use super::documented::is_documented;
use super::{PATIENCE, TestClock, Workspace};
use crosscheck::config::{Rate, Role};
use crosscheck::crypto::KeyRing;
use crosscheck::serve::{self, Serve, Served};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub const API_KEY: &str = "test-key-of-the-first-project";
pub const SEALING_KEYS: &str = "t:dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";

pub struct Server {
    pub url: String,
    pub clock: Arc<TestClock>,
    pub http: Client,
    pub served: Served,
    pub directory: Workspace,
}

/// A customer that was linked.
#[derive(Clone, Debug)]
pub struct Customer {
    pub token: String,
    pub base_url: String,
    pub account: String,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_in(Workspace::new()).await
    }

    /// Starts on what an earlier server left in `directory`.
    pub async fn start_in(directory: Workspace) -> Self {
        let url = directory.database_url();
        Self::start_as(Role::All, directory, url).await
    }

    /// Starts one of several: what it does, and by which way it gets to the database in `directory`.
    pub async fn start_as(role: Role, directory: Workspace, database_url: String) -> Self {
        Self::start_limited(role, directory, database_url, None).await
    }

    /// Starts one that lets each key make only so many requests.
    pub async fn start_limited(
        role: Role,
        directory: Workspace,
        database_url: String,
        rate_limit: Option<Rate>,
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let serve = Serve {
            listen: "127.0.0.1:0".to_owned(),
            database_url,
            public_url: None,
            role,
            ring: KeyRing::parse(SEALING_KEYS).unwrap(),
            allowed_targets: vec!["127.0.0.0/8".parse().unwrap()],
            pin_callbacks: false,
            rate_limit,
            metrics_key: None,
        };
        let served = serve::start(serve, Arc::clone(&clock) as _).await.unwrap();
        served.exchange.create_key("test", Some(API_KEY)).await.unwrap();
        let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self {
            url: served.url.clone(),
            clock,
            http,
            served,
            directory,
        }
    }

    /// Stops the server and leaves its directory.
    pub async fn stop(self) -> Workspace {
        self.served.stop().await;
        self.directory
    }

    /// Lets time pass: whatever falls due is sent now.
    pub fn advance(&self, time: Duration) {
        self.clock.advance(i64::try_from(time.as_millis()).unwrap());
        self.served.exchange.wake();
    }

    /// A vendor's call; its status must be as expected.
    pub async fn vendor(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> Value {
        self.vendor_as(API_KEY, None, method, path, body, status).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.vendor("GET", path, None, 200).await
    }

    pub async fn post(&self, path: &str, body: Value, status: u16) -> Value {
        self.vendor("POST", path, Some(body), status).await
    }

    /// A vendor's call with another key, or for one account.
    pub async fn vendor_as(
        &self,
        key: &str,
        account: Option<&str>,
        method: &str,
        path: &str,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let mut request = self
            .http
            .request(method.parse::<Method>().unwrap(), format!("{}{path}", self.url));
        request = request.basic_auth(key, Some(""));
        if let Some(account) = account {
            request = request.header("x-account-id", account);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (got, text) = (response.status().as_u16(), response.text().await.unwrap());
        is_documented(method, path, got, &text);
        read(got, &text, status, &format!("{method} {path}"))
    }

    /// Links a customer of `provider`.
    pub async fn link(&self, provider: &str, category: &str) -> Customer {
        let body = json!({"provider": provider, "origin_owner_id": "cust-1", "origin_owner_name": "Initech"});
        let secrets = self
            .post(&format!("/unified/ats/{category}/secrets"), body, 201)
            .await;
        let text = |key: &str| secrets[key].as_str().unwrap().to_owned();
        Customer {
            token: text("secretKey"),
            base_url: text("baseUrl"),
            account: text("accountId"),
        }
    }

    /// Adds an endpoint; returns its id and secret.
    pub async fn webhook(&self, url: &str, events: &[&str]) -> (String, String) {
        let made = self
            .post("/webhooks", json!({"url": url, "events": events}), 201)
            .await;
        (
            made["id"].as_str().unwrap().to_owned(),
            made["secret"].as_str().unwrap().to_owned(),
        )
    }

    /// An ATS's call with the customer's token; its status must be as expected.
    pub async fn ats(
        &self,
        customer: &Customer,
        method: &str,
        tail: &str,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let body = body.map(|body| body.to_string().into_bytes());
        let response = self
            .ats_raw(&customer.base_url, Some(&customer.token), method, tail, body)
            .await;
        expect(response, status, &format!("{method} {tail}")).await
    }

    /// An ATS's call with any token and any bytes.
    pub async fn ats_raw(
        &self,
        base_url: &str,
        token: Option<&str>,
        method: &str,
        tail: &str,
        body: Option<Vec<u8>>,
    ) -> Response {
        let mut request = self
            .http
            .request(method.parse::<Method>().unwrap(), format!("{base_url}/{tail}"));
        if let Some(token) = token {
            request = request.basic_auth(token, Some(""));
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        request.send().await.unwrap()
    }

    /// Asks again and again, until `path` answers what `is_there` accepts.
    pub async fn eventually(&self, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let ends = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if is_there(&answer) {
                return answer;
            }
            assert!(
                tokio::time::Instant::now() < ends,
                "{path} never got there: {answer}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn expect(response: Response, status: u16, what: &str) -> Value {
    let (got, text) = (response.status().as_u16(), response.text().await.unwrap());
    read(got, &text, status, what)
}

fn read(got: u16, text: &str, status: u16, what: &str) -> Value {
    assert_eq!(got, status, "{what}: {text}");
    if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(text).expect("the answer is JSON")
    }
}
