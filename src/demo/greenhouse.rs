//! Greenhouse's own story: it is called back, and then reads how the test stands.

use super::ordering::{FIRST_CANDIDATE, Sent};
use super::reporting::{REPORT, SCORE, SUMMARY, final_result, progress};
use super::setting_up::{FIRST_PACKAGE, Integration};
use super::stage::{Stage, Told, text};
use super::translation::{self, copied, derived};
use serde_json::{Value, json};

const PARTNER_USERNAME: &str = "assessments-example";
const PARTNER_PASSWORD: &str = "what-greenhouse-sent-the-vendor";

/// The candidate's id and the application's id in the simulated Greenhouse.
const CANDIDATE: u64 = 51_207_334;
const APPLICATION: u64 = 73_910_226;

/// What of `send_test` becomes what of the record.
const TRANSLATION: [(&str, &str); 8] = [
    ("/partner_test_id", "/assessmentPackage/id"),
    ("/candidate/first_name", "/candidate/firstName"),
    ("/candidate/last_name", "/candidate/lastName"),
    ("/candidate/email", "/candidate/emails/0/email"),
    ("/candidate/phone_number", "/candidate/phones/0/phoneNumber"),
    ("/candidate/resume_url", "/candidate/links/0"),
    ("/candidate/greenhouse_profile_url", "/candidate/links/1"),
    ("/url", "/callbackUrl"),
];

/// Tells it from beginning to end.
pub async fn tell(stage: &mut Stage<'_>) -> Result<Told, String> {
    stage.printer.heading("The vendor sets up, once");
    let integration = create_integration(stage).await?;
    let account = link_customer(stage, &integration).await?;
    stage.store_packages(&json!({})).await?;
    stage.register_webhook().await?;
    stage.printer.heading("A recruiter orders");
    let package = open_dialog(stage).await?;
    let (sent, order) = send_test(stage, &package).await?;
    stage.printer.heading("The vendor reports, the recruiter reads");
    report_progress(stage, &sent.id, &order).await?;
    report_result(stage, &order).await?;
    read_result(stage, &sent.id).await?;
    stage.printer.heading("What happens twice, and what must not");
    send_again(stage, &sent.id, &order).await?;
    stage.report_again(&order).await?;
    stage.sum_up("its Assessment Partner API");
    Ok(Told {
        account,
        order,
        id: sent.id,
        package,
        own_commands: Vec::new(),
    })
}

async fn create_integration(stage: &mut Stage<'_>) -> Result<Integration, String> {
    let own = json!({
        "tenant_id": "northern-lights",
        "partner_username": PARTNER_USERNAME,
        "partner_password": PARTNER_PASSWORD,
    });
    let integration = stage.create_integration(&own).await?;
    let shown = integration.shown.get("partner_password");
    stage.printer.check(
        shown.is_none_or(|shown| shown != PARTNER_PASSWORD),
        "the partner password is not shown again",
    )?;
    stage.printer.check(
        stage.descriptor.operations.iter().all(|operation| {
            text(&integration.endpoint_urls, &format!("/{}", operation.name))
                .is_ok_and(|url| url.ends_with("?tenant-id=northern-lights"))
        }),
        "endpoint_urls are the four URLs that Greenhouse's partner form asks for, tenant included",
    )?;
    Ok(integration)
}

/// Returns the account's id.
async fn link_customer(stage: &mut Stage<'_>, integration: &Integration) -> Result<String, String> {
    let what = "a customer is linked, and gives them to Greenhouse";
    let customer = stage.link_customer(integration, what, &json!({})).await?;
    stage.check_urls(integration, &customer)?;
    let credentials = json!({
        "partner_username": PARTNER_USERNAME,
        "partner_password": PARTNER_PASSWORD,
    });
    let who = "Greenhouse's partner support enters";
    stage
        .enter_partner(who, (integration, &customer), &credentials)
        .await?;
    Ok(customer.account)
}

