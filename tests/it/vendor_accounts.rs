//! Linked customers and the credentials of both sides: what is taken, what is shown, and what is said of the rest.

use crate::harness::{OTHER_API_KEY, Receiver, Server};
use serde_json::{Value, json};

fn pointers(refusal: &Value) -> Vec<&str> {
    let errors = refusal["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect()
}

fn ashby(credentials: Value) -> Value {
    json!({"provider": "ashby", "origin_owner_id": "c", "origin_owner_name": "C", "credentials": credentials})
}

#[tokio::test]
async fn a_customers_credentials_are_set_masked_changed_and_cleared() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["account.updated"]).await;
    let secrets = "/unified/ats/assessments/secrets";
    let linked = server
        .post(secrets, ashby(json!({"api_key": "first-key"})), 201)
        .await;
    let path = format!("/accounts/{}", linked["accountId"].as_str().unwrap());
    let shown = server.get(&path).await;
    assert_eq!(shown["credentials"], json!({"api_key": "********"}));
    assert_eq!(
        (&shown["missing"], &shown["origin_owner_name"]),
        (&json!([]), &json!("C"))
    );
    let cleared = json!({"credentials": {"api_key": null}});
    let cleared = server.vendor("PATCH", &path, Some(cleared), 200).await;
    assert_eq!(cleared["credentials"], json!({}));
    assert_eq!(cleared["missing"][0]["code"], "credential_missing");
    let told = vendor.next().await.json();
    assert_eq!(told["eventData"]["account"]["id"], linked["accountId"]);
    assert!(!told.to_string().contains("first-key"));
    server.vendor("PATCH", &path, Some(json!({})), 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_credential_that_is_no_such_thing_is_refused_by_its_pointer_wherever_it_is_sent() {
    let server = Server::start().await;
    let secrets = "/unified/ats/assessments/secrets";
    for (credentials, at) in [
        (json!({"api_key": ""}), "/credentials/api_key"),
        (json!({"api_key": 7}), "/credentials/api_key"),
        (json!({"api_key": "with a space"}), "/credentials/api_key"),
        (json!({"api_key": "x".repeat(5000)}), "/credentials/api_key"),
        (json!({"user_agent": "x"}), "/credentials/user_agent"),
        (json!({"a/b": "x"}), "/credentials/a~1b"),
    ] {
        let refused = server.post(secrets, ashby(credentials), 422).await;
        assert_eq!(pointers(&refused), [at], "{refused}");
    }
    let linked = server.post(secrets, ashby(json!({})), 201).await;
    let path = format!("/accounts/{}", linked["accountId"].as_str().unwrap());
    let wrong = json!({"credentials": {"api_key": "with a space"}});
    let refused = server.vendor("PATCH", &path, Some(wrong), 422).await;
    assert_eq!(pointers(&refused), ["/credentials/api_key"]);
    let integration = |credentials: Value| json!({"provider": "ashby", "category": "assessments", "credentials": credentials});
    for (credentials, at) in [
        (json!({"api_key": "the-customers"}), "/credentials/api_key"),
        (
            json!({"api_url": "http://169.254.169.254/"}),
            "/credentials/api_url",
        ),
        (json!({"api_url": "nonsense"}), "/credentials/api_url"),
        (json!({"user_agent": " "}), "/credentials/user_agent"),
    ] {
        let refused = server.post("/integrations", integration(credentials), 422).await;
        assert_eq!(pointers(&refused), [at], "{refused}");
    }
    let count = server.get("/integrations").await["data"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(count, 1, "the one that was made on the spot");
    server.stop().await;
}

#[tokio::test]
async fn an_integrations_credentials_are_merged_and_a_default_needs_not_be_set() {
    let server = Server::start().await;
    let made =
        json!({"provider": "recruitee", "category": "assessments", "credentials": {"codename": "acme"}});
    let made = server.post("/integrations", made, 201).await;
    assert_eq!(made["credentials"], json!({"codename": "acme"}));
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let more = json!({"credentials": {"partner_secret": "s3cret", "cancel_link": "off"}});
    let changed = server.vendor("PATCH", &path, Some(more), 200).await;
    let expected = json!({"codename": "acme", "partner_secret": "********", "cancel_link": "off"});
    assert_eq!(changed["credentials"], expected);
    let none = json!({"credentials": {"cancel_link": null}, "static_package_id": "pkg"});
    let changed = server.vendor("PATCH", &path, Some(none), 200).await;
    assert_eq!(
        changed["credentials"],
        json!({"codename": "acme", "partner_secret": "********"})
    );
    server.stop().await;
}

#[tokio::test]
async fn an_account_is_there_for_its_own_project_only() {
    let server = Server::start().await;
    server.add_project().await;
    let linked = server.link("ashby", "assessments").await;
    let path = format!("/accounts/{}", linked.account);
    server
        .vendor_as(OTHER_API_KEY, None, "GET", &path, None, 404)
        .await;
    let change = json!({"credentials": {"api_key": "theirs"}});
    server
        .vendor_as(OTHER_API_KEY, None, "PATCH", &path, Some(change), 404)
        .await;
    assert_eq!(server.get(&path).await["credentials"], json!({}));
    server.stop().await;
}
