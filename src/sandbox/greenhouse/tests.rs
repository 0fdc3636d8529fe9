//! The simulated Greenhouse against a scripted partner.

use super::start;
use crate::sandbox::ats::SimulatedAts;
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::Duration;

const KEY: &str = "key-of-the-customer";

/// What the partner says, and what it does in the middle of `send_test`.
#[derive(Default)]
struct Script {
    list: String,
    send: String,
    status: String,
    calls_back_early: bool,
}

struct Scene {
    ats: SimulatedAts,
    script: Data<Mutex<Script>>,
    partner: ServerHandle,
    http: reqwest::Client,
}

async fn play(request: HttpRequest, body: Bytes, script: Data<Mutex<Script>>) -> HttpResponse {
    let (text, early) = {
        let script = script.lock().unwrap();
        match request.path() {
            "/list" => (script.list.clone(), false),
            "/send" => (script.send.clone(), script.calls_back_early),
            "/status" => (script.status.clone(), false),
            _ => (json!({"status": 200}).to_string(), false),
        }
    };
    if early {
        let sent: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            call_back(&client(), sent["url"].as_str().unwrap(), KEY).await,
            200
        );
    }
    match text.split_once(' ') {
        Some(("status:", code)) => HttpResponse::build(code.parse::<u16>().unwrap().try_into().unwrap())
            .body(r#"{"statusCode":422}"#),
        _ => HttpResponse::Ok().body(text),
    }
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap()
}

async fn call_back(http: &reqwest::Client, url: &str, user: &str) -> u16 {
    let request = http.patch(url).basic_auth(user, Some(""));
    request.send().await.unwrap().status().as_u16()
}

impl Scene {
    async fn set() -> Self {
        let script = Data::new(Mutex::new(Script {
            list: r#"[{"partner_test_id":"t1","partner_test_name":"Logic"}]"#.to_owned(),
            send: r#"{"partner_interview_id":"i1"}"#.to_owned(),
            status: r#"{"partner_status":"invited"}"#.to_owned(),
            calls_back_early: false,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = script.clone();
        let server =
            HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(play)));
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let scene = Self {
            ats: start(0).unwrap(),
            script,
            partner: server.handle(),
            http: client(),
        };
        tokio::spawn(server);
        let form = json!({
            "api_key": KEY,
            "list_tests_url": format!("{url}/list?tenant-id=north"),
            "send_test_url": format!("{url}/send?tenant-id=north"),
            "test_status_url": format!("{url}/status?tenant-id=north"),
            "response_error_url": format!("{url}/error?tenant-id=north"),
        });
        assert_eq!(scene.call("PUT", "/control/partner", &form).await.0, 204);
        scene
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.ats.url);
        let request = self.http.request(method.parse().unwrap(), url).json(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default(),
        )
    }

    async fn send(&self) -> (u16, Value) {
        let candidate = json!({"first_name": "Ada", "last_name": "Moe", "email": "ada@mail.example"});
        let choice = json!({"partner_test_id": "t1", "candidate": candidate, "application_id": 12});
        self.call("POST", "/control/tests", &choice).await
    }

