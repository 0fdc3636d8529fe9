//! Connect sessions, and the page that each opens: what a vendor is answered, what a customer sees and can send.

use crate::harness::{Answered, OTHER_API_KEY, PATIENCE, Receiver, Reply, Server};
use crosscheck::providers::descriptor::{Holder, StepNeeds};
use crosscheck::providers::registry;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

fn body(more: Value) -> Value {
    let mut body = json!({"origin_owner_id": "cust-7", "origin_owner_name": "Globex"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// A session, and the address of its page.
async fn session(server: &Server, more: Value) -> (Value, String) {
    let made = server.post("/connect_sessions", body(more), 201).await;
    let url = made["auth_link_url"].as_str().unwrap().to_owned();
    (made, url)
}

async fn visit(server: &Server, url: &str) -> Answered {
    Answered::of(server.http.get(url).send().await.unwrap()).await
}

/// What a browser sends when a form of the page is submitted.
async fn submit(url: &str, fields: &[(&str, &str)]) -> Answered {
    submit_from(
        url,
        fields,
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
    )
    .await
}

async fn submit_from(url: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answered {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let typed = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let mut request = client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(typed);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answered::of(request.send().await.unwrap()).await
}

/// Sends a form that is taken; the page to which it leads.
async fn take(server: &Server, url: &str, fields: &[(&str, &str)]) -> Answered {
    let taken = submit(url, fields).await;
    assert_eq!(taken.status, 303, "{}", taken.text);
    let next = url::Url::parse(url)
        .unwrap()
        .join(taken.header("location"))
        .unwrap();
    let page = visit(server, next.as_str()).await;
    assert_eq!(page.status, 200);
    page
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

async fn status(server: &Server, session: &Value) -> Value {
    let account = server
        .get(&format!("/accounts/{}", text(session, "account_id")))
        .await;
    account["setup_information"].clone()
}

#[tokio::test]
async fn a_session_that_leaves_one_choice_has_its_account_and_the_token_opens_for_the_ats() {
    let server = Server::start().await;
    let more = json!({
        "provider": "greenhouse", "categories": ["assessments"], "origin_username": "ada", "label": "prod",
        "type": "test", "metadata": {"plan": "pro"}, "multiple": false, "provider_version": null, "unknown": 1,
    });
    let (made, url) = session(&server, more).await;
    for (key, expected) in [
        ("organization_id", json!(1)),
        ("provider", json!("greenhouse")),
        ("categories", json!(["assessments"])),
        ("origin_username", json!("ada")),
        ("label", json!("prod")),
        ("type", json!("test")),
        ("metadata", json!({"plan": "pro"})),
    ] {
        assert_eq!(made[key], expected, "{key}");
    }
    let number = made["id"].as_u64().unwrap();
    assert!(number > 0 && number < 1 << 52);
    assert_eq!(url, format!("{}/connect/{}", server.url, text(&made, "token")));
    let token = text(&made, "external_trigger_token");
    let base_url = format!("{}/external-trigger/greenhouse", server.url);
    let listed = server
        .ats_raw(&base_url, Some(token), "GET", "list_tests", None)
        .await;
    assert_eq!(listed.status(), 200);

    let asked = json!({"token": made["token"]});
    let same = server.post("/connect_sessions/authenticate", asked, 201).await;
    for key in [
        "id",
        "account_id",
        "external_trigger_token",
        "created_at",
        "project_id",
        "expires_at",
    ] {
        assert_eq!(same[key], made[key], "{key}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_choice_is_left_to_the_customer_where_more_than_one_fits() {
    let server = Server::start().await;
    let (made, url) = session(&server, json!({"categories": ["ats"]})).await;
    assert_eq!(
        (&made["account_id"], &made["provider"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(made["categories"], json!(["ats"]));
    let token = text(&made, "external_trigger_token").to_owned();
    let page = visit(&server, &url).await;
    for provider in registry::all() {
        let descriptor = provider.descriptor();
        for category in descriptor.categories {
            let value = format!("value=\"{}/{category}\"", descriptor.key);
            assert!(page.text.contains(&value), "{value} in {}", page.text);
        }
    }
    assert!(
        !page.text.contains(&token),
        "nothing to paste before there is an ATS"
    );

    for wrong in [&[][..], &[("ats", "nonsense")], &[("ats", "greenhouse/nonsense")]] {
        let refused = submit(&url, wrong).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text.contains("Choose the system that you use."),
            "{}",
            refused.text
        );
    }
    let page = take(&server, &url, &[("ats", "ashby/background_checks")]).await;
    assert!(page.text.contains(&token), "{}", page.text);
    // The first choice stands.
    submit(&url, &[("ats", "greenhouse/assessments")]).await;
    let asked = json!({"token": made["token"]});
    let settled = server.post("/connect_sessions/authenticate", asked, 201).await;
    assert_eq!(settled["provider"], "ashby");
    assert_eq!(settled["external_trigger_token"], token.as_str());
    let account = server
        .get(&format!("/accounts/{}", text(&settled, "account_id")))
        .await;
    assert_eq!(
        (
            &account["provider"],
            &account["category"],
            &account["origin_owner_name"]
        ),
        (&json!("ashby"), &json!("background_checks"), &json!("Globex"))
    );
    server.stop().await;
}

#[tokio::test]
async fn of_many_choices_at_once_one_is_made() {
    let server = Server::start().await;
    let (made, url) = session(&server, json!({})).await;
    let every = registry::all().iter().flat_map(|provider| {
        let descriptor = provider.descriptor();
        let categories = descriptor.categories.iter();
        categories.map(|category| format!("{}/{category}", descriptor.key))
    });
    let sent = every.map(|choice| {
        let url = url.clone();
        async move { submit(&url, &[("ats", &choice)]).await.status }
    });
    for status in join_all(sent).await {
        // Who comes after it is settled has the form of the ATS before it, in which a choice is nothing.
        assert!([303, 422].contains(&status), "{status}");
    }
    let accounts = server.get("/accounts").await;
    assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
    let asked = json!({"token": made["token"]});
    let settled = server.post("/connect_sessions/authenticate", asked, 201).await;
    assert_eq!(settled["account_id"], accounts[0]["id"]);
    server.stop().await;
}

#[tokio::test]
async fn integrations_narrow_the_choice_and_what_does_not_fit_is_refused() {
    let server = Server::start().await;
    let integration = json!({"provider": "ashby", "category": "reference_checks"});
    let first = server.post("/integrations", integration.clone(), 201).await;
    let (made, _) = session(&server, json!({})).await;
    assert_eq!(
        made["integration_id"], first["id"],
        "the only one that the vendor has"
    );
    assert!(made["account_id"].is_string());

    let second = server.post("/integrations", integration, 201).await;
    let refused = server.post("/connect_sessions", body(json!({})), 422).await;
    assert_eq!(refused["errorCode"], "integration_ambiguous");
    let (made, _) = session(
        &server,
        json!({"integration_id": second["id"], "provider": "ashby"}),
    )
    .await;
    assert_eq!(made["integration_id"], second["id"]);
    let account = text(&made, "account_id").to_owned();

    for (more, status, code) in [
        (json!({"provider": "nobody"}), 422, "invalid_value"),
        (
            json!({"integration_id": second["id"], "provider": "greenhouse"}),
            422,
            "invalid_value",
        ),
        (
            json!({"integration_id": second["id"], "categories": ["assessments"]}),
            422,
            "invalid_value",
        ),
        (
            json!({"integration_id": "int_0000000000000000000000"}),
            404,
            "not_found",
        ),
        (json!({"integration_id": "nonsense"}), 404, "not_found"),
        (json!({"account_id": "nonsense"}), 404, "not_found"),
        (
            json!({"account_id": account, "origin_owner_id": "cust-8"}),
            422,
            "invalid_value",
        ),
        (
            json!({"account_id": account, "provider": "greenhouse"}),
            422,
            "invalid_value",
        ),
        (json!({"expires_in": 0}), 400, "invalid_body"),
        (json!({"expires_in": 604_801}), 400, "invalid_body"),
        (json!({"categories": ["assesments"]}), 400, "invalid_body"),
        (json!({"type": "toy"}), 400, "invalid_body"),
        (json!({"origin_owner_id": ""}), 400, "invalid_body"),
    ] {
        let refused = server.post("/connect_sessions", body(more.clone()), status).await;
        assert_eq!(refused["errorCode"], code, "{more}: {refused}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_for_an_account_that_is_there_makes_none_and_shows_its_token() {
    let server = Server::start().await;
    let linked = server
        .post(
            "/unified/ats/assessments/secrets",
            body(json!({"provider": "ashby"})),
            201,
        )
        .await;
    let (made, url) = session(&server, json!({"account_id": linked["accountId"]})).await;
    assert_eq!(made["account_id"], linked["accountId"]);
    assert_eq!(made["external_trigger_token"], linked["secretKey"]);
    assert!(
        visit(&server, &url)
            .await
            .text
            .contains(text(&linked, "secretKey"))
    );
    server.stop().await;
}

#[tokio::test]
async fn a_repeated_creation_is_answered_with_the_same_page() {
    let server = Server::start().await;
    let sent = body(json!({"provider": "greenhouse", "categories": ["assessments"]})).to_string();
    let bearer = format!("Bearer {}", crate::harness::API_KEY);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let first = server
        .send("POST", "/connect_sessions", &headers, sent.clone().into_bytes())
        .await;
    let again = server
        .send("POST", "/connect_sessions", &headers, sent.into_bytes())
        .await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    server.stop().await;
}

#[tokio::test]
async fn every_providers_page_tells_its_steps_shows_the_token_and_asks_for_the_customers_credentials() {
    let server = Server::start().await;
    for provider in registry::all() {
        let descriptor = provider.descriptor();
        let more = json!({"provider": descriptor.key, "categories": [descriptor.categories[0].as_str()]});
        let (made, url) = session(&server, more).await;
        let page = visit(&server, &url).await;
        assert_eq!(page.status, 200);
        let html = &page.text;
        assert_eq!(html.matches("<h1>").count(), 1, "{}", descriptor.key);
        assert_eq!(html.matches(text(&made, "external_trigger_token")).count(), 1);
        assert!(html.contains("Globex"));
        assert!(
            !html.contains(text(&made, "token")),
            "what opens the page stands in its address only"
        );
        for step in descriptor.customer_steps {
            assert!(
                html.contains(&escaped(&step.title.replace("{vendor}", "your vendor"))),
                "{}",
                step.title
            );
            if let StepNeeds::Message(_) = step.needs {
                assert!(html.contains(&format!("{}/external-trigger/{}", server.url, descriptor.key)));
            }
        }
        for field in descriptor.credentials_of(Holder::Customer) {
            assert!(html.contains(&format!("name=\"{}\"", field.name)));
        }
        for field in descriptor.credentials_of(Holder::Vendor) {
            assert!(
                !html.contains(&format!("name=\"{}\"", field.name)),
                "{} is the vendor's",
                field.name
            );
        }
        // Nothing inline, so that the policy can be strict; no placeholder is left.
        for forbidden in [
            " style=",
            "<style",
            " onclick=",
            "{vendor}",
            "{customer}",
            "{base_url}",
        ] {
            assert!(!html.contains(forbidden), "{forbidden} in {}", descriptor.key);
        }
    }
    server.stop().await;
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[tokio::test]
async fn the_page_is_kept_from_caches_frames_referrers_and_foreign_scripts() {
    let server = Server::start().await;
    let (_, url) = session(&server, json!({"provider": "ashby"})).await;
    let nowhere = format!("{}/connect/cs_nowhere", server.url);
    let mistaken = submit(&url, &[]).await;
    for page in [
        visit(&server, &url).await,
        visit(&server, &nowhere).await,
        mistaken,
    ] {
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    for (name, kind) in [
        ("connect.css", "text/css; charset=utf-8"),
        ("connect.js", "text/javascript; charset=utf-8"),
        ("connect.svg", "image/svg+xml"),
    ] {
        let asset = visit(&server, &format!("{}/connect/assets/{name}", server.url)).await;
        assert_eq!((asset.status, asset.header("content-type")), (200, kind));
    }
    server.stop().await;
}

#[tokio::test]
async fn credentials_are_set_kept_and_replaced_and_what_waits_for_them_is_sent() {
    let server = Server::start().await;
    let ats = Receiver::start().await;
    ats.answer(|_| Reply::json(&json!({"success": true})));
    let integration =
        json!({"provider": "ashby", "category": "assessments", "credentials": {"api_url": ats.url}});
    server.post("/integrations", integration, 201).await;
    let (made, url) = session(&server, json!({})).await;
    let invited = status(&server, &made).await;
    assert_eq!(
        (&invited["status"], &invited["page_opened_at"]),
        (&json!("invited"), &Value::Null)
    );
    assert!(invited["page_expires_at"].is_string());
    assert!(visit(&server, &url).await.text.contains("Missing"));
    let opened = status(&server, &made).await;
    assert_eq!(opened["status"], "opened");
    assert!(opened["page_opened_at"].is_string());

    // A result is reported before the key is there: its push waits.
    let sent: Value = serde_json::from_str(include_str!("../fixtures/ashby/full/request.json")).unwrap();
    let base_url = format!("{}/external-trigger/ashby", server.url);
    let token = text(&made, "external_trigger_token");
    let bytes = Some(sent.to_string().into_bytes());
    let placed = server
        .ats_raw(&base_url, Some(token), "POST", "assessment.start", bytes)
        .await;
    assert_eq!(placed.status(), 200);
    let orders = server.get("/unified/ats/assessments/orders").await;
    let result = format!(
        "/unified/ats/assessments/orders/{}/result",
        text(&orders["data"][0], "id")
    );
    let report = json!({"result": {"value": "passed"}, "result_url": "https://vendor.example/1", "score": {"value": 1}});
    server.vendor("PATCH", &result, Some(report), 200).await;
    let waits = |page: &Value| page["data"][0]["tries"] == 1;
    server.eventually("/pushes", waits).await;

    let page = take(&server, &url, &[("api_key", "  first-key\n")]).await;
    assert!(page.text.contains("One is saved."), "{}", page.text);
    assert!(page.text.contains("Saved."));
    assert!(!page.text.contains("first-key"));
    let is_sent = |page: &Value| page["data"][0]["status"] == "succeeded";
    server.eventually("/pushes", is_sent).await;
    let account = server
        .get(&format!("/accounts/{}", text(&made, "account_id")))
        .await;
    assert_eq!(account["credentials"], json!({"api_key": "********"}));
    assert_eq!(account["missing"], json!([]));

    // Left empty it stays.
    take(&server, &url, &[("api_key", "")]).await;
    let kept = server
        .get(&format!("/accounts/{}", text(&made, "account_id")))
        .await;
    assert_eq!(kept["credentials"], json!({"api_key": "********"}));
    server.stop().await;
}

#[tokio::test]
async fn a_mistake_stands_beside_its_field_and_changes_nothing() {
    let server = Server::start().await;
    let (made, url) = session(
        &server,
        json!({"provider": "ashby", "categories": ["assessments"]}),
    )
    .await;
    for (typed, told) in [
        (&[][..], "Enter the Ashby API key."),
        (&[("api_key", "   ")], "Enter the Ashby API key."),
        (
            &[("api_key", "secret with a space")],
            "This does not look right for the Ashby API key",
        ),
        (
            &[("api_key", "secret-with-a-\u{0}")],
            "This does not look right for the Ashby API key",
        ),
    ] {
        let page = submit(&url, typed).await;
        assert_eq!(page.status, 422, "{typed:?}");
        assert_eq!(
            page.text.matches(told).count(),
            2,
            "in the summary and beside the field: {}",
            page.text
        );
        assert!(
            page.text
                .contains("aria-describedby=\"field-api_key-mistake field-api_key-hint\"")
        );
        assert!(page.text.contains("aria-invalid=\"true\"") && page.text.contains("<title>Error: "));
        assert!(
            !page.text.contains("secret-with-a-") && !page.text.contains("secret with"),
            "never sent back"
        );
    }
    // A field that the form does not have changes nothing.
    take(
        &server,
        &url,
        &[("api_key", "good-key"), ("api_url", "https://evil.example")],
    )
    .await;
    let account = server
        .get(&format!("/accounts/{}", text(&made, "account_id")))
        .await;
    assert_eq!(account["credentials"], json!({"api_key": "********"}));
    server.stop().await;
}

#[tokio::test]
async fn a_customer_with_nothing_to_enter_says_that_it_is_done_and_the_first_call_is_noted_once() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server
        .webhook(&vendor.url, &["account.created", "account.updated"])
        .await;
    let (made, url) = session(
        &server,
        json!({"provider": "greenhouse", "categories": ["assessments"]}),
    )
    .await;
    assert_eq!(vendor.next().await.json()["eventType"], "account.created");
    assert!(visit(&server, &url).await.text.contains("My part is done"));
    let page = take(&server, &url, &[]).await;
    assert!(!page.text.contains("My part is done") && page.text.contains("None yet"));
    assert_eq!(status(&server, &made).await["status"], "completed");
    assert_eq!(vendor.rest().len(), 0, "nothing of the account has changed");

    let base_url = format!("{}/external-trigger/greenhouse", server.url);
    let token = text(&made, "external_trigger_token");
    let path = format!("/accounts/{}", text(&made, "account_id"));
    server
        .ats_raw(&base_url, Some(token), "GET", "list_tests", None)
        .await;
    let is_noted = |account: &Value| account["setup_information"]["status"] == "connected";
    let connected = server.eventually(&path, is_noted).await;
    assert!(
        visit(&server, &url)
            .await
            .text
            .contains("Working: the first came on")
    );
    server.advance(Duration::from_secs(60));
    server
        .ats_raw(&base_url, Some(token), "GET", "list_tests", None)
        .await;
    let later = server.get(&path).await;
    let first = |account: &Value| account["setup_information"]["first_call_at"].clone();
    assert_eq!(first(&later), first(&connected));
    server.stop().await;
}

#[tokio::test]
async fn a_page_is_open_as_long_as_was_asked_for_and_then_says_whom_to_ask() {
    let server = Server::start().await;
    let (made, url) = session(
        &server,
        json!({"provider": "ashby", "categories": ["assessments"]}),
    )
    .await;
    let (_, longer) = session(
        &server,
        json!({"provider": "ashby", "categories": ["assessments"], "expires_in": 7200}),
    )
    .await;
    server.advance(Duration::from_secs(1790));
    assert_eq!(visit(&server, &url).await.status, 200);
    server.advance(Duration::from_secs(11));
    let page = visit(&server, &url).await;
    assert_eq!(page.status, 410);
    assert!(page.text.contains("Ask your vendor"), "{}", page.text);
    assert!(!page.text.contains(text(&made, "external_trigger_token")));
    assert_eq!(submit(&url, &[("api_key", "late")]).await.status, 410);
    let asked = json!({"token": made["token"]});
    server.post("/connect_sessions/authenticate", asked, 404).await;
    let account = server
        .get(&format!("/accounts/{}", text(&made, "account_id")))
        .await;
    assert_eq!(account["credentials"], json!({}));
    assert_eq!(visit(&server, &longer).await.status, 200);
    let nowhere = format!("{}/connect/cs_nowhere", server.url);
    assert_eq!(visit(&server, &nowhere).await.status, 404);
    assert_eq!(submit(&nowhere, &[]).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn another_projects_accounts_integrations_and_sessions_are_not_there() {
    let server = Server::start().await;
    server.add_project().await;
    let linked = server.link("ashby", "assessments").await;
    let (made, _) = session(
        &server,
        json!({"provider": "ashby", "categories": ["assessments"]}),
    )
    .await;
    let integration = made["integration_id"].clone();
    let theirs = async |path: &str, body: Value| {
        server
            .vendor_as(OTHER_API_KEY, None, "POST", path, Some(body), 404)
            .await;
    };
    let own = json!({"origin_owner_id": "cust-1", "account_id": linked.account});
    theirs("/connect_sessions", body(own)).await;
    theirs("/connect_sessions", body(json!({"integration_id": integration}))).await;
    theirs("/connect_sessions/authenticate", json!({"token": made["token"]})).await;
    let (waiting, _) = session(&server, json!({"provider": "greenhouse"})).await;
    assert_eq!(waiting["account_id"], Value::Null);
    theirs(
        "/connect_sessions/authenticate",
        json!({"token": waiting["token"]}),
    )
    .await;
    theirs("/connect_sessions/authenticate", json!({"token": "nonsense"})).await;
    server.stop().await;
}

#[tokio::test]
async fn a_form_is_taken_from_the_page_itself_only() {
    let server = Server::start().await;
    let (made, url) = session(
        &server,
        json!({"provider": "ashby", "categories": ["assessments"]}),
    )
    .await;
    let typed = [("api_key", "planted")];
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site"), ("origin", "null")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "")],
    ] {
        let refused = submit_from(&url, &typed, headers).await;
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    let account = format!("/accounts/{}", text(&made, "account_id"));
    assert_eq!(server.get(&account).await["credentials"], json!({}));
    let own = server.url.clone();
    for headers in [&[("origin", own.as_str())][..], &[("origin", "null")], &[]] {
        assert_eq!(
            submit_from(&url, &typed, headers).await.status,
            303,
            "{headers:?}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_hostile_name_is_text_and_nothing_else() {
    let server = Server::start().await;
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {base_url} &amp;";
    let more = json!({"provider": "greenhouse", "categories": ["assessments"], "origin_owner_name": hostile});
    let (_, url) = session(&server, more).await;
    let more = json!({"provider": "ashby", "origin_owner_name": hostile});
    let (_, open) = session(&server, more).await;
    assert!(visit(&server, &open).await.text.contains("type=\"radio\""));
    for url in [url, open] {
        let page = visit(&server, &url).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(
            !page.text.contains("<img") && !page.text.contains("<script>"),
            "{}",
            page.text
        );
        assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_that_nobody_used_is_forgotten_a_month_after_it_expired_and_one_with_an_account_is_kept() {
    let server = Server::start().await;
    let (used, _) = session(
        &server,
        json!({"provider": "ashby", "categories": ["assessments"]}),
    )
    .await;
    let (_, unused) = session(&server, json!({"provider": "greenhouse"})).await;
    let day = Duration::from_secs(24 * 3600);
    server.advance(29 * day);
    assert_eq!(visit(&server, &unused).await.status, 410);
    server.advance(3 * day);
    let ends = tokio::time::Instant::now() + PATIENCE;
    while visit(&server, &unused).await.status == 410 {
        assert!(tokio::time::Instant::now() < ends, "it is never forgotten");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(visit(&server, &unused).await.status, 404);
    assert_eq!(status(&server, &used).await["status"], "invited");
    server.stop().await;
}
