//! A result as the vendor reports it, and what it says: a status apart from an outcome.

use super::problem::Violation;
use super::timestamp::Timestamp;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// A report of a result: the body of `PATCH /orders/{id}/result`, after StackOne. Every field may be absent;
/// `GET /connectors/meta/{provider}` says what each ATS needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultUpdate {
    /// One overall score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// When the candidate began, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-02-03T09:00:00Z", extensions(("x-rule" = json!({"format": "date-time"}))))]
    pub start_date: Option<String>,
    /// When the candidate was done, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-02-03T10:12:00Z", extensions(("x-rule" = json!({"format": "date-time"}))))]
    pub submission_date: Option<String>,
    /// Notes for the recruiter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Well above the pass mark")]
    pub summary: Option<String>,
    /// Progress or outcome. Absent means complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultValue>,
    /// The report, for the recruiter: an http(s) URL. It is shown, never called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://vendor.example/reports/17", extensions(("x-rule" = json!({"pattern": WEB_URL}))))]
    pub result_url: Option<String>,
    /// Further documents, by URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub attachments: Option<Vec<Attachment>>,
    /// The candidate at the vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<ResultCandidate>,
    /// Anything else, kept with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub passthrough: Option<Map<String, Value>>,
}

/// A score. Numbers may be sent as numbers or as text; the text is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    /// What is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Percentage")]
    pub label: Option<String>,
    /// The score itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ScoreText>,
    /// The least possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<ScoreText>,
    /// The most possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<ScoreText>,
}

/// A number as it was written, or another text.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(value_type = ScoreTextForm, example = "82")]
pub struct ScoreText(pub String);

/// The two forms on the wire.
#[derive(ToSchema)]
#[schema(as = ScoreText, example = "82")]
#[expect(dead_code, reason = "it only describes the wire to the API document")]
#[serde(untagged)]
enum ScoreTextForm {
    Text(String),
    Number(f64),
}

impl ScoreText {
    /// The number that the text spells, as JSON writes it (`82`, `81.5`).
    pub fn number(&self) -> Option<serde_json::Number> {
        let text = self.0.trim();
        match text.parse::<i64>() {
            Ok(integer) => Some(integer.into()),
            Err(_) => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64),
        }
    }
}

impl<'de> Deserialize<'de> for ScoreText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;
        impl Visitor<'_> for TextOrNumber {
            type Value = ScoreText;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string or a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ScoreText, E> {
                Ok(ScoreText(text.to_owned()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ScoreText, E> {
                Ok(ScoreText(number.to_string()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ScoreText, E> {
                Ok(ScoreText(number.to_string()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<ScoreText, E> {
                Ok(ScoreText(number.to_string()))
            }
        }
        deserializer.deserialize_any(TextOrNumber)
    }
}

/// A value of ours with the vendor's own word for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultValue {
    /// `initiated` and `in_progress` are progress; `completed`, `passed` and `failed` are complete;
    /// `cancelled` and `expired` are final without a report. Absent or null means complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "passed", extensions(("x-rule" = json!({
        "type": null, "oneOf": [{"$ref": "#/components/schemas/ResultWord"}, {"type": "null"}]
    }))))]
    pub value: Option<String>,
    /// The vendor's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, schema_with = any_value)]
    pub source_value: Option<Value>,
}

fn any_value() -> Schema {
    let any = ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some("Any JSON value."));
    any.into()
}

/// A document of the vendor's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// An http(s) URL. It is shown, never called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://vendor.example/reports/17.pdf", extensions(("x-rule" = json!({"pattern": WEB_URL}))))]
    pub url: Option<String>,
    /// What kind of document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ContentType>,
}

/// What kind of document one is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContentType {
    /// StackOne's word: `text`, `pdf`, `video` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pdf")]
    pub value: Option<String>,
    /// The vendor's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, schema_with = any_value)]
    pub source_value: Option<Value>,
}

