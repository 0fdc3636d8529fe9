//! Recruitee's own story: the vendor makes its partner through the API, each report gets a link to cancel, and a
//! secret is renewed without anything being lost.

use super::next;
use super::ordering::{FIRST_CANDIDATE, Person, SECOND_CANDIDATE, Sent, THIRD_CANDIDATE};
use super::reporting::{REPORT, SUMMARY, final_result};
use super::setting_up::{Customer, FIRST_PACKAGE, Integration, with};
use super::stage::{Stage, Told, list, newest, text};
use super::translation::{self, copied, derived};
use reqwest::Method;
use serde_json::{Value, json};

const CODENAME: &str = "sample_vendor";

/// The personal API token and the company of the simulated Recruitee.
const PERSONAL_TOKEN: &str = "rc-personal-token";
const COMPANY: &str = "64210";

const CERTIFICATE: &str = "https://assessments.example/certificates/mira-halvorsen.pdf";

/// What of `send_candidate` becomes what of the record.
const TRANSLATION: [(&str, &str); 5] = [
    ("/test_id", "/assessmentPackage/id"),
    ("/candidate_id", "/candidate/id"),
    ("/first_name", "/candidate/firstName"),
    ("/last_name", "/candidate/lastName"),
    ("/email", "/candidate/emails/0/email"),
];

/// Tells it from beginning to end.
pub async fn tell(stage: &mut Stage<'_>) -> Result<Told, String> {
    stage.printer.heading("The vendor sets up, once");
    let integration = create_integration(stage).await?;
    create_partner(stage, &integration).await?;
    let customer = link_customer(stage, &integration).await?;
    stage.store_packages(&json!({})).await?;
    stage.register_webhook().await?;
    stage.printer.heading("A user orders");
    let package = open_dialog(stage).await?;
    let (sent, order) = send_candidate(stage, &package).await?;
    put_cancel_link(stage, &customer, &sent.id).await?;
    stage.printer.heading("The vendor reports, the user reads");
    report_result(stage, &order).await?;
    read_result(stage, &sent.id).await?;
    stage.printer.heading("What happens twice, and what must not");
    send_again(stage, &sent, &order).await?;
    stage.report_again(&order).await?;
    stage.printer.heading("A user orders, and thinks again");
    let cancelled = order_and_cancel(stage, &package).await?;
    stage.report_too_late(&cancelled).await?;
    stage.printer.heading("The secret is renewed");
    renew_secret(stage, &integration).await?;
    report_under_new_secret(stage, &package).await?;
    stage.sum_up("its Partners API");
    let own_commands = own_commands(stage, &integration, &package);
    Ok(Told {
        account: customer.account,
        order,
        id: sent.id,
        package,
        own_commands,
    })
}

async fn create_integration(stage: &mut Stage<'_>) -> Result<Integration, String> {
    let api_url = format!("{}/api", stage.ats.url());
    let own = json!({"credentials": {"codename": CODENAME, "api_url": api_url}});
    let integration = stage.create_integration(&own).await?;
    stage
        .printer
        .say("(api_url is set because this Recruitee is a simulation; Recruitee's own URL is the default.)");
    Ok(integration)
}

async fn create_partner(stage: &mut Stage<'_>, integration: &Integration) -> Result<(), String> {
    stage.step(
        "create_partner",
        "the vendor has Crosscheck make its partner in Recruitee",
    );
    let inputs = json!({"inputs": {
        "api_token": PERSONAL_TOKEN,
        "company_id": COMPANY,
        "name": "Sample Assessments",
        "description": "Tests for analysts",
    }});
    let answer = set_up(stage, integration, "create_partner", &inputs).await?;
    stage
        .printer
        .tell("Before it answered, Crosscheck has called Recruitee, with that token:");
    let (partner, _) = newest(&stage.ats.show_exchanges().await?)?;
    let given = |operation: &str| {
        let url = partner.pointer(&format!("/urls/{operation}"));
        url.is_some() && url == integration.endpoint_urls.get(operation)
    };
    stage.printer.check(
        given("tests") && given("send_candidate") && text(&partner, "/kind")? == "assessment",
        "Recruitee was given the integration's URLs and the kind of its category: nobody has typed them",
    )?;
    check_secret_is_kept(stage, &answer)
}