/// Returns the id of the first package.
async fn open_dialog(stage: &mut Stage<'_>) -> Result<String, String> {
    stage.step("list_tests", "the recruiter opens the \"send test\" dialog");
    let (_, ids) = stage.open_dialog().await?;
    let first = ids.into_iter().next().unwrap_or_default();
    let as_given = first == FIRST_PACKAGE.0;
    stage
        .printer
        .check(as_given, "Greenhouse takes the vendor's ids as they are")?;
    Ok(first)
}

/// Returns the order's id as well.
async fn send_test(stage: &mut Stage<'_>, package: &str) -> Result<(Sent, String), String> {
    stage.step("send_test", "the recruiter sends a test");
    let own = json!({
        "sent_by": "tomas.reyes@fjord-analytics.example",
        "candidate_id": CANDIDATE,
        "application_id": APPLICATION,
    });
    let (sent, event) = stage.order_and_hear(package, FIRST_CANDIDATE, &own).await?;
    let mut lines = copied(&sent.payload, &TRANSLATION);
    let profile = "candidate.greenhouse_profile_url";
    lines.extend([
        derived(&format!("{profile} (person)"), "/candidate/id", CANDIDATE),
        derived(&format!("{profile} (application)"), "/applicationId", APPLICATION),
        derived(
            "the vendor's package list",
            "/assessmentPackage/name",
            FIRST_PACKAGE.1,
        ),
    ]);
    translation::show(stage.printer, stage.record(&event)?, lines)?;
    let order = text(&event, "/recordId")?.to_owned();
    stage.printer.check(
        sent.order.as_ref() == Some(&order),
        "recordId is the partner_interview_id that Greenhouse was given: both name the order",
    )?;
    Ok((sent, order))
}

async fn report_progress(stage: &mut Stage<'_>, test: &str, order: &str) -> Result<(), String> {
    stage.step("progress", "the candidate has begun");
    stage.report(order, &progress("in_progress")).await?;
    stage
        .printer
        .tell("Crosscheck calls Greenhouse back, and Greenhouse asks how the test stands:");
    let view = stage.ats.wait_for_status(test, "in_progress").await?;
    stage.ats.show_exchanges().await?;
    stage.printer.check(
        text(&view, "/state")? == "sent" && text(&view, "/shown/Started At").is_ok(),
        "the recruiter sees that the test is under way, and since when",
    )
}

async fn report_result(stage: &mut Stage<'_>, order: &str) -> Result<(), String> {
    stage.step("final result", "the vendor reports it");
    let warned = stage.report(order, &final_result(SCORE)).await?;
    let names = |pointer: &str| warned.iter().any(|warned| warned == pointer);
    stage.printer.check(
        names("/result/value") && names("/score/label"),
        "what Greenhouse cannot show is kept, and the vendor is told so instead of left to guess",
    )
}

async fn read_result(stage: &mut Stage<'_>, test: &str) -> Result<(), String> {
    stage.step("test_status", "the recruiter reads the result");
    let view = stage.ats.wait_for_status(test, "complete").await?;
    stage.ats.show_exchanges().await?;
    stage.show_page(&view);
    let shown = |pointer: &str, expected: Value| view.pointer(pointer) == Some(&expected);
    stage.printer.check(
        shown("/state", "received".into())
            && shown("/shown/Score", SCORE.into())
            && shown("/shown/View Report", REPORT.into())
            && shown("/shown/Notes", SUMMARY.into()),
        "score, report and notes are on the recruiter's page, under Greenhouse's labels",
    )?;
    stage.hear_of_completion().await
}

async fn send_again(stage: &mut Stage<'_>, test: &str, order: &str) -> Result<(), String> {
    stage.step("repeated send_test", "Greenhouse sends the same order again");
    let (again, _) = stage.send_again(test).await?;
    stage.printer.check(
        text(&again, "/order")? == order,
        "the answer is the same partner_interview_id",
    )?;
    stage.check_told_once(order).await
}
