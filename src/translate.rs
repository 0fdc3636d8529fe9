//! A payload in, an event out: what `crosscheck translate` does, without a server.

use crate::ambient::Ambient;
use crate::domain::category::Category;
use crate::domain::event::{Event, EventType};
use crate::domain::id::{EventId, OrderId};
use crate::domain::order::Record;
use crate::providers::provider::{Inquiry, Request};
use crate::providers::registry;

/// Why there is no event.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// A word of the command line is none that we know.
    #[error("{what} {given:?} is none that we know: {known}")]
    Unknown {
        /// Which word.
        what: &'static str,
        /// As given.
        given: String,
        /// What it could be.
        known: String,
    },
    /// The translator refuses the payload.
    #[error("{0}")]
    Refused(String),
    /// The operation asks, and tells nothing.
    #[error("{0} makes no event")]
    NoEvent(String),
    /// A defect of ours.
    #[error("the event cannot be written: {0}")]
    Render(#[from] serde_json::Error),
}

/// The event that a vendor would get for `payload`, as its deliveries carry it.
pub fn translate(
    provider: &str,
    operation: &str,
    category: &str,
    payload: &[u8],
    ambient: &dyn Ambient,
) -> Result<String, TranslateError> {
    let unknown = |what, given: &str, known| TranslateError::Unknown {
        what,
        given: given.to_owned(),
        known,
    };
    let translator =
        registry::find(provider).ok_or_else(|| unknown("provider", provider, registry::keys()))?;
    let operations = translator.descriptor().operations;
    let found = translator.descriptor().operation(operation).ok_or_else(|| {
        let names: Vec<_> = operations.iter().map(|operation| operation.name).collect();
        unknown("operation", operation, names.join(", "))
    })?;
    let category = Category::parse(category).ok_or_else(|| {
        unknown(
            "category",
            category,
            Category::ALL.map(Category::as_str).join(", "),
        )
    })?;
    let request = Request {
        path: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: payload,
    };
    let inquiry = translator
        .read(found, &request)
        .map_err(|refusal| TranslateError::Refused(refusal.problem().in_full()))?;
    let Inquiry::PlaceOrder(order) = inquiry else {
        return Err(TranslateError::NoEvent(operation.to_owned()));
    };
    let order_id = OrderId::new(category, ambient.uuid());
    let event_id = EventId::new(ambient.uuid());
    let record = Record::of(&order_id, *order, None);
    let event = Event {
        event_type: EventType::RecordNew.as_str(),
        id: &event_id,
        record_id: order_id.as_str(),
        category: Some(category),
        at: ambient.now(),
        data_key: category.record_key(),
        data: record,
    };
    Ok(serde_json::to_string(&event)?)
}