    /// The recruiter's view, once `reads` readings of the status have ended.
    async fn after_reads(&self, test: &Value, reads: u64) -> Value {
        let look = async {
            loop {
                let (_, view) = self
                    .call("GET", &format!("/control/tests/{test}"), &Value::Null)
                    .await;
                if view["status_reads"] == reads {
                    return view;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), look).await.unwrap()
    }

    async fn call_back(&self, test: &Value, user: &str) -> u16 {
        let path = format!("/integrations/testing_partners/take_home_tests/{test}");
        call_back(&self.http, &format!("{}{path}", self.ats.url), user).await
    }

    async fn journal(&self) -> Vec<Value> {
        let (_, journal) = self.call("GET", "/control/exchanges", &Value::Null).await;
        journal.as_array().unwrap().clone()
    }

    fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    async fn end(self) {
        self.ats.stop().await;
        self.partner.stop(false).await;
    }
}

#[tokio::test]
async fn a_test_is_offered_sent_and_read() {
    let scene = Scene::set().await;
    let (_, dialog) = scene.call("POST", "/control/dialog", &Value::Null).await;
    assert_eq!(dialog["tests"][0]["partner_test_name"], "Logic");
    let (status, sent) = scene.send().await;
    assert_eq!((status, &sent["partner_interview_id"]), (200, &json!("i1")));
    let (id, view) = (&sent["id"], scene.after_reads(&sent["id"], 0).await);
    assert_eq!((&view["state"], &view["status"]), (&json!("sent"), &Value::Null));
    scene.script(|script| {
        script.status =
            r#"{"partner_status":"complete","partner_profile_url":"https://v.example/r"}"#.to_owned();
    });
    assert_eq!(scene.call_back(id, KEY).await, 200);
    let view = scene.after_reads(id, 1).await;
    assert_eq!(view["state"], "received");
    assert_eq!(view["profile_url"], "https://v.example/r");

    let journal = scene.journal().await;
    let told: Vec<_> = journal
        .iter()
        .map(|one| format!("{} {} {}", one["direction"], one["method"], one["url"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "to_partner GET /list?tenant-id=north".to_owned(),
            "to_partner POST /send?tenant-id=north".to_owned(),
            format!("from_partner PATCH /integrations/testing_partners/take_home_tests/{id}"),
            "to_partner GET /status?tenant-id=north&partner_interview_id=i1".to_owned(),
        ]
    );
    let body = &journal[1]["request"];
    assert_eq!(body["candidate"]["phone_number"], Value::Null);
    assert!(
        body["candidate"]
            .as_object()
            .unwrap()
            .contains_key("preferred_name")
    );
    let profile = body["candidate"]["greenhouse_profile_url"].as_str().unwrap();
    assert!(profile.ends_with("?application_id=12"), "{profile}");
    assert!(!serde_json::to_string(&journal).unwrap().contains(KEY));

    let (_, again) = scene
        .call("POST", &format!("/control/tests/{id}/resend"), &Value::Null)
        .await;
    assert_eq!(again, sent);
    assert_eq!(&scene.journal().await[4]["request"], body);
    scene.end().await;
}

#[tokio::test]
async fn a_callback_is_refused_by_credentials_then_by_id_then_by_a_fault() {
    let scene = Scene::set().await;
    let (_, sent) = scene.send().await;
    let id = &sent["id"];
    assert_eq!(scene.call_back(id, "stranger").await, 401);
    assert_eq!(scene.call_back(&json!(7), "stranger").await, 401);
    assert_eq!(scene.call_back(&json!(7), KEY).await, 404);
    let fault = json!({"callback_status": 503, "callback_times": 2});
    assert_eq!(scene.call("PUT", "/control/faults", &fault).await.0, 204);
    for expected in [503, 503, 200] {
        assert_eq!(scene.call_back(id, KEY).await, expected);
    }
    assert_eq!(scene.after_reads(id, 1).await["callbacks"], 3);
    let fault = json!({"callback_status": 42});
    assert_eq!(scene.call("PUT", "/control/faults", &fault).await.0, 400);
    scene.end().await;
}

#[tokio::test]
async fn a_callback_that_overtakes_the_answer_is_read_after_it() {
    let scene = Scene::set().await;
    scene.script(|script| script.calls_back_early = true);
    let (_, sent) = scene.send().await;
    assert_eq!(scene.after_reads(&sent["id"], 1).await["status"], "invited");
    scene.end().await;
}

#[tokio::test]
async fn what_is_malformed_is_complained_of_and_what_is_refused_is_passed_on() {
    let scene = Scene::set().await;
    let (_, sent) = scene.send().await;
    scene.script(|script| {
        script.list = r#"{"data":[]}"#.to_owned();
        script.send = "{}".to_owned();
        script.status = r#"{"partner_status":"complete"}"#.to_owned();
    });
    assert_eq!(scene.call("POST", "/control/dialog", &Value::Null).await.0, 502);
    assert_eq!(scene.send().await.0, 502);
    assert_eq!(scene.call_back(&sent["id"], KEY).await, 200);
    let view = scene.after_reads(&sent["id"], 1).await;
    assert_eq!((&view["state"], &view["status"]), (&json!("sent"), &Value::Null));
    let complaints: Vec<_> = scene
        .journal()
        .await
        .into_iter()
        .filter(|one| one["url"] == "/error?tenant-id=north")
        .map(|one| one["request"].clone())
        .collect();
    assert_eq!(
        complaints.iter().map(|one| &one["api_call"]).collect::<Vec<_>>(),
        ["list_tests", "send_test", "test_status"]
    );
    assert_eq!(
        complaints[2],
        json!({
            "api_call": "test_status",
            "errors": ["partner_profile_url is required when partner_status is complete"],
            "partner_test_id": "t1",
            "partner_interview_id": "i1",
            "candidate_email": "ada@mail.example",
        })
    );
    scene.script(|script| {
        script.send = "status: 422".to_owned();
        script.status = "status: 500".to_owned();
    });
    assert_eq!(scene.send().await, (422, json!({"statusCode": 422})));
    assert_eq!(scene.call_back(&sent["id"], KEY).await, 200);
    let view = scene.after_reads(&sent["id"], 2).await;
    assert_eq!(view["errors"], json!(["test_status answered 500"]));
    scene.end().await;
}

#[tokio::test]
async fn without_a_partner_nothing_can_be_sent() {
    let scene = Scene::set().await;
    let fresh = start(0).unwrap();
    let bare = Scene { ats: fresh, ..scene };
    assert_eq!(bare.call("POST", "/control/dialog", &Value::Null).await.0, 409);
    assert_eq!(bare.send().await.0, 409);
    let (status, refusal) = bare.call("POST", "/control/tests", &json!({})).await;
    assert_eq!(status, 400);
    assert!(refusal["error"].as_str().unwrap().contains("partner_test_id"));
    for path in ["/control/tests/1", "/control/tests/x"] {
        assert_eq!(bare.call("GET", path, &Value::Null).await.0, 404);
    }
    bare.end().await;
}