async fn set_up(
    stage: &Stage<'_>,
    integration: &Integration,
    step: &str,
    inputs: &Value,
) -> Result<Value, String> {
    let path = format!("/integrations/{}/set_up/{step}", integration.id);
    stage
        .crosscheck
        .call(Method::POST, &path, Some(inputs), 200)
        .await
}

fn check_secret_is_kept(stage: &Stage<'_>, answer: &Value) -> Result<(), String> {
    let is_shown = answer.pointer("/answer/secret").is_some();
    stage.printer.check(
        list(answer, "/set")?.contains(&json!("partner_secret")) && !is_shown,
        "the partner's secret is stored in the integration; the answer does not show it",
    )
}

async fn link_customer(stage: &mut Stage<'_>, integration: &Integration) -> Result<Customer, String> {
    let what = "a customer is linked, and pastes the token into Recruitee";
    let customer = stage.link_customer(integration, what, &json!({})).await?;
    stage.check_urls(integration, &customer)?;
    let who = "The customer enables the partner in Recruitee, and pastes the secretKey as its token";
    stage
        .enter_partner(who, (integration, &customer), &json!({}))
        .await?;
    Ok(customer)
}

/// Returns the id of the first package.
async fn open_dialog(stage: &mut Stage<'_>) -> Result<String, String> {
    stage.step("tests", "the user opens the list of tests");
    let (_, ids) = stage.open_dialog().await?;
    let first = ids.into_iter().next().unwrap_or_default();
    let as_given = first == FIRST_PACKAGE.0;
    stage
        .printer
        .check(as_given, "Recruitee takes the vendor's ids as they are")?;
    Ok(first)
}

/// Returns the order's id as well.
async fn send_candidate(stage: &mut Stage<'_>, package: &str) -> Result<(Sent, String), String> {
    stage.step("send_candidate", "the user sends a candidate");
    let (sent, event) = stage.order_and_hear(package, FIRST_CANDIDATE, &json!({})).await?;
    let mut lines = copied(&sent.payload, &TRANSLATION);
    lines.push(derived(
        "the vendor's package list",
        "/assessmentPackage/name",
        FIRST_PACKAGE.1,
    ));
    translation::show(stage.printer, stage.record(&event)?, lines)?;
    let order = text(&event, "/recordId")?.to_owned();
    stage.printer.check(
        text(&sent.answer, "/id")? == order,
        "recordId is the id that Recruitee was answered: both name the order",
    )?;
    Ok((sent, order))
}

async fn put_cancel_link(stage: &mut Stage<'_>, customer: &Customer, report: &str) -> Result<(), String> {
    stage.step(
        "cancel link",
        "Crosscheck puts it on the report; nobody has asked the vendor",
    );
    stage.ats.wait_for_update(report, 1).await?;
    let (update, _) = newest(&stage.ats.show_exchanges().await?)?;
    let link = format!("{}/reports/{report}/cancel", customer.base_url);
    stage.printer.check(
        text(&update, "/urls/cancel")? == link,
        "from now on the user can cancel in Recruitee, which will call that URL",
    )
}

async fn report_result(stage: &mut Stage<'_>, order: &str) -> Result<(), String> {
    stage.step(
        "final result",
        "the vendor reports it, with a score in words of its own",
    );
    let report = with(
        final_result(0),
        &json!({
            "score": {"value": "12/15"},
            "attachments": [{"url": CERTIFICATE}],
        }),
    );
    let warned = stage.report(order, &report).await?;
    stage.printer.check(
        warned == ["/result/value"],
        "Recruitee has no word for \"passed\" other than completed, and the vendor is told so",
    )
}

