//! What a recruiter does with an order, whichever ATS it is in: sends it, once or again, and cancels it.

use super::setting_up::with;
use super::stage::{Stage, newest, text};
use reqwest::Method;
use serde_json::{Value, json};

/// Somebody to be assessed: given name and family name.
pub type Person = (&'static str, &'static str);

/// For whom a story orders first...
pub const FIRST_CANDIDATE: Person = ("Mira", "Halvorsen");
/// ... and then.
pub const SECOND_CANDIDATE: Person = ("Jonas", "Abebe");
/// And for whom else.
pub const THIRD_CANDIDATE: Person = ("Lucia", "Moreno");

/// An order that an ATS has sent.
pub struct Sent {
    /// The ATS's id of it.
    pub id: String,
    /// What the ATS calls Crosscheck's id of it, where it was given one.
    pub order: Option<String>,
    /// What it sent...
    pub payload: Value,
    /// ... and what it was answered.
    pub answer: Value,
}

impl Stage<'_> {
    /// The recruiter orders `package`. `own` is what only this ATS has.
    pub async fn order(&mut self, package: &str, person: Person, own: &Value) -> Result<Sent, String> {
        let choice = choice(package, person, own);
        let sent = self
            .ats
            .act(Method::POST, "/control/orders", Some(&choice))
            .await?;
        let (payload, answer) = newest(&self.ats.show_calls().await?)?;
        Ok(Sent {
            id: text(&sent, "/id")?.to_owned(),
            order: text(&sent, "/order").ok().map(str::to_owned),
            payload,
            answer,
        })
    }

    /// The same as `order`, and the event that the vendor gets for it.
    pub async fn order_and_hear(
        &mut self,
        package: &str,
        person: Person,
        own: &Value,
    ) -> Result<(Sent, Value), String> {
        let sent = self.order(package, person, own).await?;
        self.printer
            .tell("The vendor gets the same order as record.new, in Crosscheck's words:");
        let event = self.await_event("record.new").await?;
        self.printer.check(
            self.record(&event)?.get("originData") == Some(&sent.payload),
            &format!("originData is {}'s payload, unchanged", self.ats.name),
        )?;
        Ok((sent, event))
    }

    /// The ATS sends an order again. Returns what the recruiter's side made of it, and what Crosscheck answered.
    pub async fn send_again(&mut self, id: &str) -> Result<(Value, Value), String> {
        let path = format!("/control/orders/{id}/resend");
        let again = self.ats.act(Method::POST, &path, None).await?;
        let (_, answer) = newest(&self.ats.show_calls().await?)?;
        Ok((again, answer))
    }

    /// Whether the vendor was told of an order once, although the ATS sent it twice.
    pub async fn check_told_once(&mut self, order: &str) -> Result<(), String> {
        let path = format!("/events?event_type=record.new&record_id={order}");
        let kept = self.crosscheck.call_in_brief(Method::GET, &path, 200).await?;
        let events = kept.get("data").and_then(Value::as_array).map(Vec::len);
        // The answer came after the order was durable, and an event is durable with its order or never: a second
        // one would be in this list by now.
        self.printer.check(
            events == Some(1) && self.is_quiet(),
            "there is still one record.new for this order: the candidate is not invited twice",
        )
    }

    /// The user cancels; returns the page that they then see, or none where the ATS has no such thing.
    pub async fn cancel(&mut self, id: &str) -> Result<Option<Value>, String> {
        let path = format!("/control/orders/{id}/cancel");
        let (status, answer) = self.ats.try_to(Method::POST, &path, None).await?;
        self.ats.show_calls().await?;
        match status {
            200..300 => Ok(Some(answer)),
            501 => Ok(None),
            _ => Err(format!("cancelling was answered {status}: {answer}")),
        }
    }

    /// The vendor hears that an order was called off, and can report nothing of it any more.
    pub async fn hear_of_cancellation(&mut self, order: &str) -> Result<(), String> {
        self.printer
            .tell("The vendor is told, so that nobody goes on working for nothing:");
        let event = self.await_event("record.modified").await?;
        self.printer.check(
            text(&event, "/recordId")? == order && text(self.record(&event)?, "/status")? == "CANCELLED",
            "record.modified says CANCELLED, of that order",
        )
    }
}

/// What a recruiter types in.
pub fn choice(package: &str, (first_name, last_name): Person, own: &Value) -> Value {
    let (first, last) = (first_name.to_lowercase(), last_name.to_lowercase());
    let choice = json!({
        "package": package,
        "candidate": {
            "first_name": first_name,
            "last_name": last_name,
            "email": format!("{first}.{last}@mail.example"),
            "phone": "+47 22 55 01 99",
            "resume_url": format!("https://files.example/resumes/{first}-{last}.pdf"),
        },
    });
    with(choice, own)
}
