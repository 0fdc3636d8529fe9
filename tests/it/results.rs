//! Results: what a vendor may report, and what stands once it is final. (What is read of it: results_read.)

use crate::harness::{API_KEY, Customer, OTHER_API_KEY, Receiver, Server};
use futures_util::future::join_all;
use serde_json::{Value, json};

pub const REPORT: &str = "https://vendor.example/r/1";

pub fn result_path(order: &str) -> String {
    format!("/unified/ats/assessments/orders/{order}/result")
}

pub struct Placed {
    pub server: Server,
    pub ats: Receiver,
    pub customer: Customer,
    pub order: String,
}

pub async fn placed() -> Placed {
    let (server, ats) = (Server::start().await, Receiver::start().await);
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, &format!("{}/tests/1", ats.url)).await;
    Placed {
        server,
        ats,
        customer,
        order,
    }
}

impl Placed {
    pub async fn report(&self, body: Value, status: u16) -> Value {
        self.server
            .vendor("PATCH", &result_path(&self.order), Some(body), status)
            .await
    }

    async fn refused(&self, body: &Value, status: u16, code: &str) -> Vec<String> {
        let answer = self
            .server
            .try_vendor("PATCH", &result_path(&self.order), Some(body))
            .await;
        answer.refuses(status, code)
    }

    pub async fn read(&self) -> Value {
        self.server.test_status(&self.customer, &self.order).await
    }

    pub async fn another(&mut self, number: usize) {
        let callback = format!("{}/tests/{number}", self.ats.url);
        self.order = self.server.order(&self.customer, &callback).await;
    }
}

