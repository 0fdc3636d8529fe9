//! A disabled integration: its ATS and what is asked for its accounts are refused, until it is enabled again.

use crate::harness::Server;
use serde_json::json;

#[tokio::test]
async fn while_an_integration_is_disabled_both_sides_are_refused_with_412() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, "http://127.0.0.1:9/callback").await;
    let id = server.get("/integrations").await["data"][0]["id"].clone();
    let path = format!("/integrations/{}", id.as_str().unwrap());
    let disabled = server
        .vendor("PATCH", &path, Some(json!({"enabled": false})), 200)
        .await;
    assert_eq!(disabled["enabled"], false);

    let account = [("x-account-id", customer.account.as_str())];
    let packages = "/unified/ats/assessments/packages";
    server
        .try_with("GET", packages, &account, None)
        .await
        .refuses(412, "integration_disabled");
    let result = format!("/unified/ats/assessments/orders/{order}/result");
    let report = json!({"result": {"value": "in_progress"}});
    server
        .try_with("PATCH", &result, &[], Some(&report))
        .await
        .refuses(412, "integration_disabled");
    let refused = server.try_ats(&customer, "GET", "list_tests", b"").await;
    assert_eq!(refused.status, 412);
    let shown = server.get(&format!("/accounts/{}", customer.account)).await;
    assert_eq!(shown["status"], "suspended");
    assert_eq!(shown["status_reasons"][0]["code"], "integration_disabled");

    server
        .vendor("PATCH", &path, Some(json!({"enabled": true})), 200)
        .await;
    server.vendor("PATCH", &result, Some(report), 200).await;
    server.ats(&customer, "GET", "list_tests", None, 200).await;
    let shown = server.get(&format!("/accounts/{}", customer.account)).await;
    assert_eq!(
        (&shown["status"], &shown["status_reasons"]),
        (&json!("active"), &json!([]))
    );
    server.stop().await;
}
