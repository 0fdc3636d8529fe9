//! Registering with an ATS by API, by the route and by the command line: what is kept, what is shown, and what is
//! said when it cannot be done. Recruitee is the one ATS that has it; its simulation answers.

use crate::harness::{self, Process, Server, Workspace};
use crosscheck::sandbox::ats::SimulatedAts;
use crosscheck::sandbox::registry;
use serde_json::{Value, json};

const PERSONAL_TOKEN: &str = "rc-personal-token";
const COMPANY: &str = "64210";

fn recruitee() -> SimulatedAts {
    registry::find("recruitee").unwrap()(0).unwrap()
}

fn integration(ats: &SimulatedAts, codename: &str) -> Value {
    json!({
        "provider": "recruitee", "category": "reference_checks",
        "credentials": {"api_url": format!("{}/api", ats.url), "codename": codename},
    })
}

fn inputs(name: Option<&str>) -> Value {
    let mut inputs = json!({"api_token": PERSONAL_TOKEN, "company_id": COMPANY});
    if let Some(name) = name {
        inputs["name"] = json!(name);
    }
    json!({"inputs": inputs})
}

#[tokio::test]
async fn a_partner_is_made_changed_read_and_its_secret_renewed_and_never_shown() {
    let (server, ats) = (Server::start().await, recruitee());
    let made = server.post("/integrations", integration(&ats, "acme"), 201).await;
    let path = |step: &str| format!("/integrations/{}/set_up/{step}", made["id"].as_str().unwrap());
    let created = server
        .post(&path("create_partner"), inputs(Some("Acme")), 200)
        .await;
    assert_eq!(created["set"], json!(["partner_secret"]));
    let partner = &created["answer"];
    assert_eq!(
        (&partner["kind"], &partner["name"]),
        (&json!("reference_check"), &json!("Acme"))
    );
    assert_eq!(partner["urls"]["tests"], made["endpoint_urls"]["tests"]);
    assert!(partner.get("secret").is_none(), "{partner}");
    let shown = server
        .get(&format!("/integrations/{}", made["id"].as_str().unwrap()))
        .await;
    assert_eq!(shown["credentials"]["partner_secret"], "********");
    assert_eq!(shown["credentials"]["codename"], "acme");

    let renamed = server
        .post(&path("update_partner"), inputs(Some("Acme Ltd")), 200)
        .await;
    assert_eq!(renamed["answer"]["name"], "Acme Ltd");
    let renewed = server.post(&path("regenerate_secret"), json!({}), 200).await;
    assert_eq!(renewed["set"], json!(["partner_secret"]));
    // The new secret is the one that opens: it renews itself again.
    server.post(&path("regenerate_secret"), json!({}), 200).await;
    // A secret that was lost here is read back.
    let lost = json!({"credentials": {"partner_secret": null}});
    let own = format!("/integrations/{}", made["id"].as_str().unwrap());
    server.vendor("PATCH", &own, Some(lost), 200).await;
    let refused = server.post(&path("regenerate_secret"), json!({}), 422).await;
    assert_eq!(refused["errors"][0]["pointer"], "/credentials/partner_secret");
    server.post(&path("read_partner"), inputs(None), 200).await;
    server.post(&path("regenerate_secret"), json!({}), 200).await;
    ats.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_step_that_cannot_be_taken_says_why_and_changes_nothing() {
    let (server, ats) = (Server::start().await, recruitee());
    let made = server.post("/integrations", integration(&ats, "acme"), 201).await;
    let path = |step: &str| format!("/integrations/{}/set_up/{step}", made["id"].as_str().unwrap());
    let missing = server
        .post(&path("create_partner"), json!({"inputs": {"odd": "x"}}), 422)
        .await;
    let pointers: Vec<_> = missing["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["pointer"])
        .collect();
    assert_eq!(
        pointers,
        [
            "/inputs/api_token",
            "/inputs/company_id",
            "/inputs/name",
            "/inputs/odd"
        ]
    );
    let unknown = server.post(&path("invent"), json!({}), 404).await;
    assert!(unknown["message"].as_str().unwrap().contains("create_partner"));
    let wrong = json!({"inputs": {"api_token": "wrong", "company_id": COMPANY, "name": "Acme"}});
    let refused = server.post(&path("create_partner"), wrong, 502).await;
    assert_eq!(refused["errorCode"], "ats_failed");
    assert!(refused["message"].as_str().unwrap().contains("401"), "{refused}");
    ats.stop().await;
    let gone = server
        .post(&path("create_partner"), inputs(Some("Acme")), 502)
        .await;
    assert_eq!(gone["errorCode"], "ats_failed");
    assert!(!gone.to_string().contains(PERSONAL_TOKEN));
    let by_hand = json!({"provider": "greenhouse", "category": "assessments"});
    let by_hand = server.post("/integrations", by_hand, 201).await;
    let path = format!(
        "/integrations/{}/set_up/create_partner",
        by_hand["id"].as_str().unwrap()
    );
    assert_eq!(
        server.post(&path, json!({}), 501).await["errorCode"],
        "not_capable"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_command_line_takes_the_same_step_beside_a_server_that_runs() {
    let (directory, ats) = (Workspace::new(), recruitee());
    let process = Process::start(directory.path(), &[("CROSSCHECK_API_KEY", harness::API_KEY)]);
    let url = format!("{}/integrations", process.url);
    let made = process
        .http
        .post(url)
        .bearer_auth(harness::API_KEY)
        .json(&integration(&ats, "acme"))
        .send();
    let made: Value = made.await.unwrap().json().await.unwrap();
    let id = made["id"].as_str().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, format!("{PERSONAL_TOKEN}\n")).unwrap();
    let token = format!("api_token=@{}", token.display());
    let company = format!("company_id={COMPANY}");
    let step = |env: &[(&str, &str)], inputs: &[&str]| {
        let mut arguments = vec!["set-up", id, "create_partner"];
        for input in inputs {
            arguments.extend(["--input", input]);
        }
        harness::run(directory.path(), env, &arguments, "")
    };
    let public = [("CROSSCHECK_PUBLIC_URL", "https://crosscheck.example")];
    let all = [token.as_str(), company.as_str(), "name=Acme"];
    for (env, inputs, told) in [
        (&[][..], &all[..], "CROSSCHECK_PUBLIC_URL"),
        (&public[..], &all[..2], "/inputs/name"),
        (&public[..], &["name"][..], "NAME=VALUE"),
    ] {
        let refused = step(env, inputs);
        assert!(!refused.status.success());
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(told), "{said}");
    }
    let done = step(&public, &all);
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(
        said.contains("https://crosscheck.example/external-trigger/recruitee/tests"),
        "{said}"
    );
    assert!(
        said.contains("stored in the integration: partner_secret"),
        "{said}"
    );
    process.kill();
    ats.stop().await;
}
