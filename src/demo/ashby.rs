//! Ashby's own story: ids that are UUIDs, questions to the recruiter, a start that is repeated and one that is
//! refused, and a recruiter who cancels.

use super::next;
use super::ordering::{FIRST_CANDIDATE, SECOND_CANDIDATE, Sent, choice};
use super::reporting::{REPORT, SCORE, SUMMARY, final_result, progress};
use super::setting_up::{Customer, FIRST_PACKAGE, Integration};
use super::stage::{Stage, Told, list, newest, text};
use super::translation::{self, copied, derived};
use crate::domain::id::OrderId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const API_KEY: &str = "the-key-that-the-customer-made-in-ashby";

/// The candidate's id and the application's id in the simulated Ashby.
const CANDIDATE: &str = "7d1c4a92-52f8-4b0e-9a35-8c6f1e20b4d7";
const APPLICATION: &str = "c04be6f3-1f7d-4f59-8e12-36a9d5b7c081";

/// What of `assessment.start` becomes what of the record.
const TRANSLATION: [(&str, &str); 12] = [
    ("/candidate/ashby_id", "/candidate/id"),
    ("/candidate/first_name", "/candidate/firstName"),
    ("/candidate/last_name", "/candidate/lastName"),
    ("/candidate/email", "/candidate/emails/0/email"),
    ("/candidate/ashby_profile_url", "/candidate/links/0"),
    ("/application/ashby_id", "/applicationId"),
    ("/job/ashby_id", "/jobId"),
    ("/job/name", "/job/title"),
    ("/job/hiringTeam/0/role", "/job/hiringTeam/0/role"),
    ("/job/hiringTeam/0/email", "/job/hiringTeam/0/email"),
    ("/job/hiringTeam/1/role", "/job/hiringTeam/1/role"),
    ("/additional_fields", "/parameters"),
];

/// Tells it from beginning to end.
pub async fn tell(stage: &mut Stage<'_>) -> Result<Told, String> {
    stage.printer.heading("The vendor sets up, once");
    let integration = create_integration(stage).await?;
    let customer = link_customer(stage, &integration).await?;
    stage.store_packages(&parameters()).await?;
    stage.register_webhook().await?;
    stage.printer.heading("A recruiter orders");
    let packages = open_dialog(stage).await?;
    let [first, second] = packages.as_slice() else {
        return Err("the dialog does not offer two packages".to_owned());
    };
    let (sent, order) = start(stage, first).await?;
    stage.printer.heading("The vendor reports that it is under way");
    report_progress(stage, &sent.id, &order).await?;
    stage.printer.heading("What happens twice, and what must not");
    start_again(stage, &sent, &order).await?;
    start_otherwise(stage, first).await?;
    stage.printer.heading("The vendor reports, the recruiter reads");
    report_result(stage, &order).await?;
    read_result(stage, &sent.id).await?;
    stage.report_again(&order).await?;
    stage.printer.heading("A recruiter orders, and thinks again");
    let (second_sent, second_order) = start_second(stage, second).await?;
    cancel(stage, &second_sent, &second_order).await?;
    stage.report_too_late(&second_order).await?;
    stage.sum_up("its Assessments API, every message a POST,");
    let own_commands = own_commands(stage, first);
    Ok(Told {
        account: customer.account,
        order,
        id: sent.id,
        package: first.clone(),
        own_commands,
    })
}

/// What the vendor wants to know of the recruiter, whichever package it is.
fn parameters() -> Value {
    json!({"parameters": [
        {
            "id": "seniority",
            "name": "Seniority",
            "type": "select",
            "required": true,
            "values": [{"id": "junior", "name": "Up to two years"}, {"id": "senior", "name": "More"}],
        },
        {"id": "note", "name": "Note for the reviewer", "type": "long_text"},
    ]})
}

/// What the recruiter fills in.
fn filled_in() -> Value {
    json!({"seniority": "senior", "note": "Please look at window functions."})
}

async fn create_integration(stage: &mut Stage<'_>) -> Result<Integration, String> {
    let own = json!({"credentials": {"api_url": stage.ats.url()}});
    let integration = stage.create_integration(&own).await?;
    let all_there = stage
        .descriptor
        .operations
        .iter()
        .all(|operation| integration.endpoint_urls.get(operation.name).is_some());
    stage.printer.check(
        all_there,
        "endpoint_urls has one URL for each of Ashby's operations",
    )?;
    stage
        .printer
        .say("(api_url is set because this Ashby is a simulation; Ashby's own URL is the default.)");
    Ok(integration)
}

