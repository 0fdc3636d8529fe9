//! The migrations, both ways, on a database that holds something.

use crate::harness::{Customer, Server, on_postgres};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};

/// The migrations after the first, newest first: what undoes each, and its version.
const LATER: &[(&str, &str)] = &[
    (
        include_str!("../../migrations/sqlite/00000000000006_request_logs/down.sql"),
        "00000000000006",
    ),
    (
        include_str!("../../migrations/sqlite/00000000000005_keys/down.sql"),
        "00000000000005",
    ),
    (
        include_str!("../../migrations/sqlite/00000000000004_unified_api/down.sql"),
        "00000000000004",
    ),
    (
        include_str!("../../migrations/sqlite/00000000000003_replicas/down.sql"),
        "00000000000003",
    ),
    (
        include_str!("../../migrations/sqlite/00000000000002_several_atss/down.sql"),
        "00000000000002",
    ),
];

#[tokio::test]
async fn a_database_of_an_earlier_version_is_brought_up_to_date_with_all_that_it_holds() {
    if on_postgres() {
        return; // It is about the embedded engine's files.
    }
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    server.webhook("http://127.0.0.1:9/hooks", &["record.new"]).await;
    let order = server.order(&customer, "http://127.0.0.1:9/callback").await;
    let tries = format!("/requests/logs?filter[order_ids]={order}&filter[directions]=us_to_vendor");
    let tried = |page: &Value| page["data"].as_array().unwrap().len() == 1;
    let tried = server.eventually(&tries, tried).await["data"][0].clone();
    let directory = server.stop().await;

    let path = directory.path().join("test.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // The last connection of the server that was stopped may just be closing.
    database.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    for (down, version) in LATER {
        database.batch_execute(down).unwrap();
        let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
        database.batch_execute(&forget).unwrap();
    }
    drop(database);

    let server = Server::start_in(directory).await;
    let customer = Customer {
        base_url: format!("{}/external-trigger/greenhouse", server.url),
        ..customer
    };
    let logged = server.get(&tries).await["data"][0].clone();
    for field in [
        "request_id",
        "delivery_id",
        "account_id",
        "provider",
        "operation",
        "error",
        "created_at",
    ] {
        assert_eq!(logged[field], tried[field], "{field} of a try");
    }
    let delivery = server
        .get(&format!("/deliveries/{}", tried["delivery_id"].as_str().unwrap()))
        .await;
    assert_eq!(delivery["attempts"][0]["error"], tried["error"]);
    assert_eq!(server.newest_log().await["operation"], "send_test");
    assert_eq!(
        server.order(&customer, "http://127.0.0.1:9/callback").await,
        order,
        "it is known again"
    );
    let result = json!({"result_url": "https://vendor.example/r"});
    let path = format!("/unified/ats/assessments/orders/{order}/result");
    server.vendor("PATCH", &path, Some(result), 200).await;
    assert_eq!(
        server.test_status(&customer, &order).await["partner_status"],
        "complete"
    );
    server.stop().await;
}
