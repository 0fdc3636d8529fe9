//! API keys: made, listed, rotated and revoked by those who may, and what each scope opens.

use crate::harness::{API_KEY, Server, dump};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Server {
    /// Makes a key through the API; its id and the key.
    pub async fn new_key(&self, body: Value) -> (String, String) {
        let made = self.post("/keys", body, 201).await;
        (text(&made, "id"), text(&made, "key"))
    }

    /// The status of a call with that key.
    async fn opens(&self, key: &str) -> u16 {
        let bearer = format!("Bearer {key}");
        let answer = self
            .send("GET", "/webhooks", &[("authorization", &bearer)], Vec::new())
            .await;
        answer.status
    }

    /// What the list says of a key.
    async fn listed(&self, id: &str) -> Value {
        let page = self.get("/keys?page_size=100").await;
        let found = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == id);
        found.unwrap_or_else(|| panic!("{id} in {page}")).clone()
    }
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash_and_opens_until_it_is_revoked() {
    let server = Server::start().await;
    let made = server.post("/keys", json!({"name": "nightly export"}), 201).await;
    let (id, key) = (text(&made, "id"), text(&made, "key"));
    assert!(id.starts_with("key_") && key.starts_with("ck_"));
    assert_eq!(
        made["scope"], "write",
        "what a service needs, unless it asks for more"
    );
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("key");
    assert_eq!(server.listed(&id).await, shown);
    assert_eq!(
        (&shown["expires_at"], &shown["revoked_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(server.opens(&key).await, 200);

    let list = server.get("/keys?page_size=1").await;
    assert_eq!(list["data"], json!([shown]), "newest first");
    let rest = format!("/keys?next={}", text(&list, "next"));
    assert_eq!(server.get(&rest).await["data"][0]["name"], "test");

    let path = format!("/keys/{id}");
    server.vendor("DELETE", &path, None, 204).await;
    assert_eq!(server.opens(&key).await, 401);
    assert!(server.listed(&id).await["revoked_at"].is_string());
    server.vendor("DELETE", &path, None, 204).await;
    let rotation = format!("{path}/rotate");
    let answer = server.try_vendor("POST", &rotation, Some(&json!({}))).await;
    answer.refuses(409, "key_ended");

    assert!(!dump(&server.directory.database_url()).contains(&key));
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_expires_opens_until_then() {
    let server = Server::start().await;
    let (id, key) = server
        .new_key(json!({"name": "for a day", "scope": "admin", "expires_in": 86_400.0}))
        .await;
    server.advance(DAY - Duration::from_secs(60));
    assert_eq!(server.opens(&key).await, 200);
    server.advance(Duration::from_secs(60));
    assert_eq!(server.opens(&key).await, 401);
    let rotation = format!("/keys/{id}/rotate");
    let answer = server.try_vendor("POST", &rotation, Some(&json!({}))).await;
    answer.refuses(409, "key_ended");
    server.stop().await;
}

#[tokio::test]
async fn a_rotated_key_works_until_the_overlap_ends_and_the_new_one_ends_when_the_old_one_would_have() {
    let server = Server::start().await;
    let (id, old) = server
        .new_key(json!({"name": "service", "scope": "read", "expires_in": 2 * 86_400}))
        .await;
    let end = server.listed(&id).await["expires_at"].clone();
    let path = format!("/keys/{id}/rotate");
    let made = server.post(&path, json!({"overlap_seconds": 3600}), 201).await;
    assert_eq!(
        (&made["name"], &made["scope"], &made["expires_at"]),
        (&json!("service"), &json!("read"), &end)
    );
    let new = text(&made, "key");
    assert_eq!((server.opens(&old).await, server.opens(&new).await), (200, 200));
    server.advance(Duration::from_secs(3600));
    assert_eq!((server.opens(&old).await, server.opens(&new).await), (401, 200));

    let path = format!("/keys/{}/rotate", text(&made, "id"));
    let last = server.post(&path, json!({}), 201).await;
    let last = text(&last, "key");
    assert_eq!((server.opens(&new).await, server.opens(&last).await), (401, 200));
    server.advance(2 * DAY);
    assert_eq!(server.opens(&last).await, 401);
    server.stop().await;
}

#[tokio::test]
async fn an_overlap_does_not_make_a_key_last_longer() {
    let server = Server::start().await;
    let (id, old) = server.new_key(json!({"name": "short", "expires_in": 60})).await;
    let rotation = json!({"overlap_seconds": 3600});
    server.post(&format!("/keys/{id}/rotate"), rotation, 201).await;
    server.advance(Duration::from_secs(60));
    assert_eq!(server.opens(&old).await, 401);
    server.stop().await;
}

#[tokio::test]
async fn the_last_key_that_can_make_others_is_rotated_and_not_revoked() {
    let server = Server::start().await;
    let own = text(&server.get("/keys").await["data"][0], "id");
    let (other, _) = server
        .new_key(json!({"name": "other", "scope": "admin", "expires_in": 60}))
        .await;
    for scope in ["read", "write"] {
        server.new_key(json!({"name": scope, "scope": scope})).await;
    }
    server.add_project().await;
    let refused = |id: String| {
        let server = &server;
        async move {
            let answer = server.try_vendor("DELETE", &format!("/keys/{id}"), None).await;
            answer.refuses(409, "last_admin_key");
        }
    };
    server.advance(Duration::from_secs(60));
    refused(own.clone()).await;
    server
        .vendor("DELETE", &format!("/keys/{other}"), None, 204)
        .await;
    refused(own.clone()).await;

    let rotated = server.post(&format!("/keys/{own}/rotate"), json!({}), 201).await;
    assert_eq!(server.opens(API_KEY).await, 401);
    let (new, id) = (text(&rotated, "key"), text(&rotated, "id"));
    let spare = json!({"name": "spare", "scope": "admin"});
    server
        .vendor_as(&new, None, "POST", "/keys", Some(spare), 201)
        .await;
    server
        .vendor_as(&new, None, "DELETE", &format!("/keys/{id}"), None, 204)
        .await;
    assert_eq!(server.opens(&new).await, 401);
    server.stop().await;
}

#[tokio::test]
async fn who_repeats_the_making_of_a_key_gets_the_same_key() {
    let server = Server::start().await;
    let bearer = format!("Bearer {API_KEY}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let body = json!({"name": "laptop", "scope": "admin"}).to_string();
    let (first, again) = (
        server
            .send("POST", "/keys", &headers, body.clone().into_bytes())
            .await,
        server.send("POST", "/keys", &headers, body.into_bytes()).await,
    );
    assert_eq!((first.status, first.text), (201, again.text));
    assert_eq!(server.get("/keys").await["data"].as_array().unwrap().len(), 2);

    let id = text(&server.get("/keys").await["data"][0], "id");
    let path = format!("/keys/{id}/rotate");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "rotation"),
    ];
    let (first, again) = (
        server.send("POST", &path, &headers, b"{}".to_vec()).await,
        server.send("POST", &path, &headers, b"{}".to_vec()).await,
    );
    assert_eq!((first.status, first.text), (201, again.text));
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused_by_its_field() {
    let server = Server::start().await;
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": ""}), "/name"),
        (json!({"name": "x".repeat(256)}), "/name"),
        (json!({"name": "two\nlines"}), "/name"),
        (json!({"name": "\u{1b}[2J"}), "/name"),
        (json!({"name": "x", "scope": "root"}), "/scope"),
        (json!({"name": "x", "scope": "Admin"}), "/scope"),
        (json!({"name": "x", "expires_in": 0}), "/expires_in"),
        (json!({"name": "x", "expires_in": 1.5}), "/expires_in"),
        (json!({"name": "x", "expires_in": 315_360_001}), "/expires_in"),
        (json!({"name": "x", "expires_in": "60"}), "/expires_in"),
    ] {
        let answer = server.try_vendor("POST", "/keys", Some(&body)).await;
        assert_eq!(answer.refuses(400, "invalid_body"), [pointer], "{body}");
    }
    let id = text(&server.get("/keys").await["data"][0], "id");
    for overlap in [json!(-1), json!(2_592_001), json!(0.5)] {
        let body = json!({"overlap_seconds": overlap});
        let answer = server
            .try_vendor("POST", &format!("/keys/{id}/rotate"), Some(&body))
            .await;
        assert_eq!(answer.refuses(400, "invalid_body"), ["/overlap_seconds"]);
    }
    server.stop().await;
}

/// Every operation that needs a key, with an id that is nobody's.
fn operations(document: &Value) -> Vec<(String, String)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] != json!([{}]) {
                operations.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    assert!(operations.len() > 30);
    operations
}

#[tokio::test]
async fn each_operation_of_the_document_needs_the_scope_that_goes_with_it() {
    let server = Server::start().await;
    let (_, read) = server.new_key(json!({"name": "r", "scope": "read"})).await;
    let (_, write) = server.new_key(json!({"name": "w", "scope": "write"})).await;
    for (method, path) in operations(&server.get("/openapi.json").await) {
        let needed = match method.as_str() {
            _ if path.starts_with("/keys") => "admin",
            "GET" => "read",
            _ => "write",
        };
        for (key, granted) in [(&read, "read"), (&write, "write")] {
            let bearer = format!("Bearer {key}");
            let path = path.replace("{category}", "assessments");
            let answer = server
                .send(
                    &method,
                    &path,
                    &[("authorization", &bearer)],
                    b"{\"broken".to_vec(),
                )
                .await;
            let is_enough = needed == granted || (needed, granted) == ("read", "write");
            if is_enough {
                assert!(
                    ![401, 403].contains(&answer.status),
                    "{method} {path}: {}",
                    answer.text
                );
            } else {
                answer.refuses(403, "insufficient_scope");
                let message = text(&answer.json(), "message");
                assert!(
                    message.contains(&format!("the scope {needed}")),
                    "{method} {path}: {message}"
                );
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn the_last_use_of_a_key_is_told_once_it_was_written_down_and_survives_a_shutdown() {
    let server = Server::start().await;
    let (id, key) = server.new_key(json!({"name": "used"})).await;
    let (idle, _) = server.new_key(json!({"name": "idle"})).await;
    assert_eq!(server.opens(&key).await, 200);
    assert_eq!(
        server.listed(&id).await["last_used_at"],
        Value::Null,
        "no request writes"
    );
    server.served.exchange.write_last_uses().await;
    let first = text(&server.listed(&id).await, "last_used_at");
    server.advance(DAY);
    assert_eq!(server.opens(&key).await, 200);

    let server = Server::start_in(server.stop().await).await;
    let second = text(&server.listed(&id).await, "last_used_at");
    assert!(second > first, "{second} {first}");
    assert_eq!(
        server.opens(&key).await,
        200,
        "a day earlier, by the clock of this one"
    );
    server.served.exchange.write_last_uses().await;
    assert_eq!(
        text(&server.listed(&id).await, "last_used_at"),
        second,
        "the latest stays"
    );
    assert_eq!(server.listed(&idle).await["last_used_at"], Value::Null);
    server.stop().await;
}
