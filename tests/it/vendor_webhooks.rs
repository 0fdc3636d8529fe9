//! Webhook endpoints as the vendor keeps them, connector meta, and the request log.

use crate::harness::{Receiver, Server};
use serde_json::{Value, json};

fn endpoint(url: &str) -> Value {
    json!({"url": url, "events": ["record.new"]})
}

#[tokio::test]
async fn an_endpoint_is_made_read_changed_and_deleted_and_its_secret_is_shown_once() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let body = json!({"url": vendor.url, "name": "main", "events": ["record.new", "record.modified"], "categories": ["assessments"]});
    let made = server.post("/webhooks", body.clone(), 201).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&made[field], value);
    }
    assert_eq!(
        (&made["enabled"], &made["disabled_reason"]),
        (&json!(true), &Value::Null)
    );
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(server.get(&path).await, shown);
    assert_eq!(server.get("/webhooks").await["data"], json!([shown]));
    let same = server.vendor("PATCH", &path, Some(json!({})), 200).await;
    assert_eq!(same["url"], shown["url"]);
    let change = json!({"name": null, "categories": [], "events": ["record.deleted"], "enabled": false});
    let changed = server.vendor("PATCH", &path, Some(change.clone()), 200).await;
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    assert!(changed["disabled_reason"].is_string() && changed["secret"].is_null());
    let rotated = server
        .vendor(
            "PATCH",
            &path,
            Some(json!({"rotate_secret": true, "enabled": true})),
            200,
        )
        .await;
    assert_ne!(rotated["secret"].as_str().unwrap(), secret);
    assert!(vendor.rest().is_empty(), "making an endpoint calls nobody");
    server.vendor("DELETE", &path, None, 204).await;
    for (method, body) in [("GET", None), ("DELETE", None), ("PATCH", Some(json!({})))] {
        server.vendor(method, &path, body, 404).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_test_event_is_signed_and_its_outcome_is_told() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (id, secret) = server.webhook(&vendor.url, &["record.new"]).await;
    let told = server.post(&format!("/webhooks/{id}/test"), json!({}), 200).await;
    assert_eq!((&told["delivered"], &told["status"]), (&json!(true), &json!(200)));
    let event = vendor.next().await;
    assert!(event.is_signed_by(&secret));
    assert_eq!(event.json()["eventType"], "webhook.test");
    vendor.stop().await;
    let told = server.post(&format!("/webhooks/{id}/test"), json!({}), 200).await;
    assert_eq!(
        (&told["delivered"], &told["status"]),
        (&json!(false), &Value::Null)
    );
    assert!(told["error"].is_string());
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_may_not_be_called_is_refused_and_no_address_is_repeated() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let (id, _) = server.webhook(&vendor.url, &["record.new"]).await;
    for url in [
        "http://192.0.2.7/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://user:s3cret@vendor.example/",
        "https://0/",
        "https://0xa000001/",
        "ftp://vendor.example/",
        "file:///etc/passwd",
        "vendor.example",
        "/hook",
        "https://",
        "not a URL",
        "http://[::ffff:10.0.0.1]/",
    ] {
        for (method, path) in [
            ("POST", "/webhooks".to_owned()),
            ("PATCH", format!("/webhooks/{id}")),
        ] {
            let answer = server.try_vendor(method, &path, Some(&endpoint(url))).await;
            assert_eq!(answer.refuses(422, "target_not_allowed"), ["/url"], "{url}");
            assert!(
                !answer.text.contains("s3cret") && !answer.text.contains("169.254"),
                "{}",
                answer.text
            );
        }
    }
    assert_eq!(server.get("/webhooks").await["data"].as_array().unwrap().len(), 1);
    server
        .post("/webhooks", endpoint("https://vendor.example/hook?a=b#c"), 201)
        .await;
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_with_a_wrong_field_is_400_with_its_pointer() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let (id, _) = server.webhook(&vendor.url, &["record.new"]).await;
    let answer = server.try_vendor("POST", "/webhooks", Some(&json!({}))).await;
    assert_eq!(answer.refuses(400, "invalid_body"), ["/events", "/url"]);
    for (field, value, pointer) in [
        ("url", json!(1), "/url"),
        ("url", json!(""), "/url"),
        (
            "url",
            json!(format!("https://vendor.example/{}", "x".repeat(2048))),
            "/url",
        ),
        ("events", json!([]), "/events"),
        ("events", json!("record.new"), "/events"),
        ("events", json!(["record.new", "record.s3cret"]), "/events/1"),
        ("events", json!(["*"]), "/events/0"),
        ("events", json!([1]), "/events/0"),
        ("categories", json!(["s3cret"]), "/categories/0"),
        ("categories", json!("assessments"), "/categories"),
        ("name", json!(["s3cret"]), "/name"),
        ("name", json!("x".repeat(256)), "/name"),
    ] {
        let mut body = endpoint(&vendor.url);
        body[field] = value;
        for (method, path) in [
            ("POST", "/webhooks".to_owned()),
            ("PATCH", format!("/webhooks/{id}")),
        ] {
            let answer = server.try_vendor(method, &path, Some(&body)).await;
            assert_eq!(answer.refuses(400, "invalid_body"), [pointer], "{body:.200}");
            assert!(!answer.text.contains("s3cret"), "{}", answer.text);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn an_event_type_twice_is_one_subscription() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (id, _) = server.webhook(&vendor.url, &["record.new", "record.new"]).await;
    assert_eq!(
        server.get(&format!("/webhooks/{id}")).await["events"],
        json!(["record.new"])
    );
    let customer = server.link("greenhouse", "assessments").await;
    server.order(&customer, "http://127.0.0.1:9/1").await;
    vendor.next().await;
    assert!(vendor.rest().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn what_is_kept_can_be_listed_read_replayed_and_retried_by_its_id() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (id, secret) = server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, "http://127.0.0.1:9/1").await;
    let first = vendor.next().await;
    let list = format!("/webhooks/{id}/deliveries");
    let sent = server
        .eventually(&format!("{list}?status=succeeded"), |page| {
            page["data"][0].is_object()
        })
        .await;
    let delivery = sent["data"][0]["id"].as_str().unwrap();
    let one = server.get(&format!("/deliveries/{delivery}")).await;
    assert_eq!(
        (&one["webhook_id"], &one["attempts"][0]["status_code"]),
        (&json!(id), &json!(200))
    );
    let event = one["event_id"].as_str().unwrap();
    let kept = server.get(&format!("/events/{event}")).await;
    assert_eq!(
        (&kept["body"], &kept["record_id"]),
        (&first.json(), &json!(order))
    );
    server
        .post(&format!("/deliveries/{delivery}/retry"), json!({}), 200)
        .await;
    let retried = vendor.next().await;
    assert_eq!(
        server
            .post(&format!("/events/{event}/replay"), json!({}), 200)
            .await,
        json!({"deliveries": 1})
    );
    let replayed = vendor.next().await;
    for again in [retried, replayed] {
        assert_eq!(again.headers["webhook-id"], first.headers["webhook-id"]);
        assert_eq!(again.body, first.body);
        assert!(again.is_signed_by(&secret));
    }
    let answer = server
        .try_vendor("GET", &format!("{list}?status=nonsense"), None)
        .await;
    assert_eq!(answer.refuses(400, "invalid_parameter"), ["?status"]);
    server.stop().await;
}

#[tokio::test]
async fn connector_meta_types_every_field_that_the_recruiter_sees() {
    let server = Server::start().await;
    let meta = server.get("/connectors/meta/greenhouse").await;
    let all = server.get("/connectors/meta").await;
    assert!(all.as_array().unwrap().contains(&meta));
    assert_eq!(
        (&meta["provider"], &meta["provider_name"]),
        (&json!("greenhouse"), &json!("Greenhouse"))
    );
    assert!(!meta["setup_steps"].as_array().unwrap().is_empty());
    for category in ["assessments", "background_checks", "reference_checks"] {
        let model = &meta["models"][format!("{category}/results.update")];
        assert_eq!(
            model["apiPath"],
            format!("/unified/ats/{category}/orders/{{id}}/result")
        );
        let fields = model["input"]["defaultFields"].as_array().unwrap();
        let field = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap().clone();
        for (name, kind, format, label) in [
            ("result.value", "enum", Value::Null, "Status"),
            ("result_url", "string", json!("uri"), "View Report"),
            ("score.value", "number", Value::Null, "Score"),
            ("start_date", "string", json!("date-time"), "Started At"),
            ("submission_date", "string", json!("date-time"), "Completed At"),
            ("summary", "string", Value::Null, "Notes"),
        ] {
            let field = field(name);
            assert_eq!(
                (&field["type"], &field["format"]),
                (&json!(kind), &format),
                "{name}"
            );
            assert_eq!(field["required"], false);
            assert!(field["shown_as"].as_str().unwrap().contains(label), "{field}");
        }
        let values = json!([
            "initiated",
            "in_progress",
            "completed",
            "passed",
            "failed",
            "cancelled",
            "expired"
        ]);
        assert_eq!(field("result.value")["enum"], values);
        assert_eq!(
            field("result_url")["required_if"],
            json!({"field": "result.value", "in": ["completed", "passed", "failed", null]})
        );
        assert_eq!(fields.len(), 6);
        assert!(!model["output"]["defaultFields"].as_array().unwrap().is_empty());
    }
    server.stop().await;
}

/// The log, of ATSs' calls alone.
const OF_THE_ATS: &str = "/requests/logs?filter[directions]=ats_to_us";

#[tokio::test]
async fn the_request_log_tells_every_call_of_a_known_customer_and_no_query() {
    let server = Server::start().await;
    let one = server.link("greenhouse", "assessments").await;
    let other = server.link("greenhouse", "assessments").await;
    let order = server.order(&one, "http://127.0.0.1:9/1").await;
    server.ats(&one, "GET", "list_tests?tenant-id=x", None, 200).await;
    server.test_status(&one, &order).await;
    server
        .try_ats(&one, "GET", "test_status?partner_interview_id=nope", b"")
        .await
        .refuses(404, "not_found");
    server.ats(&other, "GET", "list_tests", None, 200).await;
    let logs = server.get(OF_THE_ATS).await["data"].clone();
    let told: Vec<_> = logs
        .as_array()
        .unwrap()
        .iter()
        .map(|log| {
            (
                log["operation"].as_str().unwrap(),
                log["status"].as_i64().unwrap(),
                log["order_id"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("list_tests", 200, None),
            ("test_status", 404, None),
            ("test_status", 200, Some(order.as_str())),
            ("list_tests", 200, None),
            ("send_test", 200, Some(order.as_str())),
        ]
    );
    assert_eq!(logs[3]["path"], "/external-trigger/greenhouse/list_tests");
    assert_eq!(
        (&logs[1]["success"], &logs[1]["error_code"]),
        (&json!(false), &json!("not_found"))
    );
    let own = server
        .vendor_as(
            crate::harness::API_KEY,
            Some(&other.account),
            "GET",
            OF_THE_ATS,
            None,
            200,
        )
        .await;
    assert_eq!(own["data"], json!([logs[0]]));
    server.stop().await;
}
