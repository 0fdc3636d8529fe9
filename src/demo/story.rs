//! The story: one order, from the recruiter's click to the result on the recruiter's page. Each step shows
//! what is said, and checks what it claims.

use super::DemoError;
use super::crosscheck::Api;
use super::greenhouse::SimulatedGreenhouse;
use super::print::Printer;
use super::setting_up::PACKAGES;
use super::vendor::Vendor;
use crate::sandbox::journal::Exchanged;
use reqwest::Method;
use serde_json::{Value, json};

/// The candidate's id and the application's id in the simulated Greenhouse.
const CANDIDATE: u64 = 51_207_334;
const APPLICATION: u64 = 73_910_226;

const REPORT: &str = "https://assessments.example/reports/mira-halvorsen";
const STARTED: &str = "2026-03-02T08:30:00Z";
const SUBMITTED: &str = "2026-03-02T09:41:00Z";
const SUMMARY: &str = "Passed. Clear queries, one index missed.";
const SCORE: u64 = 87;

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

/// Everybody in the story.
pub struct Story<'a> {
    /// Crosscheck, as the vendor calls it.
    pub crosscheck: Api<'a>,
    /// The customer's Greenhouse.
    pub greenhouse: SimulatedGreenhouse<'a>,
    /// Where the vendor receives webhooks.
    pub vendor: Vendor,
    /// Where it is told.
    pub printer: &'a Printer,
}

/// What there is once the story is told.
pub struct Told {
    /// The customer's account.
    pub account: String,
    /// The order.
    pub order: String,
    /// The same in Greenhouse: the take-home test.
    pub test: String,
}

/// A test that was sent.
struct Sent {
    test: String,
    order: String,
}

fn at(number: u8, name: &'static str) -> impl FnOnce(String) -> DemoError {
    move |reason| DemoError::Step { number, name, reason }
}

