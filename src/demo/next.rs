//! After the story: what to try next, while everything goes on running.

use super::Demo;
use super::print::Printer;
use super::setting_up::PACKAGES;
use super::story::Told;
use super::vendor::Vendor;

/// Prints commands that work as they stand.
pub fn print(printer: &Printer, demo: &Demo, greenhouse: &str, told: &Told) {
    let crosscheck = demo.crosscheck_url.trim_end_matches('/');
    let key = &demo.api_key;
    let Told { account, order, test } = told;
    let [_, (package, ..)] = PACKAGES;
    let vendor = format!("curl -su '{key}:' {crosscheck}");
    let json = "-H 'content-type: application/json' -d";
    let candidate = r#"{"first_name":"Jon","last_name":"Abebe","email":"jon.abebe@mail.example"}"#;
    printer.heading("What to try next");
    let sections: [(&str, &[String]); 3] = [
        (
            "As the recruiter, in the simulated Greenhouse:",
            &[
                format!("curl -s -X POST {greenhouse}/control/dialog"),
                format!(
                    "curl -s {greenhouse}/control/orders {json} '{{\"package\":\"{package}\",\"candidate\":{candidate}}}'"
                ),
                format!("curl -s {greenhouse}/control/orders/{test}"),
                format!("curl -s -X POST {greenhouse}/control/orders/{test}/resend"),
                format!("curl -s {greenhouse}/control/exchanges"),
                format!("curl -s -X PUT {greenhouse}/control/faults {json} '{{\"status\":503,\"times\":2}}'"),
            ],
        ),
        (
            "As the vendor, with the API key (NEW_ORDER is the recordId of the event of a test that you send):",
            &[
                format!("{vendor}/unified/ats/assessments/orders/{order}"),
                format!(
                    "{vendor}/unified/ats/assessments/orders/NEW_ORDER/result -X PATCH {json} '{{\"result_url\":\"https://assessments.example/r/2\",\"score\":{{\"value\":64}}}}'"
                ),
                format!("{vendor}/unified/ats/assessments/orders -H 'x-account-id: {account}'"),
                format!("{vendor}/events"),
                format!("{vendor}/connectors/meta/greenhouse"),
                format!("{vendor}/requests/logs"),
            ],
        ),
        ("In a browser:", &[format!("{crosscheck}/docs")]),
    ];
    for (title, commands) in sections {
        printer.tell(title);
        for command in commands {
            printer.say(&format!("  {command}"));
        }
    }
    printer.tell("Webhooks that the vendor receives from now on appear here. Ctrl-C ends everything.");
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