async fn link_customer(stage: &mut Stage<'_>, integration: &Integration) -> Result<Customer, String> {
    let what = "a customer is linked, with the API key that it made in Ashby";
    let own = json!({"credentials": {"api_key": API_KEY}});
    let customer = stage.link_customer(integration, what, &own).await?;
    stage.check_urls(integration, &customer)?;
    let path = format!("/accounts/{}", customer.account);
    let account = stage.crosscheck.call(Method::GET, &path, None, 200).await?;
    stage.printer.check(
        list(&account, "/missing")?.is_empty() && text(&account, "/credentials/api_key")? != API_KEY,
        "nothing is missing to call Ashby for this customer, and the key is not shown again",
    )?;
    let own = json!({"credentials": {"api_key": API_KEY}, "custom_fields": true});
    let who = "The customer enters the secretKey in Ashby (whose support has entered the URLs)";
    stage.enter_partner(who, (integration, &customer), &own).await?;
    Ok(customer)
}

/// Returns the packages' ids.
async fn open_dialog(stage: &mut Stage<'_>) -> Result<Vec<String>, String> {
    stage.step(
        "assessment.list",
        "the recruiter opens the dialog, and is asked what the vendor wants to know",
    );
    let (dialog, ids) = stage.open_dialog().await?;
    stage.printer.check(
        ids.iter().all(|id| Uuid::try_parse(id).is_ok()),
        "Ashby wants UUIDs, so each package has one here, in the place of the vendor's id",
    )?;
    stage.printer.check(
        text(&dialog, "/fields/0/id")? == "seniority"
            && text(&dialog, "/fields/0/type")? == "ValueSelect"
            && text(&dialog, "/fields/0/possible_values/1/value")? == "More"
            && text(&dialog, "/fields/1/type")? == "LongText",
        "the packages' parameters are custom fields of the dialog, in Ashby's types",
    )?;
    Ok(ids)
}

/// Returns the order's id as well.
async fn start(stage: &mut Stage<'_>, package: &str) -> Result<(Sent, String), String> {
    stage.step("assessment.start", "the recruiter starts an assessment");
    let own = json!({
        "candidate_id": CANDIDATE,
        "application_id": APPLICATION,
        "job_name": "Analytics Engineer",
        "hiring_team": [
            team_member("Tomas", "Reyes", "Hiring Manager"),
            team_member("Aiko", "Lindqvist", "Recruiter"),
        ],
        "additional_fields": filled_in(),
    });
    let (sent, event) = stage.order_and_hear(package, FIRST_CANDIDATE, &own).await?;
    let record = stage.record(&event)?;
    let mut lines = vec![
        derived(
            "assessment_type_id (a UUID)",
            "/assessmentPackage/id",
            FIRST_PACKAGE.0,
        ),
        derived(
            "the vendor's package list",
            "/assessmentPackage/name",
            FIRST_PACKAGE.1,
        ),
    ];
    lines.extend(copied(&sent.payload, &TRANSLATION));
    translation::show(stage.printer, record, lines)?;
    stage.printer.check(
        record.pointer("/job/hiringTeam") == sent.payload.pointer("/job/hiringTeam"),
        "the whole hiring team is there, and the recruiter's answers are parameters, by their ids",
    )?;
    let order = named_by_both(stage, &sent, &event)?;
    Ok((sent, order))
}

fn team_member(first_name: &str, last_name: &str, role: &str) -> Value {
    let email = format!("{}@fjord-analytics.example", first_name.to_lowercase());
    json!({"firstName": first_name, "lastName": last_name, "email": email, "role": role})
}

/// The order's id, which the vendor and Ashby spell differently.
fn named_by_both(stage: &Stage<'_>, sent: &Sent, event: &Value) -> Result<String, String> {
    let order = text(event, "/recordId")?;
    let uuid = OrderId::parse(order).map(|id| id.uuid().to_string());
    stage.printer.check(
        uuid.is_some() && uuid == sent.order,
        "recordId and the assessment_id that Ashby was given name the same order, here with a prefix and there as UUID",
    )?;
    Ok(order.to_owned())
}

async fn report_progress(stage: &mut Stage<'_>, id: &str, order: &str) -> Result<(), String> {
    stage.step("progress", "the candidate has begun");
    let warned = stage.report(order, &progress("initiated")).await?;
    stage
        .printer
        .tell("Crosscheck calls Ashby with the customer's API key:");
    let view = stage.ats.wait_for_status(id, "Started").await?;
    stage.ats.show_exchanges().await?;
    stage.printer.check(
        view.get("started_at").is_some_and(Value::is_number) && text(&view, "/shown/Status")? == "Started",
        "\"Started\" is the one word that Ashby itself understands: it has noted when it was said",
    )?;
    let exact = warned.is_empty();
    stage.printer.check(
        exact,
        "it is the same as the vendor's \"initiated\", so there is no warning",
    )
}

