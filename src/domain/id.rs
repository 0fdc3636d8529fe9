//! Ids: a UUIDv7 inside; outside a prefix that names the kind and 22 base62 characters.
//!
//! The alphabet is in ASCII order and the length is fixed, so ids sort by the time they were made.
//! A text that is not an id of the asked kind does not parse, so a malformed id never reaches a query.

use super::category::Category;
use super::timestamp::Timestamp;
use serde::Serialize;
use uuid::Uuid;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 22;

/// The largest UUID in base 62. Texts of that length are in the order of their numbers.
const LARGEST: &str = "7n42DGM5Tflk9n8mt7Fhc7";

/// How many digits one `u64` holds: dividing it is cheap, dividing the whole number is not.
const PART: usize = 10;

/// `prefix` and the number in base 62.
fn spell(prefix: &str, uuid: Uuid) -> String {
    const BASE: u64 = 62;
    const PARTS: u128 = 62_u128.pow(10);
    let mut digits = [b'0'; LENGTH];
    let mut rest = uuid.as_u128();
    for part in digits.rchunks_mut(PART) {
        let mut value = u64::try_from(rest % PARTS).unwrap_or_default();
        rest /= PARTS;
        for digit in part.iter_mut().rev() {
            let index = usize::try_from(value % BASE).unwrap_or_default();
            *digit = ALPHABET.get(index).copied().unwrap_or(b'0');
            value /= BASE;
        }
    }
    let mut text = String::with_capacity(prefix.len() + LENGTH);
    text.push_str(prefix);
    text.extend(digits.map(char::from));
    text
}

/// The number that 22 base62 digits spell; none where it is larger than a UUID.
fn number(digits: &str) -> Option<Uuid> {
    let mut number: u128 = 0;
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        number = number.checked_mul(62)?.checked_add(u128::try_from(value).ok()?)?;
    }
    Some(Uuid::from_u128(number))
}

fn is_id(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        digits.len() == LENGTH && digits.bytes().all(|b| b.is_ascii_alphanumeric()) && digits <= LARGEST
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The outside form of a freshly drawn UUID.
            pub fn new(uuid: Uuid) -> Self {
                Self(spell($prefix, uuid))
            }

            /// The id that `text` spells, or `None` where it spells none of this kind.
            pub fn parse(text: &str) -> Option<Self> {
                is_id($prefix, text).then(|| Self(text.to_owned()))
            }

            /// The outside form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*

    /// Whether `text` is an id of ours, of whatever kind.
    pub fn is_id_of_ours(text: &str) -> bool {
        $(is_id($prefix, text))||* || OrderId::parse(text).is_some()
    }
    };
}

ids! {
    /// One vendor environment.
    ProjectId = "prj_";
    /// A project's API key (its name in lists, not the key itself).
    ApiKeyId = "key_";
    /// A project's configuration of a provider.
    IntegrationId = "int_";
    /// One customer linked through an integration.
    AccountId = "acc_";
    /// A package for which the vendor gave no id.
    PackageId = "pkg_";
    /// One report of a result.
    RevisionId = "rev_";
    /// What we tell the vendor; also its `webhook-id`.
    EventId = "evt_";
    /// A webhook endpoint.
    WebhookId = "whk_";
    /// One event on its way to one endpoint.
    DeliveryId = "dlv_";
    /// The calls that we owe an ATS for one revision.
    PushId = "psh_";
    /// One entry of the request log.
    RequestLogId = "req_";
    /// The note that a write was done under an idempotency key.
    IdempotencyKeyId = "idm_";
    /// One visit of a customer's to the connect page.
    ConnectSessionId = "cse_";
}

impl ProjectId {
    /// The UUID inside.
    pub fn uuid(&self) -> Uuid {
        number(self.0.strip_prefix("prj_").unwrap_or_default()).unwrap_or_default()
    }
}

impl EventId {
    /// No event that is made at `at` or later has a lower id; none has this one.
    pub fn lowest(at: Timestamp) -> Self {
        let millis = u64::try_from(at.0).unwrap_or_default();
        Self::new(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }
}

/// One candidate sent one package. Its prefix names the category.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct OrderId(String);

impl OrderId {
    /// The outside form of a freshly drawn UUID.
    pub fn new(category: Category, uuid: Uuid) -> Self {
        Self(spell(category.order_prefix(), uuid))
    }

    /// The order of that category which `text` names: by its outside form, or by its UUID, for ATSs that
    /// insist on one.
    pub fn parse_either(category: Category, text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Uuid::try_parse(text).ok().map(|uuid| Self::new(category, uuid)))
    }

    /// The UUID inside.
    pub fn uuid(&self) -> Uuid {
        let (_, digits) = self
            .0
            .split_at_checked(self.0.len().saturating_sub(LENGTH))
            .unwrap_or_default();
        number(digits).unwrap_or_default()
    }

    /// The id that `text` spells, or `None` where it is no order's.
    pub fn parse(text: &str) -> Option<Self> {
        Category::ALL
            .iter()
            .any(|category| is_id(category.order_prefix(), text))
            .then(|| Self(text.to_owned()))
    }

    /// The outside form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_a_fixed_length_and_sort_as_their_uuids_do() {
        let (low, high) = (Uuid::from_u128(61), Uuid::from_u128(u128::MAX));
        assert_eq!(AccountId::new(low).as_str(), "acc_000000000000000000000z");
        assert_eq!(AccountId::new(high).as_str(), format!("acc_{LARGEST}"));
        assert!(AccountId::new(low) < AccountId::new(high));
    }

    #[test]
    fn an_order_is_named_by_either_form_and_a_project_gives_its_uuid_back() {
        let uuid = Uuid::from_u128(0x0190_aaaa_bbbb_7ccc_8ddd_eeee_ffff_0123);
        let order = OrderId::new(Category::ReferenceChecks, uuid);
        assert_eq!(order.uuid(), uuid);
        assert_eq!(
            OrderId::parse_either(Category::ReferenceChecks, &uuid.to_string()),
            Some(order.clone())
        );
        assert_eq!(
            OrderId::parse_either(Category::ReferenceChecks, order.as_str()),
            Some(order)
        );
        assert_eq!(OrderId::parse_either(Category::Assessments, "7"), None);
        assert_eq!(ProjectId::new(Uuid::max()).uuid(), Uuid::max());
        assert_eq!(number("zzzzzzzzzzzzzzzzzzzzzz"), None);
    }

    #[test]
    fn only_an_id_of_the_asked_kind_parses() {
        let order = OrderId::new(Category::BackgroundChecks, Uuid::from_u128(7));
        assert_eq!(OrderId::parse(order.as_str()), Some(order.clone()));
        assert_eq!(AccountId::parse(order.as_str()), None);
        for text in [
            "",
            "acc_",
            "acc_000000000000000000000\0",
            "acc_0000000000000000000000z",
            "acc_7n42DGM5Tflk9n8mt7Fhc8",
            "ats_ass_é",
        ] {
            assert_eq!(AccountId::parse(text), None);
            assert_eq!(OrderId::parse(text), None);
        }
    }
}
