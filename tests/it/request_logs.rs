//! The request log: every call between the ATSs, the vendor and us, known by a request id that comes back with every
//! answer.

use crate::greenhouse_flow::send_test;
use crate::harness::{API_KEY, Answered, Customer, OTHER_API_KEY, Receiver, Reply, Server};
use reqwest::Response;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ID: &str = "x-request-id";

impl Server {
    /// A call of anybody's, with an id of its own.
    async fn call_as(
        &self,
        user: &str,
        id: &str,
        (method, url): (&str, String),
        body: Option<&Value>,
    ) -> Response {
        let request = self.http.request(method.parse().unwrap(), url).header(ID, id);
        let request = request.basic_auth(user, Some(""));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.unwrap()
    }

    async fn vendor_with_id(&self, id: &str, method: &str, path: &str, body: Option<&Value>) -> Answered {
        let url = format!("{}{path}", self.url);
        Answered::of(self.call_as(API_KEY, id, (method, url), body).await).await
    }

    async fn ats_with_id(&self, customer: &Customer, id: &str, call: (&str, &str), body: &Value) -> Answered {
        let url = format!("{}/{}", customer.base_url, call.1);
        let body = (call.0 == "POST").then_some(body);
        Answered::of(self.call_as(&customer.token, id, (call.0, url), body).await).await
    }

    /// The entries that a filter leaves, once there are so many.
    async fn logged(&self, filter: &str, count: usize) -> Vec<Value> {
        let path = format!("/requests/logs?page_size=100&{filter}");
        let there = |page: &Value| page["data"].as_array().unwrap().len() >= count;
        let page = self.eventually(&path, there).await;
        let entries = page["data"].as_array().unwrap().clone();
        assert_eq!(entries.len(), count, "{filter}: {entries:#?}");
        entries
    }
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_default()
}

fn ids(entries: &[Value]) -> BTreeSet<String> {
    entries.iter().map(|entry| text(entry, "id").to_owned()).collect()
}

/// Who called whom, for what, by which id.
fn told(entries: &[Value]) -> BTreeSet<(&str, &str, &str)> {
    let told = |entry| {
        (
            text(entry, "direction"),
            text(entry, "operation"),
            text(entry, "request_id"),
        )
    };
    entries.iter().map(told).collect()
}

