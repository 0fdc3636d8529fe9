//! The story of an ATS that has none of its own: what its descriptor and the control face of its simulation have in
//! common with every other.

use super::given;
use super::ordering::{FIRST_CANDIDATE, Person, SECOND_CANDIDATE, Sent};
use super::reporting::{SCORE, final_result};
use super::setting_up::{Customer, Integration, with};
use super::stage::{Stage, Told, text};
use crate::providers::descriptor::Holder;
use serde_json::{Value, json};

/// Tells it from beginning to end.
pub async fn tell(stage: &mut Stage<'_>) -> Result<Told, String> {
    stage.printer.heading("The vendor sets up, once");
    let (integration, credentials) = create_integration(stage).await?;
    let customer = link_customer(stage, &integration, credentials).await?;
    stage.store_packages(&json!({})).await?;
    stage.register_webhook().await?;
    stage.printer.heading("A recruiter orders");
    let package = open_dialog(stage).await?;
    let (sent, order) = place(stage, "order", &package, FIRST_CANDIDATE).await?;
    send_again(stage, &sent, &order).await?;
    stage.printer.heading("The vendor reports, the recruiter reads");
    report_result(stage, &sent, &order).await?;
    stage.report_again(&order).await?;
    stage.printer.heading("A recruiter orders, and thinks again");
    order_and_cancel(stage, &package).await?;
    stage.sum_up("its own API");
    Ok(Told {
        account: customer.account,
        order,
        id: sent.id,
        package,
        own_commands: Vec::new(),
    })
}

/// Returns the vendor's credentials as well.
async fn create_integration(stage: &mut Stage<'_>) -> Result<(Integration, Value), String> {
    let credentials = given::credentials(stage.descriptor, Holder::Vendor, stage.ats.url());
    let own = json!({"credentials": credentials});
    Ok((stage.create_integration(&own).await?, credentials))
}

async fn link_customer(
    stage: &mut Stage<'_>,
    integration: &Integration,
    of_vendor: Value,
) -> Result<Customer, String> {
    let name = stage.ats.name;
    let what = format!("a customer is linked, and gives them to {name}");
    let of_customer = given::credentials(stage.descriptor, Holder::Customer, stage.ats.url());
    let own = json!({"credentials": of_customer});
    let customer = stage.link_customer(integration, &what, &own).await?;
    stage.check_urls(integration, &customer)?;
    let all = with(of_vendor, &of_customer);
    let who = format!("What is entered in {name}");
    let own = json!({"credentials": all});
    stage.enter_partner(&who, (integration, &customer), &own).await?;
    Ok(customer)
}

/// Returns the id of the first package.
async fn open_dialog(stage: &mut Stage<'_>) -> Result<String, String> {
    stage.step("dialog", "the recruiter looks what there is");
    let (_, ids) = stage.open_dialog().await?;
    let first = ids.into_iter().next();
    first.ok_or_else(|| "the dialog offers nothing".to_owned())
}

/// Returns the order's id as well.
async fn place(
    stage: &mut Stage<'_>,
    name: &'static str,
    package: &str,
    person: Person,
) -> Result<(Sent, String), String> {
    stage.step(name, "the recruiter sends a candidate");
    let (sent, event) = stage.order_and_hear(package, person, &json!({})).await?;
    if stage.descriptor.told_of_placement {
        let name = stage.ats.name;
        stage
            .printer
            .tell(&format!("Crosscheck tells {name} that the order stands:"));
        stage.ats.wait_for_update(&sent.id, 1).await?;
        stage.ats.show_exchanges().await?;
    }
    Ok((sent, text(&event, "/recordId")?.to_owned()))
}

async fn send_again(stage: &mut Stage<'_>, sent: &Sent, order: &str) -> Result<(), String> {
    stage.step("repeated order", "the same order is sent again");
    stage.send_again(&sent.id).await?;
    stage.check_told_once(order).await
}

async fn report_result(stage: &mut Stage<'_>, sent: &Sent, order: &str) -> Result<(), String> {
    stage.step(
        "final result",
        "the vendor reports it, and the recruiter reads it",
    );
    let name = stage.ats.name;
    stage.report(order, &final_result(SCORE)).await?;
    stage
        .printer
        .say(&format!("(A warning names what {name} cannot show; it is kept.)"));
    let complete = |view: &Value| view.get("complete") == Some(&Value::Bool(true));
    let view = stage.ats.wait_until(&sent.id, "the result", complete).await?;
    stage.ats.show_exchanges().await?;
    stage.show_page(&view);
    let errors = view.get("errors").and_then(Value::as_array);
    stage.printer.check(
        errors.is_some_and(Vec::is_empty),
        &format!("{name} has the result, and found nothing wrong with it"),
    )?;
    stage.hear_of_completion().await
}

async fn order_and_cancel(stage: &mut Stage<'_>, package: &str) -> Result<(), String> {
    let (sent, order) = place(stage, "second order", package, SECOND_CANDIDATE).await?;
    let name = stage.ats.name;
    stage.step("cancellation", "the recruiter cancels it");
    let Some(view) = stage.cancel(&sent.id).await? else {
        stage
            .printer
            .say(&format!("{name} does not tell its partners of that."));
        return Ok(());
    };
    stage.printer.check(
        view.get("cancelled") == Some(&Value::Bool(true)),
        &format!("in {name} it is cancelled"),
    )?;
    stage.hear_of_cancellation(&order).await?;
    stage.report_too_late(&order).await
}