/// The candidate at the vendor's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultCandidate {
    /// The vendor's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The vendor's page about the candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Placed; the vendor has reported nothing.
    Pending,
    /// The candidate was invited or has begun.
    Started,
    /// The candidate is at it.
    InProgress,
    /// Done, with a report.
    Completed,
    /// Called off.
    Cancelled,
    /// The candidate did not do it in time.
    Expired,
    /// The vendor would not take it.
    Rejected,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Started,
        Self::InProgress,
        Self::Completed,
        Self::Cancelled,
        Self::Expired,
        Self::Rejected,
    ];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Started => "started",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// The status that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// As an event's `status` says it.
    pub fn in_events(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Started => "STARTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Whether nothing may follow.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Cancelled | Self::Expired | Self::Rejected
        )
    }
}

/// How a completed order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The candidate passed.
    Passed,
    /// The candidate did not.
    Failed,
    /// The vendor does not say, or it is not over.
    None,
}

impl Outcome {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::None => "none",
        }
    }

    /// The outcome that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::None]
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// The values of `result.value` that complete an order; an absent value does so too.
pub const COMPLETE_VALUES: [&str; 3] = ["completed", "passed", "failed"];

/// Every value that `result.value` may have.
pub const RESULT_VALUES: [&str; 7] = [
    "initiated",
    "in_progress",
    "completed",
    "passed",
    "failed",
    "cancelled",
    "expired",
];

/// What the API document says of `result.value`.
pub struct ResultWord;

impl PartialSchema for ResultWord {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("How far an order is, or how it ended."))
            .enum_values(Some(RESULT_VALUES));
        schema.into()
    }
}

impl ToSchema for ResultWord {}

/// What the URLs look like that [`is_web_url`] takes; of the many forms of an IPv6 address only the usual ones.
const WEB_URL: &str = concat!(
    r"^[Hh][Tt][Tt][Pp][Ss]?://",
    r"(([A-Za-z0-9_-]+\.)*[A-Za-z][A-Za-z0-9_-]*",
    r"|((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])",
    r"|\[(::|([0-9A-Fa-f]{1,4}:){7}|([0-9A-Fa-f]{1,4}:){1,6}:)[0-9A-Fa-f]{1,4}\])",
    r"(:[1-9][0-9]{0,3})?",
    r"([/?]([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
    r"(#([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$",
);

impl ResultUpdate {
    /// What the report says, or every rule of the unified model that it breaks.
    pub fn interpret(&self) -> Result<(Status, Outcome), Vec<Violation>> {
        let mut violations = Vec::new();
        self.check_dates(&mut violations);
        self.check_urls(&mut violations);
        let value = self.result.as_ref().and_then(|result| result.value.as_deref());
        let reading = match value {
            None | Some("completed") => (Status::Completed, Outcome::None),
            Some("passed") => (Status::Completed, Outcome::Passed),
            Some("failed") => (Status::Completed, Outcome::Failed),
            Some("initiated") => (Status::Started, Outcome::None),
            Some("in_progress") => (Status::InProgress, Outcome::None),
            Some("cancelled") => (Status::Cancelled, Outcome::None),
            Some("expired") => (Status::Expired, Outcome::None),
            Some(_) => {
                let message = format!(
                    "result.value must be one of {}; your own word belongs in result.source_value",
                    RESULT_VALUES.join(", ")
                );
                violations.push(Violation::new("/result/value", "unknown_value", message));
                (Status::Pending, Outcome::None)
            }
        };
        if violations.is_empty() {
            Ok(reading)
        } else {
            Err(violations)
        }
    }

    fn check_dates(&self, violations: &mut Vec<Violation>) {
        for (name, date) in [
            ("start_date", &self.start_date),
            ("submission_date", &self.submission_date),
        ] {
            if date
                .as_deref()
                .is_some_and(|text| Timestamp::parse_rfc3339(text).is_none())
            {
                let message = format!("{name} must be an RFC 3339 date-time such as 2026-02-03T10:12:00Z");
                violations.push(Violation::new(format!("/{name}"), "date_time", message));
            }
        }
    }

