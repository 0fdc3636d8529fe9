//! What every route of the vendor's face has in common: keys, ids, the error shape, paging, filters.

use crate::harness::{API_KEY, OTHER_API_KEY, Server};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

/// Every route of the API document with its methods, ids filled with `id`. (Those without a key apart.)
fn routes(document: &Value, id: &str) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] == json!([{}]) {
                continue;
            }
            let path = path
                .replace("{category}", "assessments")
                .replace("{provider}", "greenhouse");
            routes.push((method.to_uppercase(), path.replace("{id}", id)));
        }
    }
    assert!(routes.len() > 25, "{routes:?}");
    routes
}

#[tokio::test]
async fn every_route_without_a_key_that_is_valid_is_401() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let document = server.get("/openapi.json").await;
    let basic = |text: &str| format!("Basic {}", BASE64.encode(text));
    let wrong = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(API_KEY.to_owned()),
        Some(format!("Token {API_KEY}")),
        Some(format!("Bearer {API_KEY}x")),
        Some(format!("Bearer {}", customer.token)),
        Some(basic(&format!(":{API_KEY}"))),
        Some(basic(&format!("{}:", customer.token))),
        Some(format!("Basic {API_KEY}")),
    ];
    for (method, path) in routes(&document, "some-id") {
        for header in &wrong {
            let headers: Vec<_> = header
                .iter()
                .map(|value| ("authorization", value.as_str()))
                .collect();
            let answer = server.send(&method, &path, &headers, b"{\"broken".to_vec()).await;
            answer.refuses(401, "unauthorized");
            assert!(
                answer.header("www-authenticate").starts_with("Basic"),
                "{method} {path}"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_key_is_taken_as_bearer_or_as_basic_user_name() {
    let server = Server::start().await;
    for header in [
        format!("Bearer {API_KEY}"),
        format!("bearer  {API_KEY}"),
        format!("Basic {}", BASE64.encode(format!("{API_KEY}:"))),
        format!("basic {}", BASE64.encode(format!("{API_KEY}:any"))),
        format!("Basic {}", BASE64.encode(API_KEY)),
    ] {
        let answer = server
            .send("GET", "/webhooks", &[("authorization", &header)], Vec::new())
            .await;
        assert_eq!(answer.status, 200, "{header}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_id_that_is_malformed_or_unknown_or_another_projects_is_404() {
    let server = Server::start().await;
    server.add_project().await;
    server
        .order(
            &server.link("greenhouse", "assessments").await,
            "http://127.0.0.1:9/1",
        )
        .await;
    let document = server.get("/openapi.json").await;
    let own = server.get("/integrations").await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ids = [
        "nonsense",
        "%00",
        "%ff",
        "%2e%2e%2f",
        "int_",
        "int_0000000000000000000000",
        "'--",
        "é",
        own.as_str(),
    ];
    let long = "x".repeat(4000);
    let bearer = format!("Bearer {OTHER_API_KEY}");
    let linked = json!({"provider": "greenhouse", "origin_owner_id": "c", "origin_owner_name": "C"});
    let secrets = "/unified/ats/assessments/secrets";
    let linked = server
        .vendor_as(OTHER_API_KEY, None, "POST", secrets, Some(linked), 201)
        .await;
    let account = linked["accountId"].as_str().unwrap().to_owned();
    let body = json!({"result_url": "https://vendor.example/r"});
    for id in ids.into_iter().chain([long.as_str()]) {
        for (method, path) in routes(&document, id).iter().filter(|(_, path)| path.contains(id)) {
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-account-id", account.as_str()),
            ];
            let takes_a_body = path.contains("/set_up/") || path.ends_with("/rotate");
            let body = if method == "PATCH" || takes_a_body {
                body.to_string()
            } else {
                String::new()
            };
            let answer = server.send(method, path, &headers, body.into_bytes()).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
            answer.refuses(404, "not_found");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_route_that_does_not_exist_is_404_in_the_error_shape() {
    let server = Server::start().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/webhooks/"),
        ("GET", "//webhooks"),
        ("GET", "/unified/ats"),
        ("GET", "/v1/webhooks"),
        ("GET", "/../etc/passwd"),
        ("GET", "/%ff"),
        ("GET", "/unified/ats/nonsense/orders"),
        ("GET", "/connectors/meta/nobody"),
        ("GET", "/unified/hris"),
    ] {
        server
            .try_vendor(method, path, None)
            .await
            .refuses(404, "not_found");
    }
    for (method, path) in [
        ("POST", "/health/live"),
        ("PUT", "/webhooks"),
        ("DELETE", "/events"),
        ("PATCH", "/unified/ats/assessments/orders"),
        ("TRACE", "/webhooks"),
        ("BREW", "/webhooks"),
    ] {
        let answer = server.try_vendor(method, path, None).await;
        answer.refuses(405, "method_not_allowed");
    }
    server.stop().await;
}

#[tokio::test]
async fn paging_parameters_are_checked() {
    let server = Server::start().await;
    let lists = [
        "/webhooks",
        "/integrations",
        "/events",
        "/pushes",
        "/requests/logs",
        "/unified/ats/assessments/orders",
        "/unified/ats/assessments/packages?list=project",
    ];
    for list in lists {
        let and = if list.contains('?') { '&' } else { '?' };
        for size in [
            "0",
            "-1",
            "101",
            "1000000000000000000000",
            "ten",
            "1.5",
            "%00",
            "25%20",
        ] {
            let answer = server
                .try_vendor("GET", &format!("{list}{and}page_size={size}"), None)
                .await;
            assert_eq!(
                answer.refuses(400, "invalid_parameter"),
                ["?page_size"],
                "{list} {size}"
            );
        }
        for next in ["%00", "!!!", "a", "%ff", "AAAA%3D"] {
            let answer = server
                .try_vendor("GET", &format!("{list}{and}next={next}"), None)
                .await;
            assert_eq!(
                answer.refuses(400, "invalid_parameter"),
                ["?next"],
                "{list} {next}"
            );
        }
        let answer = server
            .try_vendor("GET", &format!("{list}{and}page_size=1&page_size=2"), None)
            .await;
        answer.refuses(400, "invalid_parameter");
        for fine in [
            "",
            "?page_size=1",
            "?page_size=100",
            "?page_size=",
            "?next=",
            // Of the form of a cursor, though none was given: nothing follows the place that it means.
            "?next=gA",
            "?next=AAAA",
            "?unknown=1",
            "?page_size=%31",
        ] {
            if list == "/requests/logs" && fine.starts_with("?next=") && fine.len() > 6 {
                continue; // The log's cursors are moments as well.
            }
            let fine = fine.replace('?', &and.to_string());
            let page = server.get(&format!("{list}{fine}")).await;
            // The log has all that was called before.
            let is_empty = page == json!({"next": null, "data": []});
            assert!(is_empty || list == "/requests/logs", "{list}{fine}: {page}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn filters_take_only_values_that_exist() {
    let server = Server::start().await;
    for query in [
        "/events?event_type=nonsense",
        "/events?event_type=%00",
        "/pushes?status=nonsense",
        "/pushes?status=%00",
        "/events?record_id=%00",
        "/pushes?order_id=a%00",
    ] {
        let answer = server.try_vendor("GET", query, None).await;
        let name = query.split(['?', '=']).nth(1).unwrap();
        assert_eq!(
            answer.refuses(400, "invalid_parameter"),
            [format!("?{name}")],
            "{query}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_of_what_grows_meanwhile_neither_repeat_nor_skip() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let mut placed = Vec::new();
    for index in 0..7 {
        placed.push(
            server
                .order(&customer, &format!("http://127.0.0.1:9/{index}"))
                .await,
        );
    }
    let mut path = "/unified/ats/assessments/orders?page_size=3".to_owned();
    let mut found = Vec::new();
    loop {
        let page = server.get(&path).await;
        let data = page["data"].as_array().unwrap();
        found.extend(data.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        server
            .order(&customer, &format!("http://127.0.0.1:9/late-{}", found.len()))
            .await;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/unified/ats/assessments/orders?page_size=3&next={next}");
    }
    placed.reverse();
    assert_eq!(found, placed);
    server.stop().await;
}
