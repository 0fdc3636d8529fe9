//! The partner's answers, read as strictly as Greenhouse's documents say. What is wrong is told in words.

use crate::sandbox::view::OfferedPackage;
use serde_json::{Map, Number, Value};

/// The partner's word for "done"; every other status is free text.
pub const COMPLETE: &str = "complete";

/// How a test stands, in the partner's words.
#[derive(Clone, Debug, PartialEq)]
pub struct TestStatus {
    /// `complete`, or free text.
    pub partner_status: String,
    /// The report.
    pub partner_profile_url: Option<String>,
    /// The score.
    pub partner_score: Option<Number>,
    /// Labels with what stands beside them.
    pub metadata: Option<Map<String, Value>>,
}

/// The answer to `list_tests`: a bare array, both keys of each entry strings.
pub fn list_tests(body: &[u8]) -> Result<Vec<OfferedPackage>, Vec<String>> {
    let Value::Array(entries) = parse(body)? else {
        return Err(vec!["the response must be a JSON array".to_owned()]);
    };
    let mut errors = Vec::new();
    let mut offered = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let text = |key: &str| match entry.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("entry {index}: {key} must be a string")),
            None => Err(format!("entry {index}: {key} is missing")),
        };
        match (text("partner_test_id"), text("partner_test_name")) {
            (Ok(id), Ok(name)) => offered.push(OfferedPackage { id: id.into(), name }),
            (id, name) => errors.extend(id.err().into_iter().chain(name.err())),
        }
    }
    if errors.is_empty() {
        Ok(offered)
    } else {
        Err(errors)
    }
}

/// The answer to `send_test`: the partner's id of this one test.
pub fn send_test(body: &[u8]) -> Result<String, Vec<String>> {
    match parse(body)?.get("partner_interview_id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        Some(_) => Err(vec!["partner_interview_id must be a string".to_owned()]),
        None => Err(vec!["partner_interview_id is missing".to_owned()]),
    }
}

/// The answer to `test_status`: "up to four keys". Absent may be null.
pub fn test_status(body: &[u8]) -> Result<TestStatus, Vec<String>> {
    let Value::Object(answer) = parse(body)? else {
        return Err(vec!["the response must be a JSON object".to_owned()]);
    };
    let mut errors: Vec<String> = answer
        .keys()
        .filter(|key| {
            ![
                "partner_status",
                "partner_profile_url",
                "partner_score",
                "metadata",
            ]
            .contains(&key.as_str())
        })
        .map(|key| format!("{key} is not a key of this response"))
        .collect();
    let mut demand = |met: bool, error: &str| {
        if !met {
            errors.push(error.to_owned());
        }
    };
    let given = |key: &str| answer.get(key).filter(|value| !value.is_null());
    let text = |key: &str| given(key).and_then(Value::as_str).map(str::to_owned);

    let partner_status = text("partner_status");
    demand(
        partner_status.is_some(),
        "partner_status is required and must be a string",
    );
    let partner_profile_url = text("partner_profile_url");
    demand(
        partner_profile_url.is_some() || given("partner_profile_url").is_none(),
        "partner_profile_url must be a string",
    );
    demand(
        partner_status.as_deref() != Some(COMPLETE)
            || partner_profile_url.as_ref().is_some_and(|url| !url.is_empty()),
        "partner_profile_url is required when partner_status is complete",
    );
    let partner_score = given("partner_score").and_then(Value::as_number).cloned();
    demand(
        partner_score.is_some() || given("partner_score").is_none(),
        "partner_score must be a number",
    );
    let metadata = given("metadata").and_then(Value::as_object).cloned();
    demand(
        metadata.is_some() || given("metadata").is_none(),
        "metadata must be an object",
    );
    for (label, value) in metadata.iter().flatten() {
        let primitive = !value.is_object() && !value.is_array();
        demand(primitive, &format!("metadata: {label} must be a primitive value"));
    }
    match partner_status {
        Some(partner_status) if errors.is_empty() => Ok(TestStatus {
            partner_status,
            partner_profile_url,
            partner_score,
            metadata,
        }),
        _ => Err(errors),
    }
}