    fn check_urls(&self, violations: &mut Vec<Violation>) {
        let attachments = self.attachments.iter().flatten().enumerate();
        let attached = attachments.map(|(index, one)| (format!("/attachments/{index}/url"), &one.url));
        for (pointer, url) in std::iter::once(("/result_url".to_owned(), &self.result_url)).chain(attached) {
            if url.as_deref().is_some_and(|text| !is_web_url(text)) {
                violations.push(Violation::new(
                    pointer,
                    "url",
                    "it must be an absolute http or https URL without a user name, and a URI as it stands: %20 for a space, %5B for [, %25 for %, xn-- and % for letters outside ASCII",
                ));
            }
        }
    }
}

/// Whether `text` is an absolute http(s) URL with a host and no user name, and a URI as it stands (RFC 3986): what a
/// browser would first repair (a space, a backslash, a missing `//`, a letter outside ASCII) an ATS may show as it
/// is, or not at all.
pub fn is_web_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let behind = rest.strip_prefix(host).unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let is_foreign = |c: char| !c.is_ascii_graphic() || "\\{}|^`<>\"".contains(c);
    let is_octet = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    is_web
        && !host.is_empty()
        && !host.contains('@')
        && !text.contains(is_foreign)
        && !behind.contains(['[', ']'])
        && behind.matches('#').count() <= 1
        && text.split('%').skip(1).all(is_octet)
        && url::Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ResultUpdate {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_value_has_one_reading_and_an_unknown_one_has_none() {
        let reading = |value: &str| read(&format!(r#"{{"result":{{"value":"{value}"}}}}"#)).interpret();
        assert_eq!(reading("passed"), Ok((Status::Completed, Outcome::Passed)));
        assert_eq!(reading("failed"), Ok((Status::Completed, Outcome::Failed)));
        assert_eq!(reading("initiated"), Ok((Status::Started, Outcome::None)));
        assert_eq!(reading("cancelled"), Ok((Status::Cancelled, Outcome::None)));
        assert_eq!(read("{}").interpret(), Ok((Status::Completed, Outcome::None)));
        assert_eq!(
            read(r#"{"result":{"value":null}}"#).interpret(),
            Ok((Status::Completed, Outcome::None))
        );
        for unknown in ["Passed", "pending", "unmapped_value", ""] {
            assert_eq!(reading(unknown).unwrap_err()[0].pointer, "/result/value");
        }
        for known in RESULT_VALUES {
            assert!(reading(known).is_ok());
        }
    }

    #[test]
    fn a_score_is_a_number_where_it_spells_one_and_stays_the_text_it_was() {
        let number = |text: &str| {
            ScoreText(text.to_owned())
                .number()
                .map(|number| number.to_string())
        };
        assert_eq!(number("82"), Some("82".to_owned()));
        assert_eq!(number(" 81.5 "), Some("81.5".to_owned()));
        for text in ["12/15", "76%", "NaN", "inf", "1e999", ""] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(
            read(r#"{"score":{"value":81.50}}"#).score.unwrap().value,
            Some(ScoreText("81.5".to_owned()))
        );
    }

    #[test]
    fn dates_and_urls_that_no_ats_could_show_are_named() {
        let update = read(r#"{"start_date":"soon","result_url":"ftp://x/y","attachments":[{"url":"x"}]}"#);
        let pointers: Vec<_> = update
            .interpret()
            .unwrap_err()
            .into_iter()
            .map(|v| v.pointer)
            .collect();
        assert_eq!(pointers, ["/start_date", "/result_url", "/attachments/0/url"]);
    }

    #[test]
    fn a_url_is_one_that_every_reader_takes_as_it_stands() {
        for plain in [
            "https://v.example",
            "HTTP://[::1]:8080/r?a=%5B1%5D&b=c#d",
            "https://v.example/'(1)'",
        ] {
            assert!(is_web_url(plain), "{plain}");
        }
        for odd in [
            "https:/v.example",
            "https:///r",
            "https://user:word@v.example/r",
            "https://v.example/a b",
            "https://v.example/r?ids[]=1",
            "https://v.example/100%",
            "https://v.example/%zz",
            "https://v.example/#a#b",
            "https://v.\u{e9}xample",
        ] {
            assert!(!is_web_url(odd), "{odd}");
        }
    }
}