async fn read_result(stage: &mut Stage<'_>, report: &str) -> Result<(), String> {
    stage.step("report", "the user reads the result");
    let view = stage.ats.wait_for_status(report, "completed").await?;
    stage.ats.show_exchanges().await?;
    stage.show_page(&view);
    let shown = |label: &str| {
        let found = view.get("shown").and_then(|shown| shown.get(label));
        found.and_then(Value::as_str).unwrap_or_default()
    };
    stage.printer.check(
        shown("Score") == "12/15"
            && shown("Subtitle") == SUMMARY
            && shown("Report") == REPORT
            && shown("Attachment 1") == CERTIFICATE
            && !shown("Started at").is_empty(),
        "score, subtitle, report and properties are on the user's page, as the vendor has worded them",
    )?;
    stage.hear_of_completion().await
}

async fn send_again(stage: &mut Stage<'_>, sent: &Sent, order: &str) -> Result<(), String> {
    stage.step(
        "repeated send_candidate",
        "Recruitee sends the same candidate again",
    );
    let (_, answer) = stage.send_again(&sent.id).await?;
    stage.printer.check(
        text(&answer, "/id")? == order,
        "the answer is the same id: a report_id is one order for ever",
    )?;
    stage.check_told_once(order).await
}

/// Returns the id of the order that was cancelled.
async fn order_and_cancel(stage: &mut Stage<'_>, package: &str) -> Result<String, String> {
    stage.step("second candidate", "the user sends somebody else");
    let (sent, order) = order_another(stage, package, SECOND_CANDIDATE).await?;
    stage.step("cancel", "the user cancels, by the link on the report");
    let view = stage.cancel(&sent.id).await?;
    stage.printer.check(
        view.is_some_and(|view| view.get("cancelled") == Some(&Value::Bool(true))),
        "in Recruitee it is cancelled",
    )?;
    stage.hear_of_cancellation(&order).await?;
    stage
        .printer
        .tell("Recruitee is told as well, so that the report stands as canceled whoever looks:");
    let view = stage.ats.wait_for_update(&sent.id, 2).await?;
    stage.ats.show_exchanges().await?;
    stage.printer.check(
        text(&view, "/status")? == "canceled",
        "the report stands as canceled",
    )?;
    Ok(order)
}

/// Another order, with its link to cancel.
async fn order_another(
    stage: &mut Stage<'_>,
    package: &str,
    person: Person,
) -> Result<(Sent, String), String> {
    let (sent, event) = stage.order_and_hear(package, person, &json!({})).await?;
    stage.ats.wait_for_update(&sent.id, 1).await?;
    stage.ats.show_exchanges().await?;
    Ok((sent, text(&event, "/recordId")?.to_owned()))
}

async fn renew_secret(stage: &mut Stage<'_>, integration: &Integration) -> Result<(), String> {
    stage.step(
        "regenerate_secret",
        "the vendor has Crosscheck renew its partner's secret",
    );
    let answer = set_up(stage, integration, "regenerate_secret", &json!({})).await?;
    stage
        .printer
        .tell("Before it answered, Crosscheck has called Recruitee, with the secret so far:");
    stage.ats.show_exchanges().await?;
    check_secret_is_kept(stage, &answer)
}

async fn report_under_new_secret(stage: &mut Stage<'_>, package: &str) -> Result<(), String> {
    stage.step("further result", "what is reported from now on still arrives");
    let (sent, order) = order_another(stage, package, THIRD_CANDIDATE).await?;
    stage
        .report(
            &order,
            &json!({"score": {"value": "76%"}, "result": {"value": "failed"}}),
        )
        .await?;
    let view = stage.ats.wait_for_status(&sent.id, "failed").await?;
    stage.ats.show_exchanges().await?;
    stage.printer.check(
        text(&view, "/shown/Score")? == "76%",
        "the result is on the user's page: the new secret was in use at once, and no customer had to do anything",
    )
}

fn own_commands(stage: &Stage<'_>, integration: &Integration, package: &str) -> Vec<String> {
    let renew = format!("/integrations/{}/set_up/regenerate_secret", integration.id);
    vec![
        next::order_and_cancel(stage.ats.url(), package),
        stage
            .crosscheck
            .as_command(&renew, &format!(" -X POST {}", next::body(&json!({})))),
    ]
}
