//! Linked customers and the credentials of both sides: what is taken, what is shown, and what is said of the rest.

use crate::harness::{OTHER_API_KEY, Receiver, Server};
use serde_json::{Value, json};

fn pointers(refusal: &Value) -> Vec<&str> {
    let errors = refusal["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect()
}

fn ashby(credentials: Value) -> Value {
    json!({"provider": "ashby", "origin_owner_id": "c", "origin_owner_name": "C", "credentials": credentials})
}

#[tokio::test]
async fn a_customers_credentials_are_set_masked_changed_and_cleared() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["account.updated"]).await;
    let secrets = "/unified/ats/assessments/secrets";
    let linked = server
        .post(secrets, ashby(json!({"api_key": "first-key"})), 201)
        .await;
    let path = format!("/accounts/{}", linked["accountId"].as_str().unwrap());
    let shown = server.get(&path).await;
    assert_eq!(shown["credentials"], json!({"api_key": "********"}));
    assert_eq!(
        (&shown["missing"], &shown["origin_owner_name"]),
        (&json!([]), &json!("C"))
    );
    let cleared = json!({"credentials": {"api_key": null}});
    let cleared = server.vendor("PATCH", &path, Some(cleared), 200).await;
    assert_eq!(cleared["credentials"], json!({}));
    assert_eq!(cleared["missing"][0]["code"], "credential_missing");
    let told = vendor.next().await.json();
    assert_eq!(told["eventData"]["account"]["id"], linked["accountId"]);
    assert!(!told.to_string().contains("first-key"));
    server.vendor("PATCH", &path, Some(json!({})), 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_credential_that_is_no_such_thing_is_refused_by_its_pointer_wherever_it_is_sent() {
    let server = Server::start().await;
    let secrets = "/unified/ats/assessments/secrets";
    for (credentials, at) in [
        (json!({"api_key": ""}), "/credentials/api_key"),
        (json!({"api_key": 7}), "/credentials/api_key"),
        (json!({"api_key": "with a space"}), "/credentials/api_key"),
        (json!({"api_key": "x".repeat(5000)}), "/credentials/api_key"),
        (json!({"user_agent": "x"}), "/credentials/user_agent"),
        (json!({"a/b": "x"}), "/credentials/a~1b"),
    ] {
        let refused = server.post(secrets, ashby(credentials), 422).await;
        assert_eq!(pointers(&refused), [at], "{refused}");
    }
    let linked = server.post(secrets, ashby(json!({})), 201).await;
    let path = format!("/accounts/{}", linked["accountId"].as_str().unwrap());
    let wrong = json!({"credentials": {"api_key": "with a space"}});
    let refused = server.vendor("PATCH", &path, Some(wrong), 422).await;
    assert_eq!(pointers(&refused), ["/credentials/api_key"]);
    let integration = |credentials: Value| json!({"provider": "ashby", "category": "assessments", "credentials": credentials});
    for (credentials, at) in [
        (json!({"api_key": "the-customers"}), "/credentials/api_key"),
        (
            json!({"api_url": "http://169.254.169.254/"}),
            "/credentials/api_url",
        ),
        (json!({"api_url": "nonsense"}), "/credentials/api_url"),
        (json!({"user_agent": " "}), "/credentials/user_agent"),
    ] {
        let refused = server.post("/integrations", integration(credentials), 422).await;
        assert_eq!(pointers(&refused), [at], "{refused}");
    }
    let count = server.get("/integrations").await["data"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(count, 1, "the one that was made on the spot");
    server.stop().await;
}

#[tokio::test]
async fn an_integrations_credentials_are_merged_and_a_default_needs_not_be_set() {
    let server = Server::start().await;
    let made =
        json!({"provider": "recruitee", "category": "assessments", "credentials": {"codename": "acme"}});
    let made = server.post("/integrations", made, 201).await;
    assert_eq!(made["credentials"], json!({"codename": "acme"}));
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let more = json!({"credentials": {"partner_secret": "s3cret", "cancel_link": "off"}});
    let changed = server.vendor("PATCH", &path, Some(more), 200).await;
    let expected = json!({"codename": "acme", "partner_secret": "********", "cancel_link": "off"});
    assert_eq!(changed["credentials"], expected);
    let none = json!({"credentials": {"cancel_link": null}, "static_package_id": "pkg"});
    let changed = server.vendor("PATCH", &path, Some(none), 200).await;
    assert_eq!(
        changed["credentials"],
        json!({"codename": "acme", "partner_secret": "********"})
    );
    server.stop().await;
}

#[tokio::test]
async fn an_account_is_there_for_its_own_project_only() {
    let server = Server::start().await;
    server.add_project().await;
    let linked = server.link("ashby", "assessments").await;
    let path = format!("/accounts/{}", linked.account);
    server
        .vendor_as(OTHER_API_KEY, None, "GET", &path, None, 404)
        .await;
    let change = json!({"credentials": {"api_key": "theirs"}});
    server
        .vendor_as(OTHER_API_KEY, None, "PATCH", &path, Some(change), 404)
        .await;
    assert_eq!(server.get(&path).await["credentials"], json!({}));
    server.stop().await;
}

async fn linked(server: &Server, provider: &str, owner: &str) -> String {
    let body = json!({"provider": provider, "origin_owner_id": owner, "origin_owner_name": owner});
    let secrets = server.post("/unified/ats/assessments/secrets", body, 201).await;
    secrets["accountId"].as_str().unwrap().to_owned()
}

async fn listed(server: &Server, query: &str) -> Vec<String> {
    let page = server.get(&format!("/accounts{query}")).await;
    let page = page.as_array().expect("a bare array");
    page.iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn linked_customers_are_listed_by_page_and_by_what_they_are() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for (provider, owner) in [("greenhouse", "one"), ("ashby", "two"), ("greenhouse", "three")] {
        ids.push(linked(&server, provider, owner).await);
    }
    let [one, two, three] = [&ids[0], &ids[1], &ids[2]].map(String::clone);
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let of = |ids: &[&String]| sorted(ids.iter().map(|id| (*id).clone()).collect());
    assert_eq!(sorted(listed(&server, "").await), of(&[&one, &two, &three]));
    let mut pages = Vec::new();
    for page in 1..=4 {
        pages.extend(listed(&server, &format!("?page={page}&page_size=1")).await);
    }
    assert_eq!(
        sorted(pages),
        of(&[&one, &two, &three]),
        "each on one page, none on the fourth"
    );
    for (query, expected) in [
        ("?provider=greenhouse".to_owned(), of(&[&one, &three])),
        ("?providers=ashby&providers=recruitee".to_owned(), of(&[&two])),
        ("?origin_owner_id=two".to_owned(), of(&[&two])),
        ("?origin_owner_ids=one,three".to_owned(), of(&[&one, &three])),
        (format!("?account_ids={one}&account_ids={two}"), of(&[&one, &two])),
        ("?status=active".to_owned(), of(&[&one, &three])),
        ("?status=inactive&unknown=1&unknown=2".to_owned(), of(&[&two])),
        ("?status=suspended".to_owned(), Vec::new()),
    ] {
        assert_eq!(sorted(listed(&server, &query).await), expected, "{query}");
    }
    for (query, pointer) in [
        ("?page=0", "?page"),
        ("?page_size=101", "?page_size"),
        ("?page=x", "?page"),
        ("?status=%00", "?status"),
    ] {
        let refused = server.try_vendor("GET", &format!("/accounts{query}"), None).await;
        assert_eq!(refused.refuses(400, "invalid_parameter"), [pointer]);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_the_vendor_says_of_a_customer_can_be_changed_and_cleared() {
    let server = Server::start().await;
    let path = format!("/accounts/{}", linked(&server, "greenhouse", "one").await);
    let change = json!({"label": "prod", "origin_owner_id": "o2", "origin_owner_name": "Owner 2",
        "origin_username": "ana", "type": "test", "metadata": {"plan": "gold"}, "provider": "greenhouse"});
    let changed = server.vendor("PATCH", &path, Some(change.clone()), 200).await;
    for (key, value) in change.as_object().unwrap() {
        assert_eq!(&changed[key], value, "{key}");
    }
    assert_eq!(changed["provider_name"], "Greenhouse");
    // StackOne's client sends an object as label, and always a type.
    let sent = json!({"label": {}, "type": "production"});
    let changed = server.vendor("PATCH", &path, Some(sent), 200).await;
    assert_eq!(
        (&changed["label"], &changed["type"]),
        (&json!("prod"), &json!("production"))
    );
    let cleared = json!({"label": null, "origin_username": null, "metadata": null});
    let cleared = server.vendor("PATCH", &path, Some(cleared), 200).await;
    assert!(
        ["label", "origin_username", "metadata"]
            .iter()
            .all(|key| cleared[*key].is_null())
    );
    let other = json!({"provider": "ashby"});
    let refused = server.vendor("PATCH", &path, Some(other), 422).await;
    assert_eq!(pointers(&refused), ["/provider"]);
    server.stop().await;
}

#[tokio::test]
async fn an_unlinked_customers_token_and_pushes_end_and_its_orders_stay() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["account.deleted"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.order(&customer, "http://127.0.0.1:9/callback").await;
    let result = format!("/unified/ats/assessments/orders/{order}/result");
    let report = json!({"result_url": "https://vendor.example/r"});
    server.vendor("PATCH", &result, Some(report), 200).await;
    server
        .eventually("/pushes", |pushes| {
            pushes["data"][0]["tries"] != json!(0) && pushes["data"][0]["status"] == "pending"
        })
        .await;
    let path = format!("/accounts/{}", customer.account);
    let gone = server.vendor("DELETE", &path, None, 200).await;
    assert_eq!(gone["id"], customer.account);
    assert_eq!(vendor.next().await.json()["recordId"], customer.account);
    for method in ["GET", "DELETE", "PATCH"] {
        let body = (method == "PATCH").then(|| json!({}));
        server.vendor(method, &path, body, 404).await;
    }
    assert_eq!(listed(&server, "").await, [""; 0]);
    let refused = server.try_ats(&customer, "GET", "list_tests", b"").await;
    assert_eq!(refused.status, 401);
    assert_eq!(server.get("/pushes").await["data"][0]["status"], "exhausted");
    let kept = server
        .get(&format!("/unified/ats/assessments/orders/{order}"))
        .await;
    assert_eq!(kept["data"]["status"], "completed");
    let account = [("x-account-id", customer.account.as_str())];
    server
        .try_with("GET", "/unified/ats/assessments/packages", &account, None)
        .await
        .refuses(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn an_accounts_meta_says_what_it_can_do_and_what_is_missing_for_the_rest() {
    let server = Server::start().await;
    let ashby = linked(&server, "ashby", "one").await;
    let meta = server.get(&format!("/accounts/{ashby}/meta")).await;
    assert_eq!(
        (&meta["provider"], &meta["category"]),
        (&json!("ashby"), &json!("ats"))
    );
    let results = &meta["models"]["assessments/results.update"];
    assert_eq!(results["available"], false);
    assert_eq!(results["missing"][0]["code"], "credential_missing");
    assert!(results["input"]["defaultFields"].as_array().unwrap().len() > 2);
    let credentials = json!({"credentials": {"api_key": "key"}});
    server
        .vendor("PATCH", &format!("/accounts/{ashby}"), Some(credentials), 200)
        .await;
    let meta = server.get(&format!("/accounts/{ashby}/meta")).await;
    let results = &meta["models"]["assessments/results.update"];
    assert_eq!(
        (&results["available"], &results["missing"]),
        (&json!(true), &json!([]))
    );

    let greenhouse = linked(&server, "greenhouse", "two").await;
    let meta = server.get(&format!("/accounts/{greenhouse}/meta")).await;
    let other = &meta["models"]["background_checks/results.update"];
    assert_eq!(
        (&other["available"], &other["missing"][0]["code"]),
        (&json!(false), &json!("not_linked"))
    );
    server
        .vendor("GET", "/accounts/acc_0000000000000000000000/meta", None, 404)
        .await;
    server.stop().await;
}
