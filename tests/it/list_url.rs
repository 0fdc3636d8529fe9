//! The vendor's own list URL: how it is called, what is followed, and what a recruiter sees when it fails.

use crate::harness::{API_KEY, Customer, Receiver, Reply, Server};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

struct Linked {
    server: Server,
    vendor: Receiver,
    customer: Customer,
    secret: String,
    integration: String,
}

async fn linked() -> Linked {
    let (server, vendor) = (Server::start().await, Receiver::start().await);
    let body = json!({
        "provider": "greenhouse", "category": "assessments",
        "package_list_url": format!("{}/lists?plan=gold", vendor.url), "package_list_api_key": "list-key",
    });
    let made = server.post("/integrations", body, 201).await;
    let customer = server.link("greenhouse", "assessments").await;
    Linked {
        secret: made["signing_secret"].as_str().unwrap().to_owned(),
        integration: made["id"].as_str().unwrap().to_owned(),
        server,
        vendor,
        customer,
    }
}

impl Linked {
    async fn offered(&self) -> Vec<String> {
        let tests = self
            .server
            .ats(&self.customer, "GET", "list_tests", None, 200)
            .await;
        let tests = tests.as_array().unwrap();
        tests
            .iter()
            .map(|one| one["partner_test_id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn answers(&self, reply: Reply) {
        self.vendor.answer(move |_| reply.clone());
    }

    async fn put(&self, account: Option<&str>, id: &str) {
        let body = json!({"packages": [{"id": id, "name": id}]});
        let path = "/unified/ats/assessments/packages";
        self.server
            .vendor_as(API_KEY, account, "PUT", path, Some(body), 200)
            .await;
    }
}

fn list(ids: &[&str]) -> Value {
    ids.iter()
        .map(|id| json!({"id": id, "name": format!("Name of {id}")}))
        .collect()
}

#[tokio::test]
async fn the_list_url_is_called_as_documented_and_signed() {
    let mut linked = linked().await;
    linked
        .answers(Reply::json(&json!({"data": list(&["b", "a"])})))
        .await;
    assert_eq!(linked.offered().await, ["b", "a"]);
    let call = linked.vendor.next().await;
    assert_eq!(
        (call.method.as_str(), call.path.as_str(), call.query.as_str()),
        ("POST", "/lists", "plan=gold")
    );
    assert_eq!(
        call.headers["authorization"],
        format!("Basic {}", BASE64.encode("list-key:"))
    );
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(
        call.json(),
        json!({"account_id": linked.customer.account, "provider": "greenhouse"})
    );
    assert!(call.is_signed_by(&linked.secret));
    let log = linked.server.newest_log().await;
    assert_eq!(
        (&log["operation"], &log["success"]),
        (&json!("list_tests"), &json!(true))
    );
    linked.server.stop().await;
}

#[tokio::test]
async fn next_is_followed_in_query_and_body_and_each_page_is_signed() {
    let mut linked = linked().await;
    linked.vendor.answer(|call| {
        let cursor = call.json()["next"].as_str().map(str::to_owned);
        Reply::json(&match cursor.as_deref() {
            None => json!({"data": list(&["a"]), "next": "2 &ü"}),
            Some("2 &ü") => json!({"data": list(&[]), "next": "3"}),
            _ => json!({"data": list(&["b"]), "next": ""}),
        })
    });
    assert_eq!(linked.offered().await, ["a", "b"]);
    let calls = linked.vendor.rest();
    let queries: Vec<_> = calls.iter().map(|call| call.query.as_str()).collect();
    assert_eq!(
        queries,
        ["plan=gold", "plan=gold&next=2+%26%C3%BC", "plan=gold&next=3"]
    );
    assert!(calls.iter().all(|call| call.is_signed_by(&linked.secret)));
    linked.server.stop().await;
}

#[tokio::test]
async fn a_bare_array_unknown_fields_and_an_empty_list_are_good_answers() {
    let linked = linked().await;
    linked.answers(Reply::json(&list(&["a"]))).await;
    assert_eq!(linked.offered().await, ["a"]);
    let page = json!({"data": [{"id": "a", "name": "A", "remote_id": "a", "content_url": null, "x": {"y": 1}}], "raw": null});
    linked
        .answers(Reply {
            status: 201,
            ..Reply::json(&page)
        })
        .await;
    assert_eq!(linked.offered().await, ["a"]);
    linked.put(None, "stored").await;
    linked
        .answers(Reply::json(&json!({"data": [], "next": null})))
        .await;
    assert!(
        linked.offered().await.is_empty(),
        "the vendor says that there is nothing to order"
    );
    linked.server.stop().await;
}

fn bad_answers() -> Vec<(Reply, &'static str)> {
    let text = |body: &str| Reply {
        body: body.to_owned(),
        ..Reply::status(200)
    };
    let json = |body: Value| Reply::json(&body);
    let moved = Reply {
        headers: vec![("location", "/elsewhere".to_owned())],
        ..Reply::status(302)
    };
    vec![
        (Reply::status(500), ""),
        (Reply::status(404), ""),
        (
            Reply {
                body: list(&["x"]).to_string(),
                ..Reply::status(401)
            },
            "",
        ),
        (moved, ""),
        (Reply::status(200), ""),
        (Reply::status(204), ""),
        (text("<html><body>hello</body></html>"), ""),
        (text("[{\"id\":\"a\",\"name\":\"A\"}"), ""),
        (text(&format!("[{}]", " ".repeat(1024 * 1024))), ""),
        (text("[{\"id\":\"a\\u0000\",\"name\":\"A\"}]"), ""),
        (json(json!("text")), ""),
        (json(json!(null)), ""),
        (json(json!({})), "/data"),
        (json(json!({"data": null})), "/data"),
        (json(json!({"data": {"a": 1}})), "/data"),
        (json(json!({"packages": list(&["a"])})), "/data"),
        (json(json!({"data": [{"name": "A"}]})), "/data/0/id"),
        (json(json!({"data": [{"id": 1, "name": "A"}]})), "/data/0/id"),
        (
            json(json!({"data": [{"id": "a", "name": "A"}, {"id": "b"}]})),
            "/data/1/name",
        ),
        (json(json!([{"id": "", "name": "A"}])), "/0/id"),
        (json(json!([["a"]])), "/0"),
        (json(list(&["a", "b", "a"])), "/2/id"),
        (json(json!({"data": list(&["a", "b", "a"])})), "/data/2/id"),
        (json(json!({"data": [], "next": 2})), "/next"),
        (json(json!({"data": [], "next": "again"})), "/next"),
        (json(json!({"data": list(&["a"]), "next": "more"})), "/data/0/id"),
    ]
}

#[tokio::test]
async fn each_bad_answer_is_502_without_a_list_to_fall_back_on_and_the_log_says_what_was_wrong() {
    let linked = linked().await;
    for (reply, pointer) in bad_answers() {
        let shown = format!("{reply:.200?}");
        linked.answers(reply).await;
        let answer = linked
            .server
            .try_ats(&linked.customer, "GET", "list_tests", b"")
            .await;
        let pointers = answer.refuses(502, "package_list_failed");
        assert!(pointers.iter().any(|one| one == pointer), "{shown}: {pointers:?}");
        assert!(!answer.text.contains("hello"));
        let log = linked.server.newest_log().await;
        assert_eq!(
            (&log["status"], &log["error_code"]),
            (&json!(502), &json!("package_list_failed"))
        );
        assert_eq!(log["detail"]["errors"], answer.json()["errors"], "{shown}");
    }
    linked.server.stop().await;
}

#[tokio::test]
async fn each_bad_answer_is_covered_by_the_last_good_list_and_still_logged() {
    let linked = linked().await;
    linked.answers(Reply::json(&list(&["good", "old"]))).await;
    linked.offered().await;
    linked.put(None, "stored").await;
    for (reply, pointer) in bad_answers() {
        linked.answers(reply).await;
        assert_eq!(linked.offered().await, ["good", "old"]);
        let log = linked.server.newest_log().await;
        assert_eq!((&log["status"], &log["success"]), (&json!(200), &json!(false)));
        assert_eq!(log["error_code"], "package_list_failed");
        let told = log["detail"]["errors"].as_array().unwrap();
        assert!(told.iter().any(|one| one["pointer"] == pointer), "{log}");
    }
    linked.server.stop().await;
}

#[tokio::test]
async fn what_is_offered_falls_back_step_by_step() {
    let linked = linked().await;
    let path = format!("/integrations/{}", linked.integration);
    linked.answers(Reply::status(500)).await;
    linked
        .server
        .ats(&linked.customer, "GET", "list_tests", None, 502)
        .await;
    let static_id = json!({"static_package_id": "static"});
    linked.server.vendor("PATCH", &path, Some(static_id), 200).await;
    assert_eq!(linked.offered().await, ["static"]);
    linked.put(None, "project").await;
    assert_eq!(linked.offered().await, ["project"]);
    linked.put(Some(&linked.customer.account), "own").await;
    assert_eq!(linked.offered().await, ["own"]);
    linked.answers(Reply::json(&list(&["served"]))).await;
    assert_eq!(linked.offered().await, ["served"]);
    linked.answers(Reply::status(500)).await;
    assert_eq!(linked.offered().await, ["served"]);
    let no_url = json!({"package_list_url": null});
    linked.server.vendor("PATCH", &path, Some(no_url), 200).await;
    assert_eq!(
        linked.offered().await,
        ["own"],
        "without a URL its last answer counts no more"
    );
    linked.server.stop().await;
}

#[tokio::test]
async fn one_customers_last_good_list_is_not_anothers() {
    let linked = linked().await;
    let other = linked.server.link("greenhouse", "assessments").await;
    linked.answers(Reply::json(&list(&["mine"]))).await;
    linked.offered().await;
    linked.answers(Reply::status(500)).await;
    linked.server.ats(&other, "GET", "list_tests", None, 502).await;
    linked.server.stop().await;
}

#[tokio::test]
async fn names_that_the_list_url_served_are_joined_into_orders() {
    let linked = linked().await;
    let mut hook = Receiver::start().await;
    linked.server.webhook(&hook.url, &["record.new"]).await;
    linked.answers(Reply::json(&list(&["pkg_logic"]))).await;
    linked.offered().await;
    linked
        .server
        .order(&linked.customer, "http://127.0.0.1:9/1")
        .await;
    let event = hook.next().await.json();
    assert_eq!(
        event["eventData"]["candidateAssessment"]["assessmentPackage"]["name"],
        "Name of pkg_logic"
    );
    linked.server.stop().await;
}

#[tokio::test]
async fn a_list_url_that_nobody_answers_is_given_up_so_that_the_recruiter_can_go_on() {
    let linked = linked().await;
    // It listens and never answers: the one test that waits for a deadline (5 s).
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let path = format!("/integrations/{}", linked.integration);
    linked.put(None, "stored").await;
    linked
        .server
        .vendor("PATCH", &path, Some(json!({"package_list_url": url})), 200)
        .await;
    assert_eq!(linked.offered().await, ["stored"]);
    let log = linked.server.newest_log().await;
    assert_eq!(log["error_code"], "package_list_failed");
    drop(silent);
    assert_eq!(linked.offered().await, ["stored"], "nobody listens there now");
    linked.server.stop().await;
}
