//! Greenhouse's bodies, typed. Unknown keys are skipped here and survive in the origin data.
//! Each body has a JSON Schema beside it that says the same; a property test holds the two together.

use crate::json::Schema;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The schemas of Greenhouse's wire, by name.
pub const SCHEMAS: &[(&str, &str)] = &[
    (
        "send_test.request",
        include_str!("../../../schemas/greenhouse/send_test.request.json"),
    ),
    (
        "send_test.response",
        include_str!("../../../schemas/greenhouse/send_test.response.json"),
    ),
    (
        "list_tests.response",
        include_str!("../../../schemas/greenhouse/list_tests.response.json"),
    ),
    (
        "test_status.response",
        include_str!("../../../schemas/greenhouse/test_status.response.json"),
    ),
    (
        "response_error.request",
        include_str!("../../../schemas/greenhouse/response_error.request.json"),
    ),
    (
        "response_error.response",
        include_str!("../../../schemas/greenhouse/response_error.response.json"),
    ),
];

pub static SEND_TEST: LazyLock<Option<Schema>> = LazyLock::new(|| compile("send_test.request"));
pub static RESPONSE_ERROR: LazyLock<Option<Schema>> = LazyLock::new(|| compile("response_error.request"));

/// A test compiles every schema; should one not compile after all, a refusal is explained less well.
fn compile(name: &str) -> Option<Schema> {
    let (_, text) = SCHEMAS.iter().find(|(key, _)| *key == name)?;
    Schema::compile(&serde_json::from_str(text).ok()?).ok()
}

/// The body of `POST send_test`.
#[derive(Deserialize)]
pub struct SendTest<'a> {
    #[serde(borrow)]
    pub partner_test_id: Id<'a>,
    #[serde(borrow)]
    pub candidate: Candidate<'a>,
    #[serde(borrow, default)]
    pub application: Option<Application<'a>>,
    #[serde(borrow, default)]
    pub candidate_id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub application_id: Option<Id<'a>>,
    /// Who pressed the button. Checked to be text; it stays in the origin data.
    #[serde(borrow, default, rename = "sent_by")]
    pub _sent_by: Option<Text<'a>>,
    /// The callback URL, one for each test that was sent.
    #[serde(borrow)]
    pub url: Text<'a>,
}

#[derive(Deserialize)]
pub struct Candidate<'a> {
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub candidate_id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub application_id: Option<Id<'a>>,
    #[serde(borrow)]
    pub first_name: Text<'a>,
    #[serde(borrow)]
    pub last_name: Text<'a>,
    /// What the candidate wants to be called. The unified record has no place for it (seed 003): checked to
    /// be text, it stays in the origin data.
    #[serde(borrow, default, rename = "preferred_name")]
    pub _preferred_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub resume_url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub email: Text<'a>,
    #[serde(borrow)]
    pub greenhouse_profile_url: Text<'a>,
}

#[derive(Deserialize)]
pub struct Application<'a> {
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
}

/// The body of `POST response_error`.
#[derive(Deserialize)]
pub struct ResponseError<'a> {
    #[serde(borrow)]
    pub api_call: Text<'a>,
    #[serde(borrow)]
    pub errors: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub partner_interview_id: Option<Id<'a>>,
}

/// A text that is borrowed from the body where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// An id: a string, or an integer that becomes one.
pub struct Id<'a>(pub Cow<'a, str>);

/// The largest integer that is taken for an id; the schemas say the same.
const MAX_ID: u64 = i64::MAX.unsigned_abs();

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrInteger;
        impl<'de> Visitor<'de> for StringOrInteger {
            type Value = Id<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string or a non-negative integer")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id<'de>, E> {
                if number > MAX_ID {
                    return Err(E::custom("the id is too large"));
                }
                Ok(Id(Cow::Owned(number.to_string())))
            }
            /// JSON Schema takes `7.0` for the integer 7.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Id<'de>, E> {
                let text = number.abs().to_string();
                let negative = number < 0.0;
                match text.parse::<u64>() {
                    Ok(integer) if integer <= MAX_ID && !negative => Ok(Id(Cow::Owned(text))),
                    _ => Err(E::custom("the id is not a non-negative integer")),
                }
            }
        }
        deserializer.deserialize_any(StringOrInteger)
    }
}
