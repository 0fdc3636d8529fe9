//! What we tell the vendor: the closed list of event types and the one envelope (after seed 003).

use super::category::Category;
use super::id::EventId;
use super::timestamp::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

macro_rules! event_types {
    ($($event_type:ident = $name:tt, $meaning:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub enum EventType {
            $(#[doc = $meaning] #[serde(rename = $name)] $event_type,)*
        }

        impl EventType {
            /// Every type to which an endpoint can subscribe.
            pub const ALL: &[Self] = &[$(Self::$event_type,)*];

            /// The wire name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$event_type => $name,)* }
            }

            /// What has happened then.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$event_type => $meaning,)* }
            }
        }
    };
}

event_types! {
    RecordNew = "record.new", "An order was placed.";
    RecordModified = "record.modified", "An order changed: its final result was read by the ATS, or it was cancelled there.";
    RecordDeleted = "record.deleted", "An order was deleted in the ATS.";
    ProviderErrorReported = "provider.error_reported", "The ATS says that one of our answers was wrong.";
    DeliveryExhausted = "delivery.exhausted", "A delivery had its last try, or was taken out after too many claims without an outcome.";
    PushRejected = "push.rejected", "The ATS refused a push for good, or it had its last try.";
    WebhookDisabled = "webhook.disabled", "An endpoint answered 410 and gets nothing more until it is enabled again.";
    AccountCreated = "account.created", "A customer was linked.";
    AccountUpdated = "account.updated", "A linked customer changed.";
    AccountDeleted = "account.deleted", "A linked customer was removed.";
}

impl EventType {
    /// The type that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|event_type| event_type.as_str() == text)
    }

    /// Whether it is about an order. (All others are about the machinery.)
    pub fn is_record(self) -> bool {
        matches!(self, Self::RecordNew | Self::RecordModified | Self::RecordDeleted)
    }
}

/// An event before it is rendered. `data` stands under `data_key` in `eventData`.
pub struct Event<'a, Data> {
    /// The wire name of its type.
    pub event_type: &'a str,
    /// Our id; also the `webhook-id` of every delivery of it.
    pub id: &'a EventId,
    /// What it is about: an order's id, or that of another thing of ours.
    pub record_id: &'a str,
    /// The category, where it is about one.
    pub category: Option<Category>,
    /// When it happened.
    pub at: Timestamp,
    /// The key of `data` in `eventData`.
    pub data_key: &'a str,
    /// The record.
    pub data: Data,
}

impl<Data: Serialize> Event<'_, Data> {
    /// The bytes that are stored, signed and sent.
    pub fn render(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::with_capacity(2048);
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }
}

impl<Data: Serialize> Serialize for Event<'_, Data> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("eventType", self.event_type)?;
        map.serialize_entry("eventId", self.id)?;
        map.serialize_entry("recordId", self.record_id)?;
        map.serialize_entry(
            "eventData",
            &Keyed {
                key: self.data_key,
                value: &self.data,
            },
        )?;
        map.serialize_entry("syncType", "real_time")?;
        map.serialize_entry("syncDataType", &self.category.map(Category::sync_data_type))?;
        map.serialize_entry("syncJobId", "real_time")?;
        map.serialize_entry("syncRunId", &format_args!("real_time_{}", self.at.0))?;
        map.serialize_entry("triggeredAt", &self.at.0)?;
        map.end()
    }
}

struct Keyed<'a, Value> {
    key: &'a str,
    value: &'a Value,
}

impl<Value: Serialize> Serialize for Keyed<'_, Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.key, self.value)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_wire_name_which_serde_writes_too() {
        for event_type in EventType::ALL {
            assert_eq!(EventType::parse(event_type.as_str()), Some(*event_type));
            assert_eq!(serde_json::to_value(event_type).unwrap(), event_type.as_str());
        }
    }
}