async fn start_again(stage: &mut Stage<'_>, sent: &Sent, order: &str) -> Result<(), String> {
    stage.step(
        "repeated assessment.start",
        "Ashby has lost the answer, and sends the same again",
    );
    let (again, answer) = stage.send_again(&sent.id).await?;
    let assessment = sent.order.as_deref();
    stage.printer.check(
        text(&again, "/order").ok() == assessment,
        "the answer is the same assessment_id",
    )?;
    stage.printer.check(
        text(&answer, "/results/update_request/assessment_id").ok() == assessment
            && text(&answer, "/results/update_request/assessment_status/value")? == "Started",
        "its update_request says at once how the order stands, so nothing that was reported is lost to Ashby",
    )?;
    stage.check_told_once(order).await
}

async fn start_otherwise(stage: &mut Stage<'_>, package: &str) -> Result<(), String> {
    stage.step(
        "another assessment.start",
        "the same application and package, with other answers",
    );
    let own = json!({
        "candidate_id": CANDIDATE,
        "application_id": APPLICATION,
        "additional_fields": {"seniority": "junior"},
    });
    let choice = choice(package, FIRST_CANDIDATE, &own);
    let attempt = stage.ats.try_to(Method::POST, "/control/orders", Some(&choice));
    let (status, refusal) = attempt.await?;
    let (_, answer) = newest(&stage.ats.show_calls().await?)?;
    stage.printer.check(
        status == 409 && text(&answer, "/errorCode")? == "order_open" && stage.is_quiet(),
        "it is no repetition and no new order either: 409, and the vendor is not bothered",
    )?;
    stage
        .printer
        .tell(&format!("The recruiter reads: {}", text(&refusal, "/error")?));
    let says = text(&answer, "/message")?;
    stage
        .printer
        .say(&format!("and Crosscheck's message, for who asks why: {says}"));
    stage.printer.check(
        !says.is_empty(),
        "the refusal says what to do, not only that it is one",
    )
}

async fn report_result(stage: &mut Stage<'_>, order: &str) -> Result<(), String> {
    stage.step("final result", "the vendor reports it");
    let warned = stage.report(order, &final_result(SCORE)).await?;
    stage.printer.check(
        warned.is_empty(),
        "there are no warnings: Ashby can show all of it",
    )
}

async fn read_result(stage: &mut Stage<'_>, id: &str) -> Result<(), String> {
    stage.step("assessment.update", "the recruiter reads the result");
    let complete = |view: &Value| view.get("complete") == Some(&Value::Bool(true));
    let view = stage.ats.wait_until(id, "the result", complete).await?;
    stage.ats.show_exchanges().await?;
    stage.show_page(&view);
    let shown = |label: &str, expected: Value| {
        let found = view.get("shown").and_then(|shown| shown.get(label));
        found == Some(&expected)
    };
    stage.printer.check(
        shown("Percent", SCORE.into())
            && shown("Passed", true.into())
            && shown("Report", REPORT.into())
            && shown("Summary", SUMMARY.into())
            && shown("Duration in minutes", 71.into()),
        "score, verdict, report, summary and duration are on the recruiter's page, each typed and labelled",
    )?;
    stage.hear_of_completion().await
}

async fn start_second(stage: &mut Stage<'_>, package: &str) -> Result<(Sent, String), String> {
    stage.step(
        "second order",
        "the recruiter starts an assessment of somebody else",
    );
    let own = json!({"additional_fields": {"seniority": "junior"}});
    let (sent, event) = stage.order_and_hear(package, SECOND_CANDIDATE, &own).await?;
    let order = named_by_both(stage, &sent, &event)?;
    Ok((sent, order))
}

async fn cancel(stage: &mut Stage<'_>, sent: &Sent, order: &str) -> Result<(), String> {
    stage.step("assessment.cancel", "the recruiter cancels it");
    let view = stage.cancel(&sent.id).await?;
    let cancelled = view.and_then(|view| view.get("cancelled").cloned());
    stage
        .printer
        .check(cancelled == Some(Value::Bool(true)), "in Ashby it is cancelled")?;
    stage.hear_of_cancellation(order).await
}

fn own_commands(stage: &Stage<'_>, package: &str) -> Vec<String> {
    let url = stage.ats.url();
    let fields = json!({"additional_fields": filled_in()});
    vec![
        next::order(url, package, &fields),
        next::order_and_cancel(url, package),
    ]
}
