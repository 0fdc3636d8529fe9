//! What the tests of every simulated ATS are set with: the ATS, a partner who says what the test wants, and the
//! people at the control routes.

use super::ats::SimulatedAts;
use super::registry::Start;
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Mutex;

/// The trigger token that [`Scene::form`] enters.
pub const TOKEN: &str = "token-of-the-customer";

/// A call that the partner makes before it answers, read from what it was asked.
pub type Interjection = fn(&reqwest::Client, &Value) -> RequestBuilder;

/// What the partner says.
#[derive(Default)]
struct Script {
    lines: BTreeMap<String, (u16, String)>,
    interjection: Option<Interjection>,
    authorization: String,
}

/// A simulated ATS and its scripted partner.
pub struct Scene {
    pub ats: SimulatedAts,
    pub http: reqwest::Client,
    partner: ServerHandle,
    partner_url: String,
    script: Data<Mutex<Script>>,
}

async fn play(request: HttpRequest, body: Bytes, script: Data<Mutex<Script>>) -> HttpResponse {
    let (line, interjection) = {
        let mut script = script.lock().unwrap();
        let authorization = request.headers().get("authorization");
        script.authorization = authorization
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        let line = script.lines.get(request.path()).cloned();
        (line, script.interjection.take())
    };
    if let Some(call) = interjection {
        let asked = serde_json::from_slice(&body).unwrap();
        call(&client(), &asked).send().await.unwrap();
    }
    let (status, text) = line.unwrap_or((404, String::new()));
    HttpResponse::build(status.try_into().unwrap()).body(text)
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap()
}

impl Scene {
    /// An ATS without a partner, and a partner who answers 404.
    pub fn set(start: Start) -> Self {
        let script = Data::new(Mutex::new(Script::default()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let partner_url = format!("http://{}", listener.local_addr().unwrap());
        let shared = script.clone();
        let server =
            HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(play)))
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
        let partner = server.handle();
        let http = client();
        tokio::spawn(server);
        Self {
            ats: start(0).unwrap(),
            http,
            partner,
            partner_url,
            script,
        }
    }

    /// From now on the partner answers that on that path.
    pub fn says(&self, path: &str, status: u16, text: impl ToString) {
        let line = (status, text.to_string());
        self.script.lock().unwrap().lines.insert(path.to_owned(), line);
    }

    /// Before it answers next, the partner makes that call.
    pub fn interjects(&self, call: Interjection) {
        self.script.lock().unwrap().interjection = Some(call);
    }

    /// The `Authorization` that the partner got last.
    pub fn authorization(&self) -> String {
        self.script.lock().unwrap().authorization.clone()
    }

    /// Where the partner is.
    pub fn partner_url(&self, path: &str) -> String {
        format!("{}{path}", self.partner_url)
    }

    /// The partner form of an ATS that calls `/{operation}` of this partner.
    pub fn form(&self, operations: &[&str], more: &Value) -> Value {
        let mut urls = json!({});
        for operation in operations {
            urls[*operation] = json!(self.partner_url(&format!("/{operation}?tenant-id=north")));
        }
        let mut form = json!({"token": TOKEN, "base_url": self.partner_url, "endpoint_urls": urls});
        for (key, value) in more.as_object().unwrap() {
            form[key] = value.clone();
        }
        form
    }

    /// A person at the ATS does something.
    pub async fn act(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/control{path}", self.ats.url);
        answer(self.http.request(method.parse().unwrap(), url).json(body)).await
    }

    /// The same where the form is the right one.
    pub async fn enter(&self, form: &Value) {
        assert_eq!(self.act("PUT", "/partner", form).await, (204, Value::Null));
    }

    /// A recruiter orders for Ada Moe.
    pub async fn order(&self, package: &str, more: &Value) -> (u16, Value) {
        let candidate = json!({"first_name": "Ada", "last_name": "Moe", "email": "ada@mail.example"});
        let mut order = json!({"package": package, "candidate": candidate});
        for (key, value) in more.as_object().unwrap() {
            order[key] = value.clone();
        }
        self.act("POST", "/orders", &order).await
    }

    /// What the recruiter sees of an order.
    pub async fn view(&self, id: &Value) -> Value {
        let path = format!("/orders/{}", id.as_str().unwrap());
        self.act("GET", &path, &Value::Null).await.1
    }

    /// The partner calls.
    pub fn partner_calls(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.ats.url);
        self.http.request(method.parse().unwrap(), url)
    }

    /// What was said in both directions.
    pub async fn journal(&self) -> Vec<Value> {
        let (_, journal) = self.act("GET", "/exchanges", &Value::Null).await;
        journal.as_array().unwrap().clone()
    }

    pub async fn end(self) {
        self.ats.stop().await;
        self.partner.stop(false).await;
    }
}

/// Status and body; a body that is no JSON is null.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}
