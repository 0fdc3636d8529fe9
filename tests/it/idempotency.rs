//! `Idempotency-Key`: a write is done once, whoever repeats it gets the same answer.

use crate::harness::{Answered, OTHER_API_KEY, Server};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn hook() -> Value {
    json!({"url": "https://vendor.example/hooks", "events": ["record.new"]})
}

async fn add_hook(server: &Server, key: &str, body: &Value) -> Answered {
    server
        .try_with("POST", "/webhooks", &[("idempotency-key", key)], Some(body))
        .await
}

async fn hooks(server: &Server) -> usize {
    server.get("/webhooks").await["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_write_is_done_once_and_answered_alike_its_secret_included() {
    let server = Server::start().await;
    let first = add_hook(&server, "k1", &hook()).await;
    let again = add_hook(&server, "k1", &hook()).await;
    assert_eq!((first.status, &first.text), (201, &again.text));
    assert_eq!(again.status, 201);
    assert!(first.json()["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(hooks(&server).await, 1);
    let other = add_hook(&server, "k2", &hook()).await;
    assert_ne!(
        other.json()["id"],
        first.json()["id"],
        "another key is another write"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_comes_with_another_request_is_refused_and_nothing_is_done() {
    let server = Server::start().await;
    add_hook(&server, "k1", &hook()).await;
    let mut other = hook();
    other["name"] = json!("another");
    let refused = add_hook(&server, "k1", &other).await;
    assert_eq!(
        refused.refuses(422, "idempotency_key_reused"),
        ["header:idempotency-key"]
    );
    let elsewhere = server
        .try_with(
            "POST",
            "/integrations",
            &[("idempotency-key", "k1")],
            Some(&json!({"provider": "greenhouse", "category": "assessments"})),
        )
        .await;
    elsewhere.refuses(422, "idempotency_key_reused");
    assert_eq!(hooks(&server).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn of_20_equal_writes_at_once_one_is_done_and_all_get_its_answer() {
    let server = Server::start().await;
    let body = hook();
    let writes = (0..20).map(|_| add_hook(&server, "k1", &body));
    let answers = futures_util::future::join_all(writes).await;
    let first = &answers[0];
    assert!(
        answers
            .iter()
            .all(|one| one.status == 201 && one.text == first.text)
    );
    assert_eq!(hooks(&server).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn what_is_refused_may_be_mended_and_sent_again_under_the_same_key() {
    let server = Server::start().await;
    let mut wrong = hook();
    wrong["url"] = json!("http://10.0.0.1/");
    add_hook(&server, "k1", &wrong)
        .await
        .refuses(422, "target_not_allowed");
    assert_eq!(add_hook(&server, "k1", &hook()).await.status, 201);
    server.stop().await;
}

#[tokio::test]
async fn a_key_stands_for_its_answer_for_a_day_and_a_restart_long() {
    let server = Server::start().await;
    let first = add_hook(&server, "k1", &hook()).await;
    let server = Server::start_in(server.stop().await).await;
    assert_eq!(add_hook(&server, "k1", &hook()).await.text, first.text);
    server.advance(DAY + Duration::from_secs(1));
    let later = add_hook(&server, "k1", &hook()).await;
    assert_ne!(later.json()["id"], first.json()["id"]);
    server.stop().await;
}

#[tokio::test]
async fn the_same_key_of_another_project_is_another_key() {
    let server = Server::start().await;
    server.add_project().await;
    let first = add_hook(&server, "k1", &hook()).await;
    let bearer = format!("Bearer {OTHER_API_KEY}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let other = server
        .send("POST", "/webhooks", &headers, hook().to_string().into_bytes())
        .await;
    assert_eq!(other.status, 201);
    assert_ne!(other.json()["id"], first.json()["id"]);
    server.stop().await;
}

#[tokio::test]
async fn a_malformed_key_is_refused_by_name() {
    let server = Server::start().await;
    for key in ["", "with a space", &"k".repeat(256)] {
        let refused = add_hook(&server, key, &hook()).await;
        assert_eq!(
            refused.refuses(400, "invalid_parameter"),
            ["header:idempotency-key"],
            "{key:?}"
        );
    }
    server.stop().await;
}

/// Each answer of a write is the same when it is repeated, also where what it was about is gone by then.
#[tokio::test]
async fn every_kind_of_write_is_answered_alike_when_it_is_repeated() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, "http://127.0.0.1:9/callback").await;
    let (webhook, _) = server.webhook("http://127.0.0.1:9/hooks", &["record.new"]).await;
    let integration = server.get("/integrations").await["data"][0]["id"].clone();
    let integration = integration.as_str().unwrap();
    let event = server.get("/events?event_type=record.new").await["data"][0]["id"].clone();
    let event = event.as_str().unwrap();
    let packages = json!({"packages": [{"id": "p", "name": "P"}]});
    let writes = [
        (
            "PUT",
            "/unified/ats/assessments/packages".to_owned(),
            packages,
            200,
        ),
        (
            "POST",
            "/unified/ats/assessments/packages".to_owned(),
            json!({"name": "Q"}),
            201,
        ),
        (
            "PATCH",
            "/unified/ats/assessments/packages/p".to_owned(),
            json!({"name": "R"}),
            200,
        ),
        (
            "DELETE",
            "/unified/ats/assessments/packages/p".to_owned(),
            Value::Null,
            200,
        ),
        (
            "POST",
            "/unified/ats/assessments/orders".to_owned(),
            json!({"package": {"id": "p"}, "candidate": {"first_name": "Noor"}}),
            200,
        ),
        (
            "PATCH",
            format!("/unified/ats/assessments/orders/{order}/result"),
            json!({"result": {"value": "in_progress"}}),
            200,
        ),
        (
            "POST",
            "/unified/ats/assessments/secrets".to_owned(),
            json!({"provider": "greenhouse", "origin_owner_id": "c", "origin_owner_name": "C"}),
            201,
        ),
        (
            "PATCH",
            format!("/integrations/{integration}"),
            json!({"tenant_id": "t"}),
            200,
        ),
        (
            "PATCH",
            format!("/webhooks/{webhook}"),
            json!({"rotate_secret": true}),
            200,
        ),
        ("POST", format!("/events/{event}/replay"), Value::Null, 200),
        (
            "POST",
            "/events/replay".to_owned(),
            json!({"since": "2020-01-01T00:00:00Z"}),
            202,
        ),
        ("POST", format!("/webhooks/{webhook}/test"), Value::Null, 200),
        ("DELETE", format!("/webhooks/{webhook}"), Value::Null, 204),
        (
            "PATCH",
            format!("/accounts/{}", customer.account),
            json!({"label": "L"}),
            200,
        ),
        (
            "DELETE",
            format!("/accounts/{}", customer.account),
            Value::Null,
            200,
        ),
    ];
    for (number, (method, path, body, status)) in writes.into_iter().enumerate() {
        let key = format!("write-{number}");
        let for_account = path.contains("/packages") && method != "PUT" || path.ends_with("/orders");
        let mut headers = vec![("idempotency-key", key.as_str())];
        if for_account {
            headers.push(("x-account-id", customer.account.as_str()));
        }
        let body = Some(&body).filter(|body| !body.is_null());
        let first = server.try_with(method, &path, &headers, body).await;
        server.clock.advance(1);
        let again = server.try_with(method, &path, &headers, body).await;
        assert_eq!(first.status, status, "{method} {path}: {}", first.text);
        assert_eq!(
            (again.status, &again.text),
            (first.status, &first.text),
            "{method} {path}"
        );
    }
    server.stop().await;
}