#[tokio::test]
async fn every_direction_is_logged_under_the_request_id_of_the_call_and_linked_to_its_order() {
    let server = Server::start().await;
    let (mut vendor, mut list, mut ats) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    list.answer(|_| Reply::json(&json!([{"id": "pkg_logic", "name": "Logic"}])));
    let integration = json!({
        "provider": "greenhouse", "category": "assessments",
        "package_list_url": format!("{}/lists/secret-1?token=secret-2", list.url),
    });
    server.post("/integrations", integration, 201).await;
    let customer = server.link("greenhouse", "assessments").await;
    let hook = format!("{}/hooks/secret-3?token=secret-4", vendor.url);
    let (webhook, _) = server.webhook(&hook, &["record.new"]).await;

    let none = Value::Null;
    server
        .ats_with_id(&customer, "ats-list", ("GET", "list_tests"), &none)
        .await;
    let sent = send_test(&format!("{}/tests/secret-5?token=secret-6", ats.url));
    let placed = server
        .ats_with_id(&customer, "ats-send", ("POST", "send_test"), &sent)
        .await;
    let order = text(&placed.json(), "partner_interview_id").to_owned();
    let result = json!({"result_url": "https://vendor.example/r"});
    let path = format!("/unified/ats/assessments/orders/{order}/result?secret-7");
    server
        .vendor_with_id("vendor-report", "PATCH", &path, Some(&result))
        .await;
    server
        .post(&format!("/webhooks/{webhook}/test"), json!({}), 200)
        .await;

    let id_of = |call: &crate::harness::Received| call.headers[ID].clone();
    let delivered = id_of(&vendor.next().await);
    let pushed = id_of(&ats.next().await);
    let listed = id_of(&list.next().await);
    let tested = id_of(&vendor.next().await);

    let about = server.logged(&format!("filter[order_ids]={order}"), 4).await;
    let expected = [
        ("ats_to_us", "send_test", "ats-send"),
        ("us_to_ats", "push", pushed.as_str()),
        ("us_to_vendor", "record.new", delivered.as_str()),
        ("vendor_to_us", "report_result", "vendor-report"),
    ];
    assert_eq!(told(&about), BTreeSet::from(expected));
    let aside = server
        .logged("operations=package_list,list_tests,webhook.test", 3)
        .await;
    let expected = [
        ("ats_to_us", "list_tests", "ats-list"),
        ("us_to_vendor", "package_list", listed.as_str()),
        ("us_to_vendor", "webhook.test", tested.as_str()),
    ];
    assert_eq!(told(&aside), BTreeSet::from(expected));

    for entry in about.iter().chain(&aside) {
        assert_eq!(
            (&entry["success"], &entry["status"]),
            (&json!(true), &json!(200)),
            "{entry}"
        );
        assert_eq!(entry["http_method"], entry["method"]);
        if entry["operation"] != "webhook.test" {
            let whose = (text(entry, "account_id"), text(entry, "provider"));
            assert_eq!(whose, (customer.account.as_str(), "greenhouse"), "{entry}");
        }
        assert!(!entry.to_string().contains("secret-"), "{entry}");
        let one = server.get(&format!("/requests/logs/{}", text(entry, "id"))).await;
        assert_eq!(&one["data"], entry);
        let by_request = format!("/requests/logs/{}", text(entry, "request_id"));
        assert_eq!(&server.get(&by_request).await["data"], entry);
    }
    let of = |direction| {
        about
            .iter()
            .find(|entry| entry["direction"] == direction)
            .unwrap()
    };
    assert_eq!(of("us_to_ats")["url"], ats.url);
    assert_eq!(of("us_to_vendor")["url"], vendor.url);
    let report = of("vendor_to_us");
    assert_eq!(
        text(report, "path"),
        format!("/unified/ats/assessments/orders/{order}/result")
    );
    assert_eq!(
        text(report, "url"),
        format!("{}{}", server.url, text(report, "path"))
    );
    let words = ["service", "resource", "sub_resource", "action"].map(|word| text(report, word));
    assert_eq!(words, ["ats", "assessments", "result", "report"]);
    // The tries of a job are its entries.
    let delivery = server
        .get(&format!(
            "/deliveries/{}",
            text(of("us_to_vendor"), "delivery_id")
        ))
        .await;
    assert_eq!(delivery["attempts"][0]["request_id"], delivered);
    let push = server
        .get(&format!("/pushes/{}", text(of("us_to_ats"), "push_id")))
        .await;
    assert_eq!(push["attempts"][0]["request_id"], pushed);
    server.stop().await;
}

