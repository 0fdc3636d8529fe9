//! Packages that the vendor stores with us: lists, pages, whose list counts, and what a recruiter is offered.

use crate::harness::{API_KEY, Customer, Receiver, Server};
use serde_json::{Value, json};

const PACKAGES: &str = "/unified/ats/assessments/packages";

fn named(ids: &[&str]) -> Value {
    let packages: Vec<_> = ids
        .iter()
        .map(|id| json!({"id": id, "name": format!("Name of {id}")}))
        .collect();
    json!({"packages": packages})
}

fn ids(list: &Value) -> Vec<&str> {
    let entries = list["data"].as_array().unwrap();
    entries.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

async fn put(server: &Server, account: Option<&str>, body: Value) {
    server
        .vendor_as(API_KEY, account, "PUT", PACKAGES, Some(body), 200)
        .await;
}

async fn offered(server: &Server, customer: &Customer) -> Vec<String> {
    let tests = server.ats(customer, "GET", "list_tests", None, 200).await;
    let tests = tests.as_array().unwrap();
    for test in tests {
        assert_eq!(test.as_object().unwrap().len(), 2, "{test}");
        assert!(test["partner_test_name"].is_string());
    }
    tests
        .iter()
        .map(|one| one["partner_test_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_is_replaced_as_a_whole_and_offered_in_the_vendors_order() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    assert!(offered(&server, &customer).await.is_empty());
    let answer = server
        .vendor("PUT", PACKAGES, Some(named(&["zeta", "alpha", "mid"])), 200)
        .await;
    assert_eq!(answer, json!({"count": 3}));
    assert_eq!(offered(&server, &customer).await, ["zeta", "alpha", "mid"]);
    assert_eq!(
        ids(&server.get(&format!("{PACKAGES}?list=project")).await),
        ["alpha", "mid", "zeta"]
    );
    put(&server, None, named(&["new"])).await;
    assert_eq!(offered(&server, &customer).await, ["new"]);
    assert_eq!(
        server
            .get("/unified/ats/background_checks/packages?list=project")
            .await["data"],
        json!([])
    );
    put(&server, None, named(&[])).await;
    assert!(offered(&server, &customer).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_package_keeps_every_field_that_it_was_stored_with() {
    let server = Server::start().await;
    let full = json!({
        "id": "pkg/ü 1?", "name": "Name 🧪", "description": "text", "type": "SKILLS_TEST",
        "metadata": {"a": {"b": [1, 2.5, null]}}, "tests": [{"id": "t1", "remote_id": "t1", "name": "T", "description": null, "own": 1}],
        "parameters": [{"name": "level", "values": ["junior", "senior"]}]
    });
    put(&server, None, json!({"packages": [full]})).await;
    let shown = server
        .get(&format!("{PACKAGES}/pkg%2F%C3%BC%201%3F?list=project"))
        .await["data"]
        .clone();
    let mut expected = full.clone();
    expected["remote_id"] = full["id"].clone();
    assert_eq!(shown, expected);
    assert_eq!(
        server.get(&format!("{PACKAGES}?list=project")).await["data"],
        json!([expected])
    );
    put(&server, None, named(&["bare"])).await;
    let bare = server.get(&format!("{PACKAGES}/bare?list=project")).await["data"].clone();
    assert_eq!(
        bare,
        json!({"id": "bare", "remote_id": "bare", "name": "Name of bare", "description": null, "type": null,
               "metadata": null, "tests": null, "parameters": null})
    );
    for unknown in ["pkg", "%00", "BARE", "bare%20"] {
        let answer = server
            .try_vendor("GET", &format!("{PACKAGES}/{unknown}?list=project"), None)
            .await;
        answer.refuses(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_follow_each_other_and_miss_nothing() {
    let server = Server::start().await;
    let all: Vec<String> = (0..57).map(|index| format!("p{index:03}")).collect();
    put(
        &server,
        None,
        named(&all.iter().map(String::as_str).collect::<Vec<_>>()),
    )
    .await;
    assert_eq!(
        server.get(&format!("{PACKAGES}?list=project")).await["data"]
            .as_array()
            .unwrap()
            .len(),
        25
    );
    for size in [1, 7, 57, 100] {
        let (mut found, mut path) = (Vec::new(), format!("{PACKAGES}?list=project&page_size={size}"));
        loop {
            let page = server.get(&path).await;
            found.extend(ids(&page).into_iter().map(str::to_owned));
            match page["next"].as_str() {
                None => break,
                Some(next) => path = format!("{PACKAGES}?list=project&page_size={size}&next={next}"),
            }
        }
        assert_eq!(found, all, "pages of {size}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_accounts_own_list_goes_before_the_projects_for_that_account_alone() {
    let server = Server::start().await;
    let one = server.link("greenhouse", "assessments").await;
    let other = server.link("greenhouse", "assessments").await;
    put(&server, None, named(&["shared"])).await;
    put(&server, Some(&one.account), named(&["own"])).await;
    assert_eq!(offered(&server, &one).await, ["own"]);
    assert_eq!(offered(&server, &other).await, ["shared"]);
    for (account, expected) in [(&one.account, "own"), (&other.account, "shared")] {
        let list = server
            .vendor_as(API_KEY, Some(account), "GET", PACKAGES, None, 200)
            .await;
        assert_eq!(ids(&list), [expected]);
    }
    let shared = server.get(&format!("{PACKAGES}?list=project")).await;
    assert_eq!(ids(&shared), ["shared"]);
    let path = format!("{PACKAGES}/own");
    server
        .vendor_as(API_KEY, Some(&one.account), "GET", &path, None, 200)
        .await;
    server
        .vendor_as(API_KEY, Some(&other.account), "GET", &path, None, 404)
        .await;
    let path = format!("{path}?list=project");
    server.vendor_as(API_KEY, None, "GET", &path, None, 404).await;
    put(&server, Some(&one.account), named(&[])).await;
    assert_eq!(offered(&server, &one).await, ["shared"]);
    server.stop().await;
}

#[tokio::test]
async fn an_account_header_that_names_no_account_is_404_and_changes_nothing() {
    let server = Server::start().await;
    put(&server, None, named(&["shared"])).await;
    let bearer = format!("Bearer {API_KEY}");
    for account in ["", "acc_", "acc_0000000000000000000000", "nonsense", "\u{fffd}ü"] {
        let headers = [("authorization", bearer.as_str()), ("x-account-id", account)];
        for (method, body) in [("GET", String::new()), ("PUT", named(&["stolen"]).to_string())] {
            let answer = server.send(method, PACKAGES, &headers, body.into_bytes()).await;
            match (method, account) {
                ("GET", "") => answer.refuses(400, "invalid_parameter"),
                _ => answer.refuses(404, "not_found"),
            };
        }
    }
    assert_eq!(
        ids(&server.get(&format!("{PACKAGES}?list=project")).await),
        ["shared"]
    );
    server.stop().await;
}

#[tokio::test]
async fn a_list_that_cannot_be_offered_is_refused_and_the_old_one_stays() {
    let server = Server::start().await;
    put(&server, None, named(&["kept"])).await;
    let one = |package: Value| json!({"packages": [{"id": "ok", "name": "ok"}, package]});
    let long = "x".repeat(256);
    for (body, code, pointers) in [
        (json!({}), "invalid_body", vec!["/packages"]),
        (json!([]), "invalid_body", vec![""]),
        (json!({"packages": {}}), "invalid_body", vec!["/packages"]),
        (
            one(json!({})),
            "invalid_body",
            vec!["/packages/1/id", "/packages/1/name"],
        ),
        (
            one(json!({"id": 7, "name": null})),
            "invalid_body",
            vec!["/packages/1/id", "/packages/1/name"],
        ),
        (
            one(json!({"id": "", "name": ""})),
            "invalid_body",
            vec!["/packages/1/id", "/packages/1/name"],
        ),
        (
            one(json!({"id": long, "name": "x"})),
            "invalid_body",
            vec!["/packages/1/id"],
        ),
        (
            one(json!({"id": "x", "name": "x", "tests": [1]})),
            "invalid_body",
            vec!["/packages/1/tests/0"],
        ),
        (
            one(json!({"id": "x", "name": "x", "metadata": []})),
            "invalid_body",
            vec!["/packages/1/metadata"],
        ),
        (one(json!("text")), "invalid_body", vec!["/packages/1"]),
    ] {
        let answer = server.try_vendor("PUT", PACKAGES, Some(&body)).await;
        assert_eq!(answer.refuses(400, code), pointers, "{body}");
    }
    let twice = named(&["a", "b", "a", "b"]);
    let answer = server.try_vendor("PUT", PACKAGES, Some(&twice)).await;
    assert_eq!(
        answer.refuses(422, "invalid_value"),
        ["/packages/2/id", "/packages/3/id"]
    );
    let nul = br#"{"packages":[{"id":"a\u0000","name":"A"}]}"#.to_vec();
    let bearer = format!("Bearer {API_KEY}");
    let answer = server
        .send("PUT", PACKAGES, &[("authorization", &bearer)], nul)
        .await;
    answer.refuses(400, "malformed_json");
    assert_eq!(
        ids(&server.get(&format!("{PACKAGES}?list=project")).await),
        ["kept"]
    );
    server
        .try_vendor("PUT", "/unified/ats/nonsense/packages", Some(&named(&[])))
        .await
        .refuses(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn what_is_known_of_a_package_is_joined_into_its_order() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let package = |name: &str| json!({"packages": [{"id": "pkg_logic", "name": name, "description": "d", "type": "T", "metadata": {"a": 1}}]});
    put(&server, None, package("The project's")).await;
    server.order(&customer, "http://127.0.0.1:9/1").await;
    let told = vendor.next().await.json()["eventData"]["candidateAssessment"]["assessmentPackage"].clone();
    assert_eq!(
        told,
        json!({"id": "pkg_logic", "name": "The project's", "description": "d", "type": "T", "metaData": {"a": 1}})
    );
    put(&server, Some(&customer.account), package("The account's")).await;
    let order = server.order(&customer, "http://127.0.0.1:9/2").await;
    let told = vendor.next().await.json();
    assert_eq!(
        told["eventData"]["candidateAssessment"]["assessmentPackage"]["name"],
        "The account's"
    );
    let shown = server
        .get(&format!("/unified/ats/assessments/orders/{order}"))
        .await;
    assert_eq!(shown["data"]["package"]["name"], "The account's");
    server.stop().await;
}