fn parse(body: &[u8]) -> Result<Value, Vec<String>> {
    serde_json::from_slice(body).map_err(|_| vec!["the response is not JSON".to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_a_bare_array_of_entries_with_two_strings() {
        let listed = list_tests(br#"[{"partner_test_id":"t1","partner_test_name":"Logic","more":1}]"#);
        assert_eq!(
            listed,
            Ok(vec![OfferedPackage {
                id: "t1".into(),
                name: "Logic".to_owned(),
            }])
        );
        assert_eq!(list_tests(b"[]"), Ok(Vec::new()));
        for wrapped in [r#"{"data":[]}"#, "null", "\"\"", "<html>", ""] {
            assert_eq!(list_tests(wrapped.as_bytes()).unwrap_err().len(), 1, "{wrapped}");
        }
        let errors = list_tests(br#"[{"partner_test_id":7},{"partner_test_name":"B"},4]"#).unwrap_err();
        assert_eq!(
            errors,
            [
                "entry 0: partner_test_id must be a string",
                "entry 0: partner_test_name is missing",
                "entry 1: partner_test_id is missing",
                "entry 2: partner_test_id is missing",
                "entry 2: partner_test_name is missing",
            ]
        );
    }

    #[test]
    fn a_send_is_answered_with_an_id_that_is_a_string() {
        assert_eq!(
            send_test(br#"{"partner_interview_id":"i1"}"#),
            Ok("i1".to_owned())
        );
        for body in [
            r#"{"partner_interview_id":1}"#,
            r#"{"partner_interview_id":""}"#,
            "{}",
            "[]",
            "i1",
        ] {
            assert!(send_test(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_status_may_leave_out_all_but_the_status() {
        for body in [
            r#"{"partner_status":"in_progress"}"#,
            r#"{"partner_status":"sent","partner_profile_url":null,"partner_score":null,"metadata":null}"#,
            r#"{"partner_status":"Complete."}"#,
        ] {
            let status = test_status(body.as_bytes()).unwrap();
            assert_eq!(status.partner_profile_url, None, "{body}");
            assert_eq!(status.partner_score, None, "{body}");
        }
        let status = test_status(
            br#"{"partner_status":"complete","partner_profile_url":"https://v.example/r","partner_score":81.5,
                 "metadata":{"Notes":"good","Retake":false,"Rank":3,"Seat":null}}"#,
        )
        .unwrap();
        assert_eq!(status.partner_score, Number::from_f64(81.5));
        assert_eq!(status.metadata.unwrap().len(), 4);
    }

    #[test]
    fn every_rule_that_a_status_breaks_is_named() {
        for (body, errors) in [
            ("{}", &["partner_status is required and must be a string"][..]),
            (
                r#"{"partner_status":1}"#,
                &["partner_status is required and must be a string"],
            ),
            (
                r#"{"partner_status":"complete"}"#,
                &["partner_profile_url is required when partner_status is complete"],
            ),
            (
                r#"{"partner_status":"complete","partner_profile_url":""}"#,
                &["partner_profile_url is required when partner_status is complete"],
            ),
            (
                r#"{"partner_status":"x","partner_profile_url":5,"partner_score":"81","metadata":[]}"#,
                &[
                    "partner_profile_url must be a string",
                    "partner_score must be a number",
                    "metadata must be an object",
                ],
            ),
            (
                r#"{"partner_status":"x","metadata":{"a":{"b":1},"c":[1],"d":1}}"#,
                &[
                    "metadata: a must be a primitive value",
                    "metadata: c must be a primitive value",
                ],
            ),
            (
                r#"{"partner_status":"x","status":1}"#,
                &["status is not a key of this response"],
            ),
            ("[]", &["the response must be a JSON object"]),
            ("<html>", &["the response is not JSON"]),
        ] {
            assert_eq!(test_status(body.as_bytes()).unwrap_err(), errors, "{body}");
        }
    }
}
