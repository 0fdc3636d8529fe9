//! What an ATS can get wrong about who it is and what it asks, and what it gets told. (Bodies: ats_bodies.)

use crate::greenhouse_flow::send_test;
use crate::harness::{Answered, Customer, Receiver, Server};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const OPERATIONS: [(&str, &str); 4] = [
    ("GET", "list_tests"),
    ("POST", "send_test"),
    ("GET", "test_status"),
    ("POST", "response_error"),
];

fn basic(credentials: &str) -> String {
    format!("Basic {}", BASE64.encode(credentials))
}

async fn with_authorization(server: &Server, method: &str, tail: &str, header: Option<&str>) -> Answered {
    let headers: Vec<_> = header.map(|value| ("authorization", value)).into_iter().collect();
    let path = format!("/external-trigger/greenhouse/{tail}");
    server.send(method, &path, &headers, Vec::new()).await
}

#[tokio::test]
async fn without_the_customers_token_every_endpoint_answers_401() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let token = customer.token.as_str();
    let wrong = [
        None,
        Some(String::new()),
        Some("Basic".to_owned()),
        Some("Basic ".to_owned()),
        Some("Basic !!!".to_owned()),
        Some(format!("Bearer {token}")),
        Some(format!("Token {token}")),
        Some(token.to_owned()),
        Some(format!("Basic {token}")),
        Some(basic("")),
        Some(basic(":")),
        Some(basic(&format!(":{token}"))),
        Some(basic(&format!("{token}x:"))),
        Some(basic(&format!("{}:", token.to_uppercase()))),
        Some(basic(&format!("{}:", crate::harness::API_KEY))),
        Some(basic(&format!("{token}\0:"))),
        Some(format!("Basic {}", BASE64.encode([0xff, 0xfe, b':']))),
    ];
    for (method, tail) in OPERATIONS.into_iter().chain([("GET", "no_such_endpoint")]) {
        for header in &wrong {
            let answer = with_authorization(&server, method, tail, header.as_deref()).await;
            answer.refuses(401, "unauthorized");
            assert!(
                answer.header("www-authenticate").starts_with("Basic"),
                "{header:?}"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case_and_a_password_does_not_matter() {
    let server = Server::start().await;
    let token = server.link("greenhouse", "assessments").await.token;
    for header in [
        basic(&token),
        basic(&format!("{token}:")),
        basic(&format!("{token}:ignored:too")),
        basic(&format!("{token}:")).replacen("Basic", "basic", 1),
        basic(&format!("{token}:")).replacen("Basic ", "BASIC  ", 1),
    ] {
        let answer = with_authorization(&server, "GET", "list_tests", Some(&header)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "[]"), "{header}");
    }
    server.stop().await;
}

#[tokio::test]
async fn another_customers_order_is_not_there() {
    let server = Server::start().await;
    let (one, other) = (
        server.link("greenhouse", "assessments").await,
        server.link("greenhouse", "assessments").await,
    );
    let check = server.link("greenhouse", "background_checks").await;
    let order = server.order(&one, "http://127.0.0.1:9/1").await;
    let tail = format!("test_status?partner_interview_id={order}");
    for foreign in [&other, &check] {
        let answer = server.try_ats(foreign, "GET", &tail, b"").await;
        answer.refuses(404, "not_found");
        assert!(!answer.text.contains(&order));
    }
    server.ats(&one, "GET", &tail, None, 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_tenant_id_may_be_absent_and_must_not_be_another_ones() {
    let server = Server::start().await;
    let integration =
        json!({"provider": "greenhouse", "category": "assessments", "tenant_id": "hooli & co/ü"});
    let made = server.post("/integrations", integration, 201).await;
    let customer = server.link("greenhouse", "assessments").await;
    for tail in [
        "list_tests",
        "list_tests?tenant-id=hooli+%26+co%2F%C3%BC",
        "list_tests?other=1",
    ] {
        server.ats(&customer, "GET", tail, None, 200).await;
    }
    for tail in [
        "list_tests?tenant-id=acme",
        "list_tests?tenant-id=",
        "list_tests?tenant-id=HOOLI+%26+CO%2F%C3%BC",
    ] {
        server
            .try_ats(&customer, "GET", tail, b"")
            .await
            .refuses(404, "not_found");
    }
    let sent = send_test("http://127.0.0.1:9/1").to_string();
    let answer = server
        .try_ats(&customer, "POST", "send_test?tenant-id=acme", sent.as_bytes())
        .await;
    answer.refuses(404, "not_found");
    for (method, name) in OPERATIONS {
        let url = made["endpoint_urls"][name].as_str().unwrap();
        let request = server.http.request(method.parse().unwrap(), url);
        let answer = request
            .basic_auth(&customer.token, Some(""))
            .send()
            .await
            .unwrap();
        assert_ne!(answer.status().as_u16(), 404, "{url}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_same_test_sent_again_is_the_same_order_and_no_second_event() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let first = server.order(&customer, "http://127.0.0.1:9/1").await;
    let mut changed = send_test("http://127.0.0.1:9/1");
    changed["candidate"]["first_name"] = json!("Someone");
    let again = server
        .ats(&customer, "POST", "send_test", Some(changed), 200)
        .await;
    assert_eq!(again["partner_interview_id"], first);
    let second = server.order(&customer, "http://127.0.0.1:9/2").await;
    assert_ne!(first, second);
    let other = server.link("greenhouse", "assessments").await;
    assert_ne!(server.order(&other, "http://127.0.0.1:9/1").await, first);
    for _ in 0..3 {
        vendor.next().await;
    }
    assert!(vendor.rest().is_empty());
    assert_eq!(server.count_events("record.new", &first).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn one_test_sent_20_times_at_once_is_one_order() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let sending = (0..20).map(|_| server.order(&customer, "http://127.0.0.1:9/1"));
    let ids = join_all(sending).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let events = server.get("/events?event_type=record.new").await;
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
    let orders = server.get("/unified/ats/assessments/orders").await;
    assert_eq!(orders["data"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn of_orders_of_several_customers_at_once_each_is_placed_told_and_logged_once_for_itself() {
    let server = Server::start().await;
    let (mut plain, mut in_order) = (Receiver::start().await, Receiver::start().await);
    server.webhook(&plain.url, &["record.new"]).await;
    let wants = json!({"url": in_order.url, "events": ["record.new"], "in_order": true});
    server.post("/webhooks", wants, 201).await;
    let (paused, _) = server.webhook("http://127.0.0.1:9/", &["record.new"]).await;
    let off = json!({"enabled": false});
    server
        .vendor("PATCH", &format!("/webhooks/{paused}"), Some(off), 200)
        .await;
    let first = server.link("greenhouse", "assessments").await;
    let second = server.link("greenhouse", "background_checks").await;
    // Each is sent twice, beside all the others.
    let sending = (0..60).map(|number| {
        let customer = [&first, &second][number % 2];
        let callback = format!("http://127.0.0.1:9/{}", number / 4);
        let server = &server;
        async move {
            let order = server.order(customer, &callback).await;
            (number % 2, number / 4, order)
        }
    });
    let mut ids: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (customer, callback, id) in join_all(sending).await {
        ids.entry((customer, callback)).or_default().insert(id);
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    let placed: BTreeSet<String> = ids.into_values().flatten().collect();
    assert_eq!(placed.len(), 30);
    for endpoint in [&mut plain, &mut in_order] {
        let mut told = BTreeSet::new();
        while told.len() < placed.len() {
            let event = endpoint.next().await.json();
            let record = event["recordId"].as_str().unwrap().to_owned();
            let kind = match record.starts_with("ats_ass_") {
                true => "ats_assessments",
                false => "ats_background_checks",
            };
            assert_eq!(event["syncDataType"], kind);
            assert!(told.insert(record), "told twice");
        }
        assert_eq!(told, placed);
    }
    let waiting = server.deliveries(&paused).await;
    assert_eq!(waiting.len(), placed.len());
    assert!(waiting.iter().all(|delivery| delivery["status"] == "paused"));
    for order in &placed {
        let path = format!("/requests/logs?filter[order_ids]={order}&filter[directions]=ats_to_us");
        assert_eq!(server.get(&path).await["data"].as_array().unwrap().len(), 2);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_is_right() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    for (right, tail) in OPERATIONS {
        for wrong in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if wrong == right {
                continue;
            }
            let answer = server.try_ats(&customer, wrong, tail, b"").await;
            answer.refuses(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), right);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_or_provider_that_does_not_exist_is_404() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    for tail in [
        "",
        "send_tests",
        "send_test/",
        "send_test/1",
        "SEND_TEST",
        "%73end_tes",
        "../list_tests/x",
        "%ff",
        "%00",
    ] {
        server
            .try_ats(&customer, "GET", tail, b"")
            .await
            .refuses(404, "not_found");
    }
    for path in [
        "/external-trigger",
        "/external-trigger/greenhouse",
        "/external-trigger/nobody/list_tests",
    ] {
        let headers = [("authorization", basic(&customer.token))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        server
            .send("GET", path, &headers, Vec::new())
            .await
            .refuses(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn test_status_needs_the_id_that_send_test_answered() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let answer = server.try_ats(&customer, "GET", "test_status", b"").await;
    assert_eq!(
        answer.refuses(400, "invalid_parameter"),
        ["?partner_interview_id"]
    );
    let order = server.order(&customer, "http://127.0.0.1:9/1").await;
    let twisted = format!("{}{}", &order[..29], if order.ends_with('0') { '1' } else { '0' });
    for id in [
        twisted.as_str(),
        "",
        "1",
        "%00",
        "%ff",
        "ats_ass_",
        "ats_bgc_0000000000000000000000",
        "%27%20OR%201=1--",
    ] {
        let tail = format!("test_status?partner_interview_id={id}");
        server
            .try_ats(&customer, "GET", &tail, b"")
            .await
            .refuses(404, "not_found");
    }
    assert_eq!(
        server.test_status(&customer, &order).await,
        json!({"partner_status": "pending"})
    );
    server.stop().await;
}

fn error_report(order: &str) -> Value {
    json!({
        "api_call": "test_status", "errors": ["partner_score is not a number", "and another thing"],
        "partner_test_id": 17, "partner_interview_id": order, "candidate_email": "zoe@candidates.example",
        "new_key": {"deep": [1]}
    })
}

#[tokio::test]
async fn what_the_ats_reports_wrong_is_logged_in_full_and_told_to_the_vendor() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["provider.error_reported"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, "http://127.0.0.1:9/1").await;
    let report = error_report(&order);
    let noted = server
        .ats(&customer, "POST", "response_error", Some(report.clone()), 200)
        .await;
    assert_eq!(noted, json!({"status": 200}));
    let event = vendor.next().await.json();
    assert_eq!(
        (&event["eventType"], &event["recordId"]),
        (&json!("provider.error_reported"), &json!(order))
    );
    let told = &event["eventData"]["providerError"];
    assert_eq!(told["errors"], report["errors"]);
    assert_eq!(told["operation"], "test_status");
    assert_eq!(told["originData"], report);
    assert_eq!(
        (&told["orderId"], &told["accountId"]),
        (&json!(order), &json!(customer.account))
    );
    let log = server.newest_log().await;
    assert_eq!(
        (&log["operation"], &log["order_id"]),
        (&json!("response_error"), &json!(order))
    );
    assert_eq!(log["detail"]["reported"]["originData"], report);
    let path = format!("/requests/logs/{}", log["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await["data"], log);
    server.stop().await;
}

#[tokio::test]
async fn a_report_about_no_order_of_this_customer_names_none() {
    let server = Server::start().await;
    let one = server.link("greenhouse", "assessments").await;
    let other = server.link("greenhouse", "assessments").await;
    let foreign = server.order(&one, "http://127.0.0.1:9/1").await;
    for id in [json!(foreign), json!("nonsense"), json!(299506), json!(null)] {
        let mut report = error_report("");
        report["partner_interview_id"] = id;
        server
            .ats(&other, "POST", "response_error", Some(report.clone()), 200)
            .await;
        let log = server.newest_log().await;
        assert_eq!(log["order_id"], Value::Null);
        assert_eq!(log["detail"]["reported"]["originData"], report);
    }
    assert_eq!(
        server
            .count_events("provider.error_reported", &other.account)
            .await,
        4
    );
    assert_eq!(server.count_events("provider.error_reported", &foreign).await, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_report_is_logged_as_it_was_sent_even_where_its_numbers_fit_no_machine_type() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let report = br#"{"api_call":"list_tests","errors":[],"x":1e300,"y":12345678901234567890123,"z":1.10}"#;
    let answer = server.try_ats(&customer, "POST", "response_error", report).await;
    assert_eq!(answer.status, 200);
    let logs = server.try_vendor("GET", "/requests/logs", None).await;
    assert!(
        logs.text.contains(std::str::from_utf8(report).unwrap()),
        "{}",
        logs.text
    );
    server.stop().await;
}

async fn flow(server: &Server, customer: &Customer, category: &str, words: [&str; 3]) {
    let [prefix, data_type, key] = words;
    let mut vendor = Receiver::start().await;
    let mut ats = Receiver::start().await;
    let hook =
        json!({"url": vendor.url, "events": ["record.new", "record.modified"], "categories": [category]});
    server.post("/webhooks", hook, 201).await;
    let order = server.order(customer, &ats.url).await;
    assert!(order.starts_with(prefix), "{order}");
    let event = vendor.next().await.json();
    assert_eq!(event["syncDataType"], data_type);
    assert_eq!(event["eventData"][key]["id"], order);
    let path = format!("/unified/ats/{category}/orders/{order}/result");
    let result = json!({"result_url": "https://vendor.example/r", "result": {"value": "passed"}});
    server.vendor("PATCH", &path, Some(result), 200).await;
    assert_eq!(ats.next().await.method, "PATCH");
    assert_eq!(
        server.test_status(customer, &order).await["partner_status"],
        "complete"
    );
    let modified = vendor.next().await.json();
    assert_eq!(modified["eventType"], "record.modified");
    assert_eq!(modified["eventData"][key]["status"], "COMPLETED");
    assert!(
        vendor.rest().is_empty(),
        "an endpoint of one category hears of no other"
    );
}

#[tokio::test]
async fn the_three_categories_go_the_same_way() {
    let server = Server::start().await;
    for (category, words) in [
        (
            "assessments",
            ["ats_ass_", "ats_assessments", "candidateAssessment"],
        ),
        (
            "background_checks",
            ["ats_bgc_", "ats_background_checks", "candidateBackgroundCheck"],
        ),
        (
            "reference_checks",
            ["ats_ref_", "ats_reference_checks", "candidateReferenceCheck"],
        ),
    ] {
        let customer = server.link("greenhouse", category).await;
        flow(&server, &customer, category, words).await;
    }
    server.stop().await;
}
