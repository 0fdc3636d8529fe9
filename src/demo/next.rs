//! After the story: what to try next, while everything goes on running.

use super::Demo;
use super::ordering::choice;
use super::print::Printer;
use super::stage::{Stage, Told};
use super::vendor::Vendor;
use serde_json::{Value, json};

/// Prints commands that work as they stand.
pub fn print(stage: &Stage<'_>, demo: &Demo, told: &Told) {
    let name = stage.ats.name;
    let printer = stage.printer;
    printer.heading("What to try next");
    // In this order each works after the one before: a cancelled order would take no result.
    let own = format!("What only {name} has:");
    section(printer, &own, &told.own_commands);
    let recruiter = format!("As the recruiter, in the simulated {name}:");
    section(printer, &recruiter, &as_recruiter(stage.ats.url(), told));
    let vendor = "As the vendor, with the API key (the second one reports a result of the newest order):";
    section(printer, vendor, &as_vendor(stage, told));
    let fault =
        format!("As fate: {name} answers Crosscheck's next two calls with 503, and is called again later:");
    section(printer, &fault, &[as_fate(stage.ats.url())]);
    let docs = format!("{}/docs", demo.crosscheck_url.trim_end_matches('/'));
    section(printer, "In a browser:", &[docs]);
    printer.tell("Webhooks that the vendor receives from now on appear here. Ctrl-C ends everything.");
}

fn section(printer: &Printer, title: &str, commands: &[String]) {
    if !commands.is_empty() {
        printer.tell(title);
    }
    for command in commands {
        printer.say(&format!("  {command}"));
    }
}

fn as_recruiter(ats: &str, told: &Told) -> Vec<String> {
    let id = &told.id;
    vec![
        format!("curl -s -X POST {ats}/control/dialog"),
        order(ats, &told.package, &Value::Null),
        format!("curl -s {ats}/control/orders/{id}"),
        format!("curl -s -X POST {ats}/control/orders/{id}/resend"),
        format!("curl -s {ats}/control/exchanges"),
    ]
}

fn as_fate(ats: &str) -> String {
    let fault = body(&json!({"status": 503, "times": 2}));
    format!("curl -s -X PUT {ats}/control/faults {fault}")
}

fn as_vendor(stage: &Stage<'_>, told: &Told) -> Vec<String> {
    let Told { account, order, .. } = told;
    let crosscheck = &stage.crosscheck;
    let orders = stage.path("orders");
    let newest = format!(
        "$({} | grep -o '{}[0-9A-Za-z]*' | head -n 1)",
        crosscheck.as_command(&orders, ""),
        stage.category.order_prefix()
    );
    let report = body(&json!({
        "result_url": "https://assessments.example/r/2",
        "score": {"value": 64},
    }));
    vec![
        crosscheck.as_command(&format!("{orders}/{order}"), ""),
        crosscheck.as_command(
            &format!("{orders}/{newest}/result"),
            &format!(" -X PATCH {report}"),
        ),
        crosscheck.as_command(&orders, &format!(" -H 'x-account-id: {account}'")),
        crosscheck.as_command("/events", ""),
        crosscheck.as_command(&format!("/connectors/meta/{}", stage.descriptor.key), ""),
        crosscheck.as_command("/requests/logs", ""),
    ]
}

/// The command with which the recruiter orders. `own` is what only that ATS has.
pub fn order(ats: &str, package: &str, own: &Value) -> String {
    let choice = choice(package, ("Noor", "Ivers"), own);
    format!("curl -s {ats}/control/orders {}", body(&choice))
}

/// The commands with which the recruiter orders, and cancels once Crosscheck has had the time to say how.
pub fn order_and_cancel(ats: &str, package: &str) -> String {
    let order = order(ats, package, &Value::Null);
    let cancel = format!("curl -s -X POST {ats}/control/orders/$id/cancel");
    format!("id=$({order} | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'); sleep 1; {cancel}")
}

/// A body for curl.
pub fn body(json: &Value) -> String {
    format!("-H 'content-type: application/json' -d '{json}'")
}

/// Shows each further webhook, until Ctrl-C.
pub async fn watch(printer: &Printer, vendor: &Vendor) {
    let mut place = vendor.count();
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            _ = &mut interrupted => return,
            received = vendor.nth(place) => {
                printer.received(&received);
                place += 1;
            }
        }
    }
}
