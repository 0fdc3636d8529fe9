//! What the vendor reports of an order, whichever ATS it is in, and what it may not report.

use super::stage::{Stage, list, text};
use reqwest::Method;
use serde_json::{Value, json};

/// Where the vendor's report is.
pub const REPORT: &str = "https://assessments.example/reports/mira-halvorsen";
/// What it says to the recruiter.
pub const SUMMARY: &str = "Passed. Clear queries, one index missed.";
/// The score.
pub const SCORE: u64 = 87;

const STARTED: &str = "2026-03-02T08:30:00Z";
const SUBMITTED: &str = "2026-03-02T09:41:00Z";

/// The candidate has begun; `word` is the one of `result.value` that says so.
pub fn progress(word: &str) -> Value {
    json!({"result": {"value": word}, "start_date": STARTED})
}

/// The candidate has passed.
pub fn final_result(score: u64) -> Value {
    json!({
        "score": {"label": "Percent", "value": score, "min": 0, "max": 100},
        "start_date": STARTED,
        "submission_date": SUBMITTED,
        "summary": SUMMARY,
        "result": {"value": "passed"},
        "result_url": REPORT,
    })
}

impl Stage<'_> {
    /// The vendor reports. Returns what the ATS will not show as it was said: the pointers of `warnings[]`.
    pub async fn report(&self, order: &str, report: &Value) -> Result<Vec<String>, String> {
        let path = self.path(&format!("orders/{order}/result"));
        let answer = self
            .crosscheck
            .call(Method::PATCH, &path, Some(report), 200)
            .await?;
        let pointers = list(&answer, "/warnings")?
            .iter()
            .filter_map(|warning| text(warning, "/pointer").ok().map(str::to_owned));
        Ok(pointers.collect())
    }

    /// The vendor hears that the ATS has the final result.
    pub async fn hear_of_completion(&mut self) -> Result<(), String> {
        self.printer
            .tell("The vendor learns that the result has arrived, and was not only sent:");
        let event = self.expect_event("record.modified").await?;
        self.printer.check(
            text(self.record(&event)?, "/status")? == "COMPLETED",
            "record.modified says COMPLETED",
        )
    }

    /// The vendor reports something else after the final result.
    pub async fn report_again(&mut self, order: &str) -> Result<(), String> {
        self.step("second result", "another score after the final one");
        let code = "result_already_final";
        let claim = "the first result stands";
        self.report_in_vain(order, &final_result(SCORE - 40), code, claim)
            .await
    }

    /// The vendor, who has missed the cancellation, reports what nobody wants to know any more.
    pub async fn report_too_late(&mut self, order: &str) -> Result<(), String> {
        self.step(
            "late report",
            "the vendor reports a result of the cancelled order",
        );
        let claim = "what the recruiter has cancelled stays cancelled";
        let report = json!({
            "result": {"value": "passed"},
            "result_url": "https://assessments.example/reports/too-late",
            "score": {"value": 64},
        });
        self.report_in_vain(order, &report, "order_cancelled", claim)
            .await
    }

    async fn report_in_vain(
        &self,
        order: &str,
        report: &Value,
        code: &str,
        claim: &str,
    ) -> Result<(), String> {
        let path = self.path(&format!("orders/{order}/result"));
        let answer = self
            .crosscheck
            .call(Method::PATCH, &path, Some(report), 409)
            .await?;
        self.printer.check(
            text(&answer, "/errorCode")? == code,
            &format!("it is refused with the errorCode {code}: {claim}"),
        )
    }

    /// What the recruiter now sees, shown whole.
    pub fn show_page(&self, view: &Value) {
        self.printer
            .show("What stands on the recruiter's page", &view.to_string());
    }
}