impl Story<'_> {
    /// Tells it from beginning to end.
    pub async fn tell(&mut self) -> Result<Told, DemoError> {
        self.printer.heading("The vendor sets up, once");
        let integration = self.create_integration().await.map_err(at(1, "integration"))?;
        let account = self.link_customer(&integration).await.map_err(at(2, "secrets"))?;
        self.store_packages().await.map_err(at(3, "packages"))?;
        self.register_webhook().await.map_err(at(4, "webhook"))?;
        self.printer.heading("A recruiter orders");
        self.open_dialog().await.map_err(at(5, "list_tests"))?;
        let Sent { test, order } = self.send_test().await.map_err(at(6, "send_test"))?;
        self.printer.heading("The vendor reports, the recruiter reads");
        self.report_progress(&test, &order)
            .await
            .map_err(at(7, "progress"))?;
        self.report_result(&order).await.map_err(at(8, "final result"))?;
        self.read_result(&test).await.map_err(at(9, "test_status"))?;
        self.printer.heading("What happens twice, and what must not");
        self.send_again(&test, &order)
            .await
            .map_err(at(10, "repeated send_test"))?;
        self.report_again(&order).await.map_err(at(11, "second result"))?;
        self.sum_up();
        Ok(Told { account, order, test })
    }

    async fn open_dialog(&mut self) -> Result<(), String> {
        self.printer
            .step(5, "list_tests: the recruiter opens the \"send test\" dialog");
        let dialog = self.greenhouse.act(Method::POST, "/control/dialog", None).await?;
        self.greenhouse.show_exchanges().await?;
        let listed: Vec<Value> = PACKAGES
            .iter()
            .map(|(id, name, _)| json!({"id": id, "name": name}))
            .collect();
        self.printer.check(
            dialog.get("packages") == Some(&Value::from(listed)),
            "the dialog offers the vendor's packages, in their order",
        )
    }

    async fn send_test(&mut self) -> Result<Sent, String> {
        self.printer.step(6, "send_test: the recruiter sends a test");
        let [(package, name, _), ..] = PACKAGES;
        let choice = json!({
            "package": package,
            "candidate": {
                "first_name": "Mira",
                "last_name": "Halvorsen",
                "email": "mira.halvorsen@mail.example",
                "phone": "+47 22 55 01 99",
                "resume_url": "https://files.example/resumes/mira-halvorsen.pdf",
            },
            "sent_by": "tomas.reyes@fjord-analytics.example",
            "candidate_id": CANDIDATE,
            "application_id": APPLICATION,
        });
        let sent = self
            .greenhouse
            .act(Method::POST, "/control/orders", Some(&choice))
            .await?;
        let test = text(&sent, "/id")?.to_owned();
        let order = text(&sent, "/order")?.to_owned();
        let exchanges = self.greenhouse.show_exchanges().await?;
        let payload = body_of(&exchanges, "POST")?;

        self.printer
            .tell("The vendor gets the same order as record.new, in Crosscheck's words:");
        let event = self.expect_event(0, "record.new").await?;
        let record = event
            .pointer("/eventData/candidateAssessment")
            .ok_or("the event has no eventData.candidateAssessment")?;
        self.printer.tell("The translation, checked line by line:");
        self.show_translation(&payload, record, name)?;
        self.printer.check(
            event.get("recordId").and_then(Value::as_str) == Some(&order),
            "recordId is the partner_interview_id that Greenhouse was given: both name the order",
        )?;
        self.printer.check(
            record.get("originData") == Some(&payload),
            "originData is Greenhouse's payload, unchanged",
        )?;
        Ok(Sent { test, order })
    }

    fn show_translation(&self, payload: &Value, record: &Value, name: &str) -> Result<(), String> {
        let (candidate, application) = (CANDIDATE.to_string(), APPLICATION.to_string());
        let copied = TRANSLATION
            .iter()
            .map(|(from, to)| (dotted(from), *to, payload.pointer(from).and_then(Value::as_str)));
        let derived = [
            (
                "candidate.greenhouse_profile_url (person)",
                "/candidate/id",
                candidate.as_str(),
            ),
            (
                "candidate.greenhouse_profile_url (application)",
                "/applicationId",
                &application,
            ),
            ("the vendor's package list", "/assessmentPackage/name", name),
        ];
        let derived = derived
            .into_iter()
            .map(|(from, to, value)| (from.to_owned(), to, Some(value)));
        let mut lines = Vec::new();
        for (from, to, expected) in copied.chain(derived) {
            let found = record.pointer(to).and_then(Value::as_str);
            if expected.is_none() || found != expected {
                return Err(format!(
                    "{} is {found:?} and not {expected:?}, the {from}",
                    dotted(to)
                ));
            }
            lines.push((from, dotted(to), found.unwrap_or_default().to_owned()));
        }
        self.printer.translation(&lines);
        Ok(())
    }

    async fn report_progress(&mut self, test: &str, order: &str) -> Result<(), String> {
        self.printer.step(7, "progress: the candidate has begun");
        let progress = json!({"result": {"value": "in_progress"}, "start_date": STARTED});
        self.crosscheck
            .call(Method::PATCH, &result_of(order), Some(&progress), 200)
            .await?;
        self.printer
            .tell("Crosscheck calls Greenhouse back, and Greenhouse asks how the test stands:");
        let view = self.greenhouse.wait_for_status(test, "in_progress").await?;
        self.greenhouse.show_exchanges().await?;
        self.printer.check(
            text(&view, "/state")? == "sent" && text(&view, "/shown/Started At").is_ok(),
            "the recruiter sees that the test is under way, and since when",
        )
    }

    async fn report_result(&mut self, order: &str) -> Result<(), String> {
        self.printer.step(8, "final result: the vendor reports it");
        let answer = self
            .crosscheck
            .call(Method::PATCH, &result_of(order), Some(&final_result(SCORE)), 200)
            .await?;
        let warnings = answer.get("warnings").and_then(Value::as_array);
        let warnings = warnings.ok_or("the answer has no warnings[]")?;
        let pointers: Vec<&str> = warnings
            .iter()
            .filter_map(|warning| text(warning, "/pointer").ok())
            .collect();
        self.printer.check(
            pointers.contains(&"/result/value") && pointers.contains(&"/score/label"),
            "what Greenhouse cannot show is kept, and the vendor is told so instead of left to guess",
        )
    }

    async fn read_result(&mut self, test: &str) -> Result<(), String> {
        self.printer
            .step(9, "test_status: the recruiter reads the result");
        let view = self.greenhouse.wait_for_status(test, "complete").await?;
        self.greenhouse.show_exchanges().await?;
        self.printer
            .show("What stands on the recruiter's page", &view.to_string());
        let shown = |pointer: &str, expected: Value| view.pointer(pointer) == Some(&expected);
        self.printer.check(
            shown("/state", "received".into())
                && shown("/shown/Score", SCORE.into())
                && shown("/shown/View Report", REPORT.into())
                && shown("/shown/Notes", SUMMARY.into()),
            "score, report and notes are on the recruiter's page, under Greenhouse's labels",
        )?;
        self.printer
            .tell("The vendor learns that the result was read, not only sent:");
        let event = self.expect_event(1, "record.modified").await?;
        self.printer.check(
            event
                .pointer("/eventData/candidateAssessment/status")
                .and_then(Value::as_str)
                == Some("COMPLETED"),
            "record.modified says COMPLETED",
        )
    }

    async fn send_again(&mut self, test: &str, order: &str) -> Result<(), String> {
        self.printer
            .step(10, "repeated send_test: Greenhouse sends the same order again");
        let path = format!("/control/orders/{test}/resend");
        let again = self.greenhouse.act(Method::POST, &path, None).await?;
        self.greenhouse.show_exchanges().await?;
        self.printer.check(
            text(&again, "/order")? == order,
            "the answer is the same partner_interview_id",
        )?;
        let path = format!("/events?event_type=record.new&record_id={order}");
        let kept = self.crosscheck.call_in_brief(Method::GET, &path, 200).await?;
        let events = kept.get("data").and_then(Value::as_array).map(Vec::len);
        // The answer came after the order was durable, and an event is durable with its order or never: a second
        // one would be in this list by now.
        self.printer.check(
            events == Some(1) && self.vendor.count() == 2,
            "there is still one record.new for this order: the candidate is not invited twice",
        )
    }

    async fn report_again(&mut self, order: &str) -> Result<(), String> {
        self.printer
            .step(11, "second result: another score after the final one");
        let answer = self
            .crosscheck
            .call(
                Method::PATCH,
                &result_of(order),
                Some(&final_result(SCORE - 40)),
                409,
            )
            .await?;
        self.printer.check(
            text(&answer, "/errorCode")? == "result_already_final",
            "it is refused with the errorCode result_already_final: the first result stands",
        )
    }

    fn sum_up(&self) {
        self.printer.heading("In short");
        for line in [
            "The vendor spoke one API and read events of one form; only originData in them is Greenhouse's.",
            "Greenhouse spoke its Assessment Partner API and saw nothing else.",
            "Every event was signed and verified; the order was placed once; the result is final once.",
        ] {
            self.printer.say(line);
        }
    }

    /// The event that the vendor receives in that place: shown, believed, and of that type.
    async fn expect_event(&self, place: usize, event_type: &str) -> Result<Value, String> {
        let received = self.vendor.expect(place).await?;
        self.printer.received(&received);
        if let Some(doubt) = received.doubt {
            return Err(format!("the vendor did not believe the event: {doubt}"));
        }
        let event: Value = serde_json::from_str(&received.body).map_err(|error| error.to_string())?;
        let found = text(&event, "/eventType")?;
        if found != event_type {
            return Err(format!("the vendor received {found} instead of {event_type}"));
        }
        self.printer.check(
            text(&event, "/eventId")? == received.headers.id,
            "the vendor verified the signature over the bytes as they came; webhook-id is the eventId",
        )?;
        Ok(event)
    }
}

/// Where the result of an order is reported.
fn result_of(order: &str) -> String {
    format!("/unified/ats/assessments/orders/{order}/result")
}

fn final_result(score: u64) -> Value {
    json!({
        "score": {"label": "Percent", "value": score, "min": 0, "max": 100},
        "start_date": STARTED,
        "submission_date": SUBMITTED,
        "summary": SUMMARY,
        "result": {"value": "passed"},
        "result_url": REPORT,
    })
}

/// The text in that place of an answer.
pub fn text<'a>(answer: &'a Value, pointer: &str) -> Result<&'a str, String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| format!("the answer has no text {}", dotted(pointer)))
}

/// The body of the request with that method.
fn body_of(exchanges: &[Exchanged], method: &str) -> Result<Value, String> {
    let request = exchanges.iter().find(|exchanged| exchanged.method == method);
    let request = request.ok_or_else(|| format!("Greenhouse made no {method}"))?;
    serde_json::from_str(request.request.get()).map_err(|error| error.to_string())
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}
