//! Integrations as the vendor keeps them, and the customers that are linked through them.

use crate::harness::{Answered, OTHER_API_KEY, Server};
use serde_json::{Value, json};

fn integration() -> Value {
    json!({
        "provider": "greenhouse", "category": "assessments", "auth_type": "public_and_partner_api", "tenant_id": "acme & co",
        "package_list_url": "http://127.0.0.1:9/list", "package_list_api_key": "s3cret-key", "static_package_id": "pkg",
        "partner_username": "partner", "partner_password": "s3cret-password"
    })
}

#[tokio::test]
async fn an_integration_is_made_read_changed_and_cleared_and_its_secrets_stay_hidden() {
    let server = Server::start().await;
    let made = server.post("/integrations", integration(), 201).await;
    assert!(made["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(!made.to_string().contains("s3cret"));
    let base = format!("{}/external-trigger/greenhouse", server.url);
    for name in ["list_tests", "send_test", "test_status", "response_error"] {
        assert_eq!(
            made["endpoint_urls"][name],
            format!("{base}/{name}?tenant-id=acme+%26+co")
        );
    }
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let read = server.get(&path).await;
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("signing_secret");
    assert_eq!(read, expected);
    assert_eq!(server.get("/integrations").await["data"], json!([expected]));
    for field in [
        "provider",
        "category",
        "auth_type",
        "tenant_id",
        "package_list_url",
        "static_package_id",
        "partner_username",
    ] {
        assert_eq!(read[field], integration()[field], "{field}");
    }
    assert_eq!(
        (&read["package_list_api_key"], &read["partner_password"]),
        (&json!("********"), &json!("********"))
    );
    let same = server.vendor("PATCH", &path, Some(json!({})), 200).await;
    assert_eq!(same["partner_password"], "********");
    let nothing = json!({
        "tenant_id": null, "package_list_url": null, "package_list_api_key": null, "static_package_id": null,
        "partner_username": null, "partner_password": null, "auth_type": "partner_api"
    });
    let cleared = server.vendor("PATCH", &path, Some(nothing.clone()), 200).await;
    for (field, value) in nothing.as_object().unwrap() {
        assert_eq!(&cleared[field], value, "{field}");
    }
    assert_eq!(
        cleared["endpoint_urls"]["list_tests"],
        format!("{base}/list_tests")
    );
    server.vendor("DELETE", &path, None, 204).await;
    server.vendor("GET", &path, None, 404).await;
    server.vendor("DELETE", &path, None, 404).await;
    server.stop().await;
}

async fn refusal_with(server: &Server, path: &str, pointer: &str, value: Value) -> Answered {
    let mut body = integration();
    body[pointer.trim_start_matches('/')] = value;
    let method = if path == "/integrations" { "POST" } else { "PATCH" };
    server.try_vendor(method, path, Some(&body)).await
}

#[tokio::test]
async fn an_integration_that_could_not_work_is_refused_with_its_pointer() {
    let server = Server::start().await;
    let made = server.post("/integrations", integration(), 201).await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    for (pointer, value, status, code) in [
        ("/provider", json!("nobody"), 422, "invalid_value"),
        ("/provider", json!(1), 400, "invalid_body"),
        ("/category", json!("tests"), 400, "invalid_body"),
    ] {
        let answer = refusal_with(&server, "/integrations", pointer, value).await;
        assert_eq!(answer.refuses(status, code), [pointer]);
    }
    for (pointer, value, status, code) in [
        ("/auth_type", json!("oauth"), 400, "invalid_body"),
        ("/tenant_id", json!(1), 400, "invalid_body"),
        ("/tenant_id", json!("x".repeat(256)), 400, "invalid_body"),
        ("/tenant_id", json!(""), 400, "invalid_body"),
        ("/static_package_id", json!(""), 400, "invalid_body"),
        ("/static_package_id", json!("x".repeat(256)), 400, "invalid_body"),
        ("/partner_username", json!("with:colon"), 422, "invalid_value"),
        (
            "/package_list_url",
            json!("http://192.0.2.1/"),
            422,
            "target_not_allowed",
        ),
        (
            "/package_list_url",
            json!("https://10.0.0.1/"),
            422,
            "target_not_allowed",
        ),
        (
            "/package_list_url",
            json!("https://u:s3cret@vendor.example/"),
            422,
            "target_not_allowed",
        ),
        ("/package_list_url", json!("not a URL"), 422, "target_not_allowed"),
        ("/package_list_url", json!(""), 422, "target_not_allowed"),
    ] {
        for path in ["/integrations", path.as_str()] {
            let answer = refusal_with(&server, path, pointer, value.clone()).await;
            assert_eq!(answer.refuses(status, code), [pointer], "{path} {value}");
            assert!(!answer.text.contains("s3cret"));
        }
    }
    let answer = server.try_vendor("POST", "/integrations", Some(&json!({}))).await;
    assert_eq!(answer.refuses(400, "invalid_body"), ["/category", "/provider"]);
    let mut unchanged = made;
    unchanged.as_object_mut().unwrap().remove("signing_secret");
    assert_eq!(server.get(&path).await, unchanged);
    server.stop().await;
}

#[tokio::test]
async fn an_integration_through_which_customers_are_linked_cannot_be_deleted() {
    let server = Server::start().await;
    server.link("greenhouse", "assessments").await;
    let listed = server.get("/integrations").await["data"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1, "one was made on the spot");
    assert_eq!(
        (&listed[0]["provider"], &listed[0]["category"]),
        (&json!("greenhouse"), &json!("assessments"))
    );
    let path = format!("/integrations/{}", listed[0]["id"].as_str().unwrap());
    server
        .try_vendor("DELETE", &path, None)
        .await
        .refuses(409, "integration_in_use");
    server.get(&path).await;
    server.stop().await;
}

fn secrets(more: Value) -> Value {
    let mut body = json!({"provider": "greenhouse", "origin_owner_id": "c", "origin_owner_name": "C"});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn each_call_links_another_account_through_the_only_integration() {
    let server = Server::start().await;
    let path = "/unified/ats/assessments/secrets";
    let first = server.post(path, secrets(json!({})), 201).await;
    let second = server
        .post(path, secrets(json!({"integration_id": null})), 201)
        .await;
    assert_eq!(
        first.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["accountId", "baseUrl", "secretKey"]
    );
    assert_eq!(
        first["baseUrl"],
        format!("{}/external-trigger/greenhouse", server.url)
    );
    assert_ne!(first["secretKey"], second["secretKey"]);
    assert_ne!(first["accountId"], second["accountId"]);
    let key = first["secretKey"].as_str().unwrap();
    assert!(
        key.len() < 171
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "{key}"
    );
    assert_eq!(
        server.get("/integrations").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        server.get("/events?event_type=account.created").await["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    server
        .post("/unified/ats/background_checks/secrets", secrets(json!({})), 201)
        .await;
    assert_eq!(
        server.get("/integrations").await["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    server.stop().await;
}

#[tokio::test]
async fn which_integration_is_meant_must_be_said_where_several_fit() {
    let server = Server::start().await;
    server.add_project().await;
    let path = "/unified/ats/assessments/secrets";
    let one = server.post("/integrations", integration(), 201).await["id"].clone();
    server.post("/integrations", integration(), 201).await;
    let check = json!({"provider": "greenhouse", "category": "background_checks"});
    let check = server.post("/integrations", check, 201).await["id"].clone();
    let foreign = json!({"provider": "greenhouse", "category": "assessments"});
    let foreign = server
        .vendor_as(OTHER_API_KEY, None, "POST", "/integrations", Some(foreign), 201)
        .await["id"]
        .clone();
    let answer = server.try_vendor("POST", path, Some(&secrets(json!({})))).await;
    assert_eq!(answer.refuses(422, "integration_ambiguous"), ["/integration_id"]);
    let answer = server
        .try_vendor("POST", path, Some(&secrets(json!({"integration_id": check}))))
        .await;
    assert_eq!(answer.refuses(422, "invalid_value"), ["/integration_id"]);
    for unknown in [
        foreign,
        json!("nonsense"),
        json!(""),
        json!("int_0000000000000000000000"),
    ] {
        let answer = server
            .try_vendor("POST", path, Some(&secrets(json!({"integration_id": unknown}))))
            .await;
        answer.refuses(404, "not_found");
    }
    server
        .post(path, secrets(json!({"integration_id": one})), 201)
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a_customer_that_cannot_be_linked_is_refused_with_its_pointer() {
    let server = Server::start().await;
    let path = "/unified/ats/assessments/secrets";
    for (body, status, code, pointers) in [
        (
            json!({}),
            400,
            "invalid_body",
            vec!["/origin_owner_id", "/origin_owner_name", "/provider"],
        ),
        (
            secrets(json!({"origin_owner_id": ""})),
            400,
            "invalid_body",
            vec!["/origin_owner_id"],
        ),
        (
            secrets(json!({"origin_owner_name": 1})),
            400,
            "invalid_body",
            vec!["/origin_owner_name"],
        ),
        (
            secrets(json!({"provider": "nobody"})),
            422,
            "invalid_value",
            vec!["/provider"],
        ),
        (
            secrets(json!({"credentials": []})),
            400,
            "invalid_body",
            vec!["/credentials"],
        ),
        (
            secrets(json!({"credentials": {"a/b~c": "s3cret"}})),
            422,
            "invalid_value",
            vec!["/credentials/a~1b~0c"],
        ),
    ] {
        let answer = server.try_vendor("POST", path, Some(&body)).await;
        assert_eq!(answer.refuses(status, code), pointers, "{body}");
        assert!(!answer.text.contains("s3cret"));
    }
    server
        .try_vendor("POST", "/unified/ats/tests/secrets", Some(&secrets(json!({}))))
        .await
        .refuses(404, "not_found");
    assert_eq!(
        server.get("/integrations").await["data"],
        json!([]),
        "a refusal makes no integration"
    );
    server.post(path, secrets(json!({"credentials": {}})), 201).await;
    server.stop().await;
}
