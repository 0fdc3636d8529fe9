//! The stage on which every story is played: who is on it, which step it is, and what the vendor hears. Each step
//! shows what is said, and checks what it claims.

use super::DemoError;
use super::crosscheck::Api;
use super::customer::CustomersAts;
use super::print::Printer;
use super::vendor::Vendor;
use crate::domain::category::Category;
use crate::providers::descriptor::Descriptor;
use crate::sandbox::journal::Exchanged;
use serde_json::Value;

/// Everybody in a story.
pub struct Stage<'a> {
    /// Crosscheck, as the vendor calls it.
    pub crosscheck: Api<'a>,
    /// The customer's ATS.
    pub ats: CustomersAts<'a>,
    /// Where the vendor receives webhooks.
    pub vendor: Vendor,
    /// Where it is told.
    pub printer: &'a Printer,
    /// What is known of the ATS.
    pub descriptor: &'static Descriptor,
    /// What is ordered.
    pub category: Category,
    heard: usize,
    step: u8,
    step_name: &'static str,
}

/// What there is once a story is told.
pub struct Told {
    /// The customer's account.
    pub account: String,
    /// The order, by Crosscheck's id.
    pub order: String,
    /// The same, by the ATS's.
    pub id: String,
    /// The id by which the ATS orders a package.
    pub package: String,
    /// Commands that only this ATS has a use for.
    pub own_commands: Vec<String>,
}

impl<'a> Stage<'a> {
    /// A stage on which nothing has happened.
    pub fn new(
        crosscheck: Api<'a>,
        ats: CustomersAts<'a>,
        vendor: Vendor,
        printer: &'a Printer,
        descriptor: &'static Descriptor,
    ) -> Self {
        let of_tests = descriptor
            .categories
            .iter()
            .find(|one| **one == Category::Assessments);
        let category = of_tests.or(descriptor.categories.first()).copied();
        Self {
            crosscheck,
            ats,
            vendor,
            printer,
            descriptor,
            category: category.unwrap_or(Category::Assessments),
            heard: 0,
            step: 0,
            step_name: "curtain",
        }
    }

    /// The next step: its name, and what happens in it.
    pub fn step(&mut self, name: &'static str, what: &str) {
        self.step += 1;
        self.step_name = name;
        self.printer.step(self.step, &format!("{name}: {what}"));
    }

    /// Why the story ends in the step that it has come to.
    pub fn failed(&self, reason: String) -> DemoError {
        DemoError::Step {
            number: self.step,
            name: self.step_name,
            reason,
        }
    }

    /// Everybody who has to be sent home.
    pub fn leave(self) -> (CustomersAts<'a>, Vendor) {
        (self.ats, self.vendor)
    }

    /// A path of the vendor's API below the category.
    pub fn path(&self, tail: &str) -> String {
        format!("/unified/ats/{}/{tail}", self.category.as_str())
    }

    /// Whether the vendor has received nothing beyond what was shown.
    pub fn is_quiet(&self) -> bool {
        self.vendor.count() == self.heard
    }

    /// The next event that the vendor receives: shown, believed, and of that type.
    pub async fn expect_event(&mut self, event_type: &str) -> Result<Value, String> {
        let event = self.hear().await?;
        let found = text(&event, "/eventType")?;
        if found != event_type {
            return Err(format!("the vendor received {found} instead of {event_type}"));
        }
        Ok(event)
    }

    /// The next event of that type, whatever comes before it.
    pub async fn await_event(&mut self, event_type: &str) -> Result<Value, String> {
        loop {
            let event = self.hear().await?;
            if text(&event, "/eventType")? == event_type {
                return Ok(event);
            }
            self.printer.say("(That is news of what was before.)");
        }
    }

    async fn hear(&mut self) -> Result<Value, String> {
        let received = self.vendor.expect(self.heard).await?;
        self.heard += 1;
        self.printer.received(&received);
        if let Some(doubt) = received.doubt {
            return Err(format!("the vendor did not believe the event: {doubt}"));
        }
        let event: Value = serde_json::from_str(&received.body).map_err(|error| error.to_string())?;
        self.printer.check(
            text(&event, "/eventId")? == received.headers.id,
            "the vendor verified the signature over the bytes as they came; webhook-id is the eventId",
        )?;
        Ok(event)
    }

    /// The record in an event.
    pub fn record<'e>(&self, event: &'e Value) -> Result<&'e Value, String> {
        let key = self.category.record_key();
        let record = event.pointer(&format!("/eventData/{key}"));
        record.ok_or_else(|| format!("the event has no eventData.{key}"))
    }

    /// Says in a few lines what was to be seen. `own` is what the ATS has spoken.
    pub fn sum_up(&self, own: &str) {
        let name = self.ats.name;
        self.printer.heading("In short");
        for line in [
            &format!(
                "The vendor spoke one API and read events of one form; only originData in them is {name}'s."
            ),
            &format!("{name} spoke {own} and saw nothing else."),
            "Every event was signed and verified; the order was placed once; the result is final once.",
        ] {
            self.printer.say(line);
        }
    }
}

/// The text in that place of an answer.
pub fn text<'a>(answer: &'a Value, pointer: &str) -> Result<&'a str, String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| format!("the answer has no text {}", dotted(pointer)))
}

/// The list in that place of an answer.
pub fn list<'a>(answer: &'a Value, pointer: &str) -> Result<&'a Vec<Value>, String> {
    let found = answer.pointer(pointer).and_then(Value::as_array);
    found.ok_or_else(|| format!("the answer has no list {}", dotted(pointer)))
}

/// The newest of these messages: what was sent, and what came back.
pub fn newest(exchanges: &[Exchanged]) -> Result<(Value, Value), String> {
    let newest = exchanges.last().ok_or("nothing was said")?;
    let read = |json: &str| serde_json::from_str(json).map_err(|error| error.to_string());
    Ok((read(newest.request.get())?, read(newest.response.get())?))
}

/// A JSON pointer as people write it.
pub fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}