#[tokio::test]
async fn what_the_ats_could_not_take_is_refused_with_its_pointer_and_not_stored() {
    let mut placed = placed().await;
    let url = |more: Value| {
        let mut body = json!({"result_url": REPORT});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let mut wrong = vec![
        (json!({}), "result_incomplete", vec!["/result_url"]),
        (
            json!({"result_url": null}),
            "result_incomplete",
            vec!["/result_url"],
        ),
        (
            json!({"result": {"value": "failed"}}),
            "result_incomplete",
            vec!["/result_url"],
        ),
        (
            json!({"score": {"value": "n/a"}}),
            "result_incomplete",
            vec!["/result_url", "/score/value"],
        ),
    ];
    for value in [
        "Passed",
        "PASSED",
        "pass",
        "pending",
        "unmapped_value",
        "complete",
        "rejected",
        "",
        " passed",
    ] {
        wrong.push((
            url(json!({"result": {"value": value}})),
            "invalid_value",
            vec!["/result/value"],
        ));
    }
    for score in [
        "",
        " ",
        "eighty",
        "81%",
        "12/15",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "0x51",
        "1,5",
        "8 1",
        "--1",
    ] {
        wrong.push((
            url(json!({"score": {"value": score}})),
            "result_incomplete",
            vec!["/score/value"],
        ));
    }
    for date in [
        "",
        "soon",
        "2026-02-03",
        "2026-02-30T10:00:00Z",
        "2026-02-03T10:12:00",
        "1770113580",
        "2026-13-01T00:00:00Z",
        "03/02/2026 10:12",
    ] {
        let body = json!({"start_date": date, "submission_date": date});
        wrong.push((
            url(body),
            "invalid_value",
            vec!["/start_date", "/submission_date"],
        ));
    }
    for bad in [
        "",
        " ",
        "vendor.example/r",
        "/r/1",
        "ftp://vendor.example/r",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https:///r",
        "mailto:a@vendor.example",
        "http:vendor.example",
        " https://vendor.example/r",
        "https://vendor.example/r\n",
        "https://vendor.example/a b",
        "https://vendor\t.example/",
        "//vendor.example/r",
        "https://vendor.example/bericht-für-zoë",
        "https://vendor.example/{id}",
        "https:\\\\vendor.example",
    ] {
        wrong.push((json!({"result_url": bad}), "invalid_value", vec!["/result_url"]));
        let attached = json!({"attachments": [{"url": REPORT}, {"url": bad}]});
        wrong.push((url(attached), "invalid_value", vec!["/attachments/1/url"]));
    }
    for (body, code, pointers) in wrong {
        assert_eq!(placed.refused(&body, 422, code).await, pointers, "{body}");
    }
    placed
        .server
        .vendor("GET", &result_path(&placed.order), None, 404)
        .await;
    assert_eq!(placed.read().await, json!({"partner_status": "pending"}));
    assert!(placed.ats.rest().is_empty());
    placed.server.stop().await;
}

#[tokio::test]
async fn wrong_types_are_400_with_their_pointers() {
    let placed = placed().await;
    for (body, pointers) in [
        (json!([]), vec![""]),
        (json!("completed"), vec![""]),
        (json!({"result_url": 1}), vec!["/result_url"]),
        (json!({"result": "passed"}), vec!["/result"]),
        (json!({"result": {"value": true}}), vec!["/result/value"]),
        (json!({"score": 81}), vec!["/score"]),
        (json!({"score": {"value": [81]}}), vec!["/score/value"]),
        (json!({"start_date": 1_770_113_580}), vec!["/start_date"]),
        (json!({"summary": {"text": "x"}}), vec!["/summary"]),
        (json!({"attachments": {"url": REPORT}}), vec!["/attachments"]),
        (json!({"attachments": [REPORT]}), vec!["/attachments/0"]),
        (json!({"passthrough": [1]}), vec!["/passthrough"]),
        (json!({"candidate": {"id": 7}}), vec!["/candidate/id"]),
    ] {
        assert_eq!(
            placed.refused(&body, 400, "invalid_body").await,
            pointers,
            "{body}"
        );
    }
    placed.server.stop().await;
}

#[tokio::test]
async fn the_same_final_report_again_is_200_and_owes_no_second_push() {
    let mut placed = placed().await;
    let body = json!({"score": {"value": "81"}, "result": {"value": "passed"}, "result_url": REPORT});
    placed.report(body.clone(), 200).await;
    placed.ats.next().await;
    placed.report(body, 200).await;
    let reordered =
        json!({"result_url": REPORT, "summary": null, "result": {"value": "passed"}, "score": {"value": 81}});
    placed.report(reordered, 200).await;
    let pushes = placed.server.get("/pushes").await["data"].clone();
    assert_eq!(pushes.as_array().unwrap().len(), 1, "{pushes}");
    assert_eq!(
        placed.server.get(&result_path(&placed.order)).await["data"]["revision"],
        1
    );
    placed
        .server
        .eventually("/pushes?status=succeeded", |list| {
            list["data"].as_array().unwrap().len() == 1
        })
        .await;
    assert!(placed.ats.rest().is_empty());
    placed.server.stop().await;
}

#[tokio::test]
async fn after_a_final_report_nothing_different_is_taken() {
    let mut placed = placed().await;
    for (index, last) in ["passed", "cancelled", "expired"].into_iter().enumerate() {
        placed.another(400 + index).await;
        let first = json!({"result": {"value": last}, "result_url": REPORT});
        placed.report(first.clone(), 200).await;
        for other in [
            json!({"result": {"value": "failed"}, "result_url": REPORT}),
            json!({"result": {"value": "in_progress"}}),
            json!({"result": {"value": "cancelled"}}),
            json!({"result": {"value": last}, "result_url": "https://vendor.example/r/2"}),
            json!({"result": {"value": last}, "result_url": REPORT, "summary": "more"}),
        ] {
            placed.refused(&other, 409, "result_already_final").await;
        }
        placed.report(first, 200).await;
        assert_eq!(
            placed.server.get(&result_path(&placed.order)).await["data"]["revision"],
            1
        );
    }
    placed.server.stop().await;
}

#[tokio::test]
async fn progress_may_be_reported_again_and_again_before_the_final_report() {
    let placed = placed().await;
    for (revision, body) in [
        json!({"result": {"value": "initiated"}}),
        json!({"result": {"value": "in_progress"}, "summary": "half"}),
        json!({"result": {"value": "initiated"}}),
        json!({"score": {"value": 3}, "result_url": REPORT}),
    ]
    .into_iter()
    .enumerate()
    {
        placed.report(body.clone(), 200).await;
        placed.report(body, 200).await;
        let data = placed.server.get(&result_path(&placed.order)).await["data"].clone();
        assert_eq!(data["revision"], revision + 1);
    }
    assert_eq!(placed.read().await["partner_status"], "complete");
    let all = placed.server.get("/pushes").await["data"].clone();
    assert_eq!(all.as_array().unwrap().len(), 4);
    placed.server.stop().await;
}

#[tokio::test]
async fn of_20_different_final_reports_at_once_exactly_one_stands() {
    let placed = placed().await;
    let bodies: Vec<_> = (0..20)
        .map(|score| json!({"score": {"value": score}, "result_url": REPORT}))
        .collect();
    let path = result_path(&placed.order);
    let sending = bodies
        .iter()
        .map(|body| placed.server.try_vendor("PATCH", &path, Some(body)));
    let answers = join_all(sending).await;
    let won: Vec<_> = (0..20).filter(|index| answers[*index].status == 200).collect();
    assert_eq!(won.len(), 1);
    for (index, answer) in answers.iter().enumerate() {
        if index != won[0] {
            answer.refuses(409, "result_already_final");
        }
    }
    assert_eq!(placed.read().await["partner_score"], won[0]);
    assert_eq!(
        placed.server.get("/pushes").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    placed.server.stop().await;
}

#[tokio::test]
async fn of_20_equal_final_reports_at_once_all_are_taken_and_one_is_stored() {
    let placed = placed().await;
    let body = json!({"result_url": REPORT});
    join_all((0..20).map(|_| placed.report(body.clone(), 200))).await;
    assert_eq!(
        placed.server.get("/pushes").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    placed.server.stop().await;
}

#[tokio::test]
async fn an_order_is_found_only_under_its_own_category_account_and_project() {
    let placed = placed().await;
    placed.server.add_project().await;
    let other = placed.server.link("greenhouse", "assessments").await;
    let (path, body) = (result_path(&placed.order), json!({"result_url": REPORT}));
    let wrong_category = path.replace("assessments", "background_checks");
    let no_category = path.replace("assessments", "tests");
    for path in [
        wrong_category,
        no_category,
        result_path("nonsense"),
        result_path("%00"),
        result_path(&other.account),
    ] {
        for (method, body) in [("PATCH", Some(&body)), ("GET", None)] {
            placed
                .server
                .try_vendor(method, &path, body)
                .await
                .refuses(404, "not_found");
        }
    }
    let order = path.trim_end_matches("/result");
    for (key, account) in [(API_KEY, Some(other.account.as_str())), (OTHER_API_KEY, None)] {
        let call = |method, path, body| placed.server.vendor_as(key, account, method, path, body, 404);
        call("PATCH", &path, Some(body.clone())).await;
        call("GET", &path, None).await;
        call("GET", order, None).await;
    }
    let call = |key, path| placed.server.vendor_as(key, None, "GET", path, None, 200);
    for list in [
        "/unified/ats/assessments/orders",
        "/events",
        "/requests/logs?filter[directions]=ats_to_us",
        "/integrations",
        "/pushes",
    ] {
        assert_eq!(call(OTHER_API_KEY, list).await["data"], json!([]), "{list}");
    }
    let own = Some(placed.customer.account.as_str());
    placed
        .server
        .vendor_as(API_KEY, own, "PATCH", &path, Some(body), 200)
        .await;
    placed.server.stop().await;
}

#[tokio::test]
async fn before_the_first_report_there_is_no_result() {
    let placed = placed().await;
    let answer = placed
        .server
        .try_vendor("GET", &result_path(&placed.order), None)
        .await;
    answer.refuses(404, "not_found");
    placed.server.stop().await;
}