#[tokio::test]
async fn a_request_id_comes_back_with_every_answer_of_every_face() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let base = &customer.base_url;
    let absolute = |path: &str| format!("{}{path}", server.url);
    let calls = [
        (API_KEY, "GET", absolute("/webhooks"), 200),
        (API_KEY, "GET", absolute("/webhooks/nope"), 404),
        (API_KEY, "GET", absolute("/webhooks?page_size=0"), 400),
        (API_KEY, "POST", absolute("/webhooks"), 400),
        ("a wrong key", "GET", absolute("/webhooks"), 401),
        (API_KEY, "GET", absolute("/no/such/route"), 404),
        (API_KEY, "PUT", absolute("/webhooks"), 405),
        ("", "GET", absolute("/health/live"), 200),
        ("", "GET", absolute("/health/ready"), 200),
        ("", "GET", absolute("/openapi.json"), 200),
        ("", "GET", absolute("/docs/"), 200),
        (&customer.token, "GET", format!("{base}/list_tests"), 200),
        (&customer.token, "GET", format!("{base}/nope"), 404),
        (&customer.token, "POST", format!("{base}/send_test"), 400),
        ("a wrong token", "GET", format!("{base}/list_tests"), 401),
        ("", "GET", absolute("/external-trigger/nobody/x"), 404),
    ];
    for (number, (user, method, url, status)) in calls.into_iter().enumerate() {
        let id = format!("mine-{number}");
        let answer = server.call_as(user, &id, (method, url.clone()), None).await;
        assert_eq!(answer.status(), status, "{method} {url}");
        assert_eq!(answer.headers()[ID], id, "{method} {url}");
        let answer = server.http.request(method.parse().unwrap(), &url);
        let answer = answer.basic_auth(user, Some("")).send().await.unwrap();
        let given = answer.headers()[ID].to_str().unwrap();
        assert!(
            uuid::Uuid::try_parse(given).is_ok(),
            "{method} {url} is given {given}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn an_id_that_is_not_well_formed_is_replaced_and_never_kept() {
    let server = Server::start().await;
    let hostile = [
        b"two words".to_vec(),
        b"tab\there".to_vec(),
        b"".to_vec(),
        "candidate-\u{e9}".as_bytes().to_vec(),
        vec![b'x'; 129],
    ];
    let mut given = Vec::new();
    for id in &hostile {
        let request = server.http.get(format!("{}/webhooks", server.url));
        let value = reqwest::header::HeaderValue::from_bytes(id).unwrap();
        let request = request.basic_auth(API_KEY, Some("")).header(ID, value);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        given.push(answer.headers()[ID].to_str().unwrap().to_owned());
    }
    let fine = "!~'\"<x>;%00";
    let answer = server.vendor_with_id(fine, "GET", "/webhooks", None).await;
    assert_eq!(answer.header(ID), fine);
    given.push(fine.to_owned());
    let entries = server
        .logged("filter[operations]=list_webhooks", given.len())
        .await;
    let logged: BTreeSet<_> = entries.iter().map(|entry| text(entry, "request_id")).collect();
    assert_eq!(logged, given.iter().map(String::as_str).collect());
    for id in &given[..hostile.len()] {
        assert!(uuid::Uuid::try_parse(id).is_ok(), "{id}");
    }
    server.stop().await;
}

/// A server to which something of everything has happened, and how much.
async fn busy() -> (Server, Customer, Customer, String) {
    let server = Server::start().await;
    let one = server.link("greenhouse", "assessments").await;
    let other = server.link("ashby", "background_checks").await;
    let order = server.order(&one, "http://127.0.0.1:9/1").await;
    server.test_status(&one, &order).await;
    server
        .try_ats(&one, "GET", "test_status?partner_interview_id=nope", b"")
        .await
        .refuses(404, "not_found");
    server
        .ats_raw(
            &other.base_url,
            Some(&other.token),
            "POST",
            "assessment.list",
            Some(b"{}".to_vec()),
        )
        .await;
    let order_path = format!("/unified/ats/assessments/orders/{order}");
    server.get(&order_path).await;
    // The last one has a moment to itself.
    server.clock.advance(10);
    let body = Some(json!({"score": "none"}));
    server
        .vendor("PATCH", &format!("{order_path}/result"), body, 400)
        .await;
    server.logged("filter[directions]=vendor_to_us", 4).await;
    (server, one, other, order)
}

#[tokio::test]
async fn each_filter_leaves_what_it_names() {
    let (server, one, other, order) = busy().await;
    let (one, other) = (&one.account, &other.account);
    let newest = &server.get("/requests/logs?page_size=1").await["data"][0];
    let request = text(newest, "request_id").to_owned();
    for (filter, count) in [
        (String::new(), 8),
        (format!("filter[account_ids]={one}"), 5),
        (format!("filter[account_ids]={other}"), 1),
        (format!("account_ids={one},{other}"), 6),
        (format!("filter[order_ids]={order}"), 4),
        ("filter[order_ids]=ats_ass_0000000000000000000000".to_owned(), 0),
        (format!("filter[request_ids]={request},none"), 1),
        (format!("request_ids={request}"), 1),
        ("filter[http_methods]=patch".to_owned(), 1),
        ("filter[http_methods]=PATCH,%20POST".to_owned(), 5),
        ("filter[providers]=ashby".to_owned(), 1),
        ("filter[providers]=ashby,greenhouse".to_owned(), 6),
        ("filter[status_codes]=404".to_owned(), 1),
        ("filter[status_codes]=404,400".to_owned(), 2),
        ("filter[success]=true".to_owned(), 6),
        ("success=false".to_owned(), 2),
        ("filter[directions]=ats_to_us".to_owned(), 4),
        ("filter[directions]=vendor_to_us,ats_to_us".to_owned(), 8),
        ("filter[source_types]=vendor".to_owned(), 4),
        (
            "filter[source_types]=vendor&filter[directions]=ats_to_us".to_owned(),
            0,
        ),
        ("filter[source_ids]=7".to_owned(), 0),
        ("filter[operations]=test_status".to_owned(), 2),
        ("filter[services]=ats".to_owned(), 4),
        ("filter[resources]=assessments".to_owned(), 3),
        ("filter[sub_resources]=orders".to_owned(), 1),
        ("filter[actions]=get,report".to_owned(), 2),
        ("filter[start_date]=2020-01-01T00:00:00.000Z".to_owned(), 8),
        ("filter[end_date]=2020-01-01T00:00:00.000Z".to_owned(), 0),
        (
            format!("start_date={0}&end_date={0}", text(newest, "event_datetime")),
            1,
        ),
        ("filter[account_ids]=&success=&start_date=".to_owned(), 8),
        ("filter[of_nobody]=x&include=step_logs".to_owned(), 8),
        ("order_by=eventDatetime".to_owned(), 8),
    ] {
        server.logged(&filter, count).await;
    }
    let of_one = server
        .vendor_as(API_KEY, Some(one), "GET", "/requests/logs", None, 200)
        .await;
    assert_eq!(of_one["data"].as_array().unwrap().len(), 5);
    let path = format!("/requests/logs?filter[account_ids]={other}");
    let both = server
        .vendor_as(API_KEY, Some(one), "GET", &path, None, 200)
        .await;
    assert_eq!(both["data"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_value_that_a_filter_cannot_have_is_refused_at_its_name() {
    let server = Server::start().await;
    let many = format!("filter[order_ids]={}", "x,".repeat(101));
    for (query, pointer) in [
        ("filter[status_codes]=20x", "?filter[status_codes]"),
        ("status_codes=99", "?filter[status_codes]"),
        ("filter[success]=maybe", "?filter[success]"),
        ("filter[start_date]=yesterday", "?filter[start_date]"),
        ("end_date=2026-02-30T00:00:00Z", "?filter[end_date]"),
        ("filter[directions]=up", "?filter[directions]"),
        ("filter[request_ids]=%00", "?filter[request_ids]"),
        (many.as_str(), "?filter[order_ids]"),
        ("order_by=duration", "?order_by"),
        ("order_direction=up", "?order_direction"),
        ("next=N", "?next"),
    ] {
        let answer = server
            .try_vendor("GET", &format!("/requests/logs?{query}"), None)
            .await;
        assert_eq!(answer.refuses(400, "invalid_parameter"), [pointer], "{query}");
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_go_through_every_entry_once_in_either_order() {
    let (server, ..) = busy().await;
    let all = server.logged("", 8).await;
    for direction in ["asc", "desc"] {
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let path = format!("/requests/logs?page_size=3&order_direction={direction}&next={next}");
            let page = server.get(&path).await;
            seen.extend(page["data"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(cursor) => next = cursor.to_owned(),
                None => break,
            }
        }
        if direction == "asc" {
            seen.reverse();
        }
        assert_eq!(seen, all, "{direction}");
    }
    let times: Vec<_> = all.iter().map(|entry| text(entry, "created_at")).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
    server.stop().await;
}

#[tokio::test]
async fn another_projects_entries_are_not_there() {
    let (server, one, _, order) = busy().await;
    server.add_project().await;
    let entries = server.logged("", 8).await;
    for entry in &entries {
        for id in [text(entry, "id"), text(entry, "request_id")] {
            let path = format!("/requests/logs/{id}");
            server
                .vendor_as(OTHER_API_KEY, None, "GET", &path, None, 404)
                .await;
        }
    }
    // It asks for what is not its own, and is told so; what it asked is its own.
    let account = Some(one.account.as_str());
    let path = format!("/unified/ats/assessments/orders/{order}");
    server
        .vendor_as(OTHER_API_KEY, account, "GET", &path, None, 404)
        .await;
    let mut own = Value::Null;
    while own["data"].as_array().is_none_or(Vec::is_empty) {
        own = server
            .vendor_as(OTHER_API_KEY, None, "GET", "/requests/logs", None, 200)
            .await;
    }
    assert_eq!(own["data"].as_array().unwrap().len(), 1, "{own}");
    let asked = &own["data"][0];
    assert_eq!(
        (&asked["operation"], &asked["status"]),
        (&json!("get_order"), &json!(404))
    );
    for field in ["order_id", "account_id", "provider"] {
        assert_eq!(asked[field], Value::Null, "{field} is not its own");
    }
    assert_eq!(ids(&server.logged("", 8).await), ids(&entries));
    server.stop().await;
}

#[tokio::test]
async fn a_call_that_nobody_answers_is_logged_with_the_reason_and_no_status() {
    let server = Server::start().await;
    server.webhook("http://127.0.0.1:9/hooks", &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, "http://127.0.0.1:9/callback").await;
    let result = json!({"result_url": "https://vendor.example/r"});
    let path = format!("/unified/ats/assessments/orders/{order}/result");
    server.vendor("PATCH", &path, Some(result), 200).await;
    let failed = server
        .logged(&format!("filter[order_ids]={order}&filter[success]=false"), 2)
        .await;
    for entry in failed {
        assert_eq!(entry["status"], Value::Null, "{entry}");
        assert!(!text(&entry, "error").is_empty(), "{entry}");
        assert_eq!(entry["url"], "http://127.0.0.1:9");
        assert_eq!(entry["is_worker"], true);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_a_caller_writes_into_a_path_is_not_kept_and_a_refusal_is_logged_with_its_reason() {
    let server = Server::start().await;
    let name = "Ada.Byron@candidates.example";
    server
        .vendor("GET", &format!("/webhooks/{name}?{name}"), None, 404)
        .await;
    server.clock.advance(10);
    server
        .vendor("POST", "/webhooks", Some(json!({"url": 7})), 400)
        .await;
    let entries = server.logged("filter[success]=false", 2).await;
    assert!(!json!(entries).to_string().contains(name));
    assert_eq!(entries[1]["path"], "/webhooks/{id}");
    assert_eq!(entries[1]["error_code"], "not_found");
    assert_eq!(entries[0]["path"], "/webhooks");
    assert!(!entries[0]["detail"]["errors"].as_array().unwrap().is_empty());
    // Reading the log is not in it, and a wrong key is nobody's.
    server.logged("", 2).await;
    server
        .send(
            "GET",
            "/webhooks",
            &[("authorization", "Bearer wrong")],
            Vec::new(),
        )
        .await;
    server.logged("", 2).await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_queued_when_the_server_stops_is_written() {
    let server = Server::start().await;
    for number in 0..50 {
        let id = format!("last-{number}");
        server.vendor_with_id(&id, "GET", "/webhooks", None).await;
    }
    let server = Server::start_in(server.stop().await).await;
    let page = server.get("/requests/logs?page_size=100").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 50);
    server.stop().await;
}
