//! Where the server calls, and where it does not: the real binary with the settings that decide it.

use crate::harness::{Process, Receiver};
use crate::results::placed;
use serde_json::{Value, json};

const KEY: (&str, &str) = ("CROSSCHECK_API_KEY", "configured-key-of-this-test");
const CLOSED: (&str, &str) = ("CROSSCHECK_ALLOWED_TARGETS", "");

/// What was refused: status, code, and the one violation.
async fn refused(process: &Process, method: &str, path: &str, body: Value) -> (u16, Value, Value) {
    let (status, answer) = process.call(KEY.1, method, path, Some(body)).await.unwrap();
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    (status, answer["errorCode"].clone(), answer["errors"][0].clone())
}

#[tokio::test]
async fn a_url_that_may_not_be_called_is_refused_when_it_is_written_with_the_rule_and_the_setting() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[KEY, CLOSED]);
    let integration = json!({"provider": "greenhouse", "category": "assessments"});
    let made = process
        .vendor(KEY.1, "POST", "/integrations", Some(integration.clone()))
        .await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    for (url, rule) in [
        ("https://127.1/", "loopback"),
        ("https://10.0.0.1/", "private_network"),
        ("https://169.254.169.254/latest/meta-data", "link_local"),
        ("https://100.64.0.1/", "carrier_grade_nat"),
        ("https://[64:ff9b::a00:1]/", "ipv4_in_ipv6"),
        ("https://postgres/", "local_name"),
        ("http://vendor.example/", "http"),
        ("https://vendor.example:8443/", "port"),
        ("https://user:s3cret@vendor.example/", "user_info"),
        ("https://[fe80::1%25eth0]/", "zone_id"),
    ] {
        for (field, method, path) in [
            ("url", "POST", "/webhooks"),
            ("package_list_url", "POST", "/integrations"),
            ("package_list_url", "PATCH", path.as_str()),
        ] {
            let mut body = match (field, method) {
                ("url", _) => json!({"events": ["record.new"]}),
                (_, "POST") => integration.clone(),
                _ => json!({}),
            };
            body[field] = url.into();
            let (status, code, violation) = refused(&process, method, path, body).await;
            assert_eq!((status, &code), (422, &json!("target_not_allowed")), "{url}");
            assert_eq!(violation["pointer"], format!("/{field}"), "{url}");
            assert_eq!(violation["code"], rule, "{url}");
            let message = violation["message"].as_str().unwrap();
            assert!(
                message.contains("CROSSCHECK_ALLOWED_TARGETS") || message.contains("no setting allows it"),
                "{message}"
            );
            assert!(
                !message.contains("s3cret") && !message.contains("169.254"),
                "{message}"
            );
        }
    }
    for (path, count) in [("/webhooks", 0), ("/integrations", 1)] {
        let stored = process.vendor(KEY.1, "GET", path, None).await;
        assert_eq!(stored["data"].as_array().unwrap().len(), count, "{stored}");
    }
    assert_eq!(
        process.vendor(KEY.1, "GET", &path, None).await["package_list_url"],
        Value::Null
    );
    process.kill();
}

#[tokio::test]
async fn pinned_calls_to_an_ats_go_to_its_own_hosts_and_allowed_networks_only() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[KEY, ("CROSSCHECK_PIN_CALLBACKS", "on")]);
    let (mut vendor, mut ats) = (Receiver::start().await, Receiver::start().await);
    // A webhook is the vendor's, whose hosts are nobody's to know.
    let webhook = json!({"url": vendor.url, "events": ["push.rejected"]});
    process.vendor(KEY.1, "POST", "/webhooks", Some(webhook)).await;
    let customer = process.link(KEY.1).await;
    let mut orders = Vec::new();
    for callback in [
        format!("{}/tests/1", ats.url),
        "https://93.184.215.14/tests/2".to_owned(),
    ] {
        let order = process.place(&customer.token, &callback).await.unwrap();
        let path = format!("/unified/ats/assessments/orders/{order}/result");
        let result = json!({"result_url": "https://vendor.example/r/1"});
        process.vendor(KEY.1, "PATCH", &path, Some(result)).await;
        orders.push(order);
    }
    assert_eq!(ats.next().await.path, "/tests/1");
    assert_eq!(vendor.next().await.json()["eventType"], "push.rejected");
    let pushes = process
        .vendor(KEY.1, "GET", &format!("/pushes?order_id={}", orders[1]), None)
        .await;
    let push = &pushes["data"][0];
    assert_eq!(push["status"], "rejected");
    let reason = push["last_error"].as_str().unwrap();
    for named in ["not called", "greenhouse.io", "CROSSCHECK_PIN_CALLBACKS"] {
        assert!(reason.contains(named), "{reason}");
    }
    // Nothing is lost: the ATS reads the result all the same.
    let status = process
        .http
        .get(format!(
            "{}/test_status?partner_interview_id={}",
            customer.base_url, orders[1]
        ))
        .basic_auth(&customer.token, Some(""));
    let status: Value = status.send().await.unwrap().json().await.unwrap();
    assert_eq!(status["partner_status"], "complete");

    let foreign = json!({
        "provider": "ashby",
        "category": "assessments",
        "credentials": {"api_url": "https://93.184.215.14"},
    });
    let (status, _, violation) = refused(&process, "POST", "/integrations", foreign).await;
    assert_eq!(status, 422);
    assert_eq!(violation["pointer"], "/credentials/api_url");
    assert_eq!(violation["code"], "not_the_ats");
    process.kill();
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_asked() {
    let directory = tempfile::tempdir().unwrap();
    let (mut vendor, mut proxy) = (Receiver::start().await, Receiver::start().await);
    let mut env = vec![KEY, ("NO_PROXY", ""), ("no_proxy", "")];
    let names = [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ];
    env.extend(names.map(|name| (name, proxy.url.as_str())));
    let process = Process::start(directory.path(), &env);
    let webhook = json!({"url": vendor.url, "events": ["account.created"]});
    process.vendor(KEY.1, "POST", "/webhooks", Some(webhook)).await;
    process.link(KEY.1).await;
    assert_eq!(vendor.next().await.json()["eventType"], "account.created");
    assert!(proxy.rest().is_empty());
    process.kill();
}

#[tokio::test]
async fn the_urls_of_a_result_are_never_called() {
    let mut placed = placed().await;
    let mut elsewhere = Receiver::start().await;
    let urls = [
        format!("{}/report", elsewhere.url),
        // What could not be called may be told all the same: whoever reads the report opens it.
        "http://10.0.0.1:8443/report".to_owned(),
    ];
    for url in urls {
        let attachments = json!([{"url": url}]);
        let order = placed
            .server
            .order(&placed.customer, &format!("{}/{}", placed.ats.url, url.len()))
            .await;
        let path = format!("/unified/ats/assessments/orders/{order}/result");
        let body = json!({"result_url": url, "attachments": attachments});
        placed.server.vendor("PATCH", &path, Some(body), 200).await;
        placed.ats.next().await;
        let push = placed.server.pushes(&order).await.remove(0);
        placed.server.reaches(&push, "succeeded").await;
        let status = placed.server.test_status(&placed.customer, &order).await;
        assert_eq!(status["partner_profile_url"], url);
    }
    assert!(elsewhere.rest().is_empty());
    placed.server.stop().await;
}
