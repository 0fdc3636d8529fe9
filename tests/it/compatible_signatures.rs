//! Signatures of other products, for receivers that were written for those.

use crate::harness::{Receiver, Reply, Server};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

/// As a receiver's own code computes it, over the raw bytes.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn an_endpoint_gets_the_signatures_that_it_asks_for_beside_the_standard_one_and_no_others() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let asked = json!({"url": vendor.url, "events": ["record.new"], "signatures": ["stackone", "knit"]});
    let made = server.post("/webhooks", asked, 201).await;
    assert_eq!(made["signatures"], json!(["stackone", "knit"]));
    let secret = made["secret"].as_str().unwrap();
    let customer = server.link("greenhouse", "assessments").await;
    server.order(&customer, "http://127.0.0.1:9/callback").await;
    let both = vendor.next().await;
    assert!(both.is_signed_by(secret));
    let expected = signature(secret, &both.body);
    assert_eq!(both.headers["x-stackone-signature"], expected);
    assert_eq!(both.headers["x-knit-signature"], expected);
    assert_eq!(both.headers["x-account-id"], customer.account);

    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let none = server
        .vendor("PATCH", &path, Some(json!({"signatures": []})), 200)
        .await;
    assert_eq!(none["signatures"], json!([]));
    server.order(&customer, "http://127.0.0.1:9/callback/2").await;
    let plain = vendor.next().await;
    assert!(plain.is_signed_by(secret));
    assert!(!plain.headers.contains_key("x-stackone-signature"));
    assert!(!plain.headers.contains_key("x-knit-signature"));
    server.stop().await;
}

#[tokio::test]
async fn the_call_to_a_list_url_carries_stackones_signature_too() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    vendor.answer(|_| Reply::json(&json!({"data": [{"id": "p", "name": "P"}]})));
    let new = json!({"provider": "greenhouse", "category": "assessments", "package_list_url": vendor.url});
    let integration = server.post("/integrations", new, 201).await;
    let customer = server.link("greenhouse", "assessments").await;
    server.ats(&customer, "GET", "list_tests", None, 200).await;
    let asked = vendor.next().await;
    let expected = signature(integration["signing_secret"].as_str().unwrap(), &asked.body);
    assert_eq!(asked.headers["x-stackone-signature"], expected);
    server.stop().await;
}
