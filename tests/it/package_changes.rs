//! Single packages added, changed and removed for an account; and what of them is shown.

use crate::harness::{Answered, Customer, Server};
use crosscheck::ambient::Ambient;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PACKAGES: &str = "/unified/ats/background_checks/packages";

struct Vendor {
    server: Server,
    customer: Customer,
}

impl Vendor {
    async fn start() -> Self {
        let server = Server::start().await;
        let customer = server.link("greenhouse", "background_checks").await;
        Self { server, customer }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answered {
        let account = [("x-account-id", self.customer.account.as_str())];
        self.server.try_with(method, path, &account, body.as_ref()).await
    }

    async fn ids(&self, path: &str) -> Vec<String> {
        let page = self.ask("GET", path, None).await.json();
        let data = page["data"].as_array().unwrap();
        data.iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn put(&self, ids: &[&str]) {
        let packages: Vec<_> = ids.iter().map(|id| json!({"id": id, "name": id})).collect();
        self.server
            .vendor("PUT", PACKAGES, Some(json!({"packages": packages})), 200)
            .await;
    }
}

#[tokio::test]
async fn a_package_is_added_read_changed_and_removed() {
    let vendor = Vendor::start().await;
    let new = json!({"name": "Standard check", "description": "all", "passthrough": {"order": 1},
        "tests": [{"id": "7", "name": "Criminal record", "region": "all"}]});
    let added = vendor.ask("POST", PACKAGES, Some(new)).await;
    assert_eq!((added.status, &added.json()["statusCode"]), (201, &json!(201)));
    let id = added.json()["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(added.json()["data"]["remote_id"], json!(id));
    let path = format!("{PACKAGES}/{id}");
    let read = vendor.ask("GET", &path, None).await.json()["data"].clone();
    assert_eq!(
        (&read["name"], &read["remote_id"]),
        (&json!("Standard check"), &json!(id))
    );
    assert_eq!(
        read["tests"],
        json!([{"id": "7", "remote_id": "7", "name": "Criminal record", "description": null, "region": "all"}])
    );
    let changed = vendor
        .ask(
            "PATCH",
            &path,
            Some(json!({"name": "Better", "description": null})),
        )
        .await;
    assert_eq!(
        (changed.status, &changed.json()["statusCode"]),
        (200, &json!(200))
    );
    let read = vendor.ask("GET", &path, None).await.json()["data"].clone();
    assert_eq!(
        (&read["name"], &read["description"]),
        (&json!("Better"), &Value::Null)
    );
    assert_eq!(
        read["tests"][0]["name"], "Criminal record",
        "what was left out stays"
    );
    let removed = vendor.ask("DELETE", &path, None).await;
    assert_eq!(
        (removed.status, &removed.json()["statusCode"]),
        (200, &json!(204))
    );
    for method in ["GET", "DELETE"] {
        vendor.ask(method, &path, None).await.refuses(404, "not_found");
    }
    vendor
        .ask("PATCH", &path, Some(json!({})))
        .await
        .refuses(404, "not_found");
    vendor.server.stop().await;
}

#[tokio::test]
async fn an_accounts_own_list_begins_as_what_it_saw_and_others_do_not_notice() {
    let vendor = Vendor::start().await;
    vendor.put(&["a", "b"]).await;
    let other = vendor.server.link("greenhouse", "background_checks").await;
    vendor
        .ask("POST", PACKAGES, Some(json!({"id": "c", "name": "C"})))
        .await;
    assert_eq!(vendor.ids(PACKAGES).await, ["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        assert_eq!(
            vendor
                .ask("DELETE", &format!("{PACKAGES}/{id}"), None)
                .await
                .status,
            200
        );
    }
    assert_eq!(vendor.ids(PACKAGES).await, [""; 0], "an emptied list is empty");
    let account = [("x-account-id", other.account.as_str())];
    let seen = vendor
        .server
        .try_with("GET", PACKAGES, &account, None)
        .await
        .json();
    assert_eq!(seen["data"].as_array().unwrap().len(), 2);
    let shared = vendor.server.get(&format!("{PACKAGES}?list=project")).await;
    assert_eq!(shared["data"].as_array().unwrap().len(), 2);
    let tests = vendor
        .server
        .ats(&vendor.customer, "GET", "list_tests", None, 200)
        .await;
    assert_eq!(tests, json!([]), "the recruiter sees what the account sees");
    vendor.server.stop().await;
}

#[tokio::test]
async fn an_id_that_is_taken_and_a_package_without_a_name_are_refused() {
    let vendor = Vendor::start().await;
    vendor.put(&["a"]).await;
    let again = vendor
        .ask("POST", PACKAGES, Some(json!({"id": "a", "name": "A"})))
        .await;
    assert_eq!(again.refuses(409, "package_exists"), ["/id"]);
    let nameless = vendor
        .ask("POST", PACKAGES, Some(json!({"description": "x"})))
        .await;
    assert_eq!(nameless.refuses(400, "invalid_body"), ["/name"]);
    vendor.server.stop().await;
}

#[tokio::test]
async fn the_account_has_to_be_named_and_the_refusal_says_how() {
    let vendor = Vendor::start().await;
    for (method, path) in [
        ("GET", PACKAGES),
        ("GET", "/unified/ats/assessments/packages/x"),
        ("POST", PACKAGES),
    ] {
        let body = (method == "POST").then(|| json!({"name": "P"}));
        let refused = vendor.server.try_with(method, path, &[], body.as_ref()).await;
        assert_eq!(refused.refuses(400, "invalid_parameter"), ["header:x-account-id"]);
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("x-account-id"), "{message}");
    }
    vendor.server.stop().await;
}

#[tokio::test]
async fn only_the_fields_that_are_asked_for_are_shown_and_raw_on_demand() {
    let vendor = Vendor::start().await;
    vendor.put(&["a"]).await;
    let page = vendor
        .ask(
            "GET",
            &format!("{PACKAGES}?fields=id,%20name,nonsense&unknown=1&unknown=2"),
            None,
        )
        .await;
    assert_eq!(page.json()["data"], json!([{"id": "a", "name": "a"}]));
    assert!(page.json().get("raw").is_none());
    let one = vendor
        .ask("GET", &format!("{PACKAGES}/a?fields=remote_id&raw=true"), None)
        .await;
    assert_eq!(one.json(), json!({"data": {"remote_id": "a"}, "raw": []}));
    for query in [
        "raw=maybe",
        "filter[updated_after]=yesterday",
        "updated_after=1",
        "page_size=0",
        "page_size=101",
        "next=%25",
        "list=x",
    ] {
        let refused = vendor.ask("GET", &format!("{PACKAGES}?{query}"), None).await;
        let name = query.split('=').next().unwrap();
        assert_eq!(refused.refuses(400, "invalid_parameter"), [format!("?{name}")]);
    }
    vendor.server.stop().await;
}

#[tokio::test]
async fn only_what_changed_after_a_moment_is_listed_on_demand() {
    let vendor = Vendor::start().await;
    vendor.put(&["a", "b"]).await;
    let then = vendor.server.clock.now().to_string();
    vendor.server.clock.advance(1000);
    vendor.put(&["a", "b", "c"]).await;
    let since = format!("{PACKAGES}?filter[updated_after]={then}");
    assert_eq!(
        vendor.ids(&since).await,
        ["c"],
        "what stayed as it was keeps its time"
    );
    vendor.server.stop().await;
}

#[tokio::test]
async fn every_package_that_stays_is_shown_once_while_the_list_changes_between_pages() {
    let vendor = Vendor::start().await;
    let stays: BTreeSet<String> = (0..400).map(|n| format!("p{:04}", n * 2)).collect();
    let come_and_go = |round: usize| (0..100).map(move |n| format!("p{:04}", n * 8 + 1 + 2 * (round % 3)));
    let mut seen = Vec::new();
    let mut next = String::new();
    for round in 0.. {
        let ids: Vec<String> = stays.iter().cloned().chain(come_and_go(round)).collect();
        vendor
            .put(&ids.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        let page = vendor
            .ask("GET", &format!("{PACKAGES}?page_size=50&next={next}"), None)
            .await
            .json();
        let data = page["data"].as_array().unwrap().clone();
        seen.extend(data.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(cursor) => next = cursor.to_owned(),
            None => break,
        }
    }
    let distinct: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "none is shown twice");
    assert!(stays.is_subset(&distinct), "none that stays is skipped");
    vendor.server.stop().await;
}
