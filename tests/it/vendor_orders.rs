//! Orders that the vendor places itself.

use crate::harness::{Customer, Receiver, Server};
use serde_json::{Value, json};

const ORDERS: &str = "/unified/ats/background_checks/orders";

fn order() -> Value {
    json!({
        "id": "order-4711",
        "package": {"id": "pkg-1", "name": "Standard check"},
        "application": {"id": "A-9", "application_status": {"value": "offer"}},
        "job": {"remote_id": "J-4", "title": "Backend engineer",
            "hiring_team": [{"remote_user_id": "u-1", "first_name": "Ana", "role": "Recruiter"}]},
        "candidate": {"remote_id": "C-3", "first_name": "Noor", "last_name": "Lindqvist",
            "emails": [{"type": "personal", "value": "noor@mail.example"}],
            "profile_url": "https://ats.example/c/3"},
        "results_update_url": "https://ats.example/hooks/1",
        "passthrough": {"priority": "high"},
        "a key that nobody knows": [1, 2]
    })
}

async fn place(server: &Server, customer: &Customer, body: &Value, status: u16) -> Value {
    let account = [("x-account-id", customer.account.as_str())];
    let answer = server.try_with("POST", ORDERS, &account, Some(body)).await;
    assert_eq!(answer.status, status, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn an_order_of_the_vendors_becomes_an_order_and_a_record_new_like_any_other() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "background_checks").await;
    let placed = place(&server, &customer, &order(), 200).await;
    let id = placed["id"].as_str().unwrap();
    assert_eq!(
        placed,
        json!({"id": id, "remote_id": "order-4711", "test_url": null})
    );

    let told = vendor.next().await.json();
    assert_eq!(
        (&told["eventType"], &told["recordId"]),
        (&json!("record.new"), &json!(id))
    );
    let record = &told["eventData"]["candidateBackgroundCheck"];
    assert_eq!(record["originData"], order(), "nothing of it is lost");
    assert_eq!(record["assessmentPackage"]["id"], "pkg-1");
    assert_eq!(record["assessmentPackage"]["name"], "Standard check");
    assert_eq!(
        (
            &record["applicationId"],
            &record["jobId"],
            &record["candidate"]["id"]
        ),
        (&json!("A-9"), &json!("J-4"), &json!("C-3"))
    );
    assert_eq!(
        record["candidate"]["emails"],
        json!([{"email": "noor@mail.example", "type": "PERSONAL"}])
    );
    assert_eq!(record["job"]["hiringTeam"][0]["userId"], "u-1");

    let result = format!("{ORDERS}/{id}/result");
    let report = json!({"result": {"value": "passed"}, "result_url": "https://vendor.example/r"});
    let taken = server.vendor("PATCH", &result, Some(report), 200).await;
    assert_eq!(taken["statusCode"], 200);
    assert_eq!(
        server.get(&format!("{ORDERS}/{id}")).await["data"]["status"],
        "completed"
    );
    assert_eq!(
        server.get(&format!("{ORDERS}/{id}/results")).await,
        server.get(&result).await
    );
    let placing = format!("/requests/logs?filter[order_ids]={id}&filter[operations]=place_order");
    server
        .eventually(&placing, |page| page["data"][0]["order_id"] == id)
        .await;
    assert_eq!(
        server.get("/pushes").await["data"],
        json!([]),
        "no ATS waits for it"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_same_id_for_the_same_account_is_the_same_order() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "background_checks").await;
    let first = place(&server, &customer, &order(), 200).await;
    assert_eq!(place(&server, &customer, &order(), 200).await, first);
    let other = server.link("greenhouse", "background_checks").await;
    assert_ne!(place(&server, &other, &order(), 200).await["id"], first["id"]);
    let mut without = order();
    without.as_object_mut().unwrap().remove("id");
    let one = place(&server, &customer, &without, 200).await;
    let two = place(&server, &customer, &without, 200).await;
    assert_ne!(one["id"], two["id"], "each without an id is an order of its own");
    assert_eq!(one["remote_id"], one["id"]);
    server.stop().await;
}

#[tokio::test]
async fn what_an_order_cannot_do_without_is_named() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "background_checks").await;
    let nameless = json!({"package": {}, "candidate": {"emails": []}});
    let refused = place(&server, &customer, &nameless, 422).await;
    let pointers: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["pointer"])
        .collect();
    assert_eq!(pointers, ["/package/id", "/candidate"]);
    let refused = place(&server, &customer, &json!({"package": {"id": 7}}), 400).await;
    assert_eq!(refused["errorCode"], "invalid_body");
    let without = server.try_with("POST", ORDERS, &[], Some(&order())).await;
    assert_eq!(without.refuses(400, "invalid_parameter"), ["header:x-account-id"]);
    assert!(
        without.json()["message"]
            .as_str()
            .unwrap()
            .contains("x-account-id")
    );
    server.stop().await;
}
