//! Answers -> Ashby's responses; revisions -> `assessment.update`; its response -> a verdict.

use super::update::Update;
use super::wire::Answered;
use crate::domain::package::{Offer, Parameter};
use crate::domain::timestamp::Timestamp;
use crate::providers::authorization::basic_header;
use crate::providers::provider::{
    Answer, Call, CallResponse, Credentials, PublishedOrder, Refusal, Response, Unpublishable, Verdict,
};
use crate::providers::wire;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub fn answer(outcome: Result<&Answer, &Refusal>, at: Timestamp) -> Response {
    match outcome {
        Ok(Answer::Offers(offers)) => {
            let results: Vec<_> = offers.iter().map(offer).collect();
            Response::json(200, &json!({"success": true, "results": results}))
        }
        Ok(Answer::Parameters(parameters)) => {
            let fields: Vec<_> = parameters.iter().map(field).collect();
            Response::json(200, &json!({"success": true, "fields": fields}))
        }
        Ok(Answer::Placed { order, first, .. }) => {
            let mut results = json!({"assessment_id": order.uuid()});
            let update = first.as_ref().and_then(|standing| Update::of(order, standing));
            if let (Some(results), Some(Ok(update))) =
                (results.as_object_mut(), update.map(serde_json::to_value))
            {
                results.insert("update_request".to_owned(), update);
            }
            Response::json(200, &json!({"success": true, "results": results}))
        }
        Ok(Answer::Cancelled { order, .. }) => {
            let results = json!({"assessment_id": order.uuid()});
            Response::json(200, &json!({"success": true, "results": results}))
        }
        // Ashby has no endpoint for the others.
        Ok(Answer::Status(_) | Answer::ResultLink { .. } | Answer::Noted) => {
            refuse(&Refusal::Unknown("endpoint"), at)
        }
        Err(refusal) => refuse(refusal, at),
    }
}

/// Package ids have to be UUIDs here.
fn offer(Offer { package, uuid }: &Offer) -> Value {
    let mut offer = json!({"assessment_type_id": uuid, "name": package.name});
    if let (Some(offer), Some(description)) = (offer.as_object_mut(), &package.description) {
        offer.insert("description".to_owned(), description.as_str().into());
    }
    offer
}

/// The types of fields that Ashby can show.
const FIELD_TYPES: [&str; 15] = [
    "String",
    "Date",
    "DateRange",
    "Number",
    "ValueSelect",
    "MultiValueSelect",
    "Boolean",
    "LongText",
    "Email",
    "Phone",
    "Score",
    "SocialLink",
    "Url",
    "Currency",
    "Location",
];

fn field(parameter: &Parameter) -> Value {
    let r#type = match parameter.r#type.as_str() {
        "long_text" => "LongText",
        "number" => "Number",
        "boolean" => "Boolean",
        "date" => "Date",
        "email" => "Email",
        "phone" => "Phone",
        "url" => "Url",
        "select" => "ValueSelect",
        "multi_select" => "MultiValueSelect",
        own => FIELD_TYPES
            .into_iter()
            .find(|known| *known == own)
            .unwrap_or("String"),
    };
    let mut field = json!({
        "id": parameter.id,
        "name": parameter.name,
        "type": r#type,
        "isRequired": parameter.required,
    });
    if let (Some(field), false) = (field.as_object_mut(), parameter.values.is_empty()) {
        let values = parameter.values.iter();
        let values: Value = values
            .map(|(id, name)| json!({"key": id, "value": name}))
            .collect();
        field.insert("possible_values".to_owned(), values);
    }
    field
}

/// Every refusal has a `message`.
fn refuse(refusal: &Refusal, at: Timestamp) -> Response {
    Response::refuse(refusal, at).with("success", false)
}

/// One `assessment.update`.
pub fn publish(order: &PublishedOrder<'_>, credentials: &Credentials) -> Result<Vec<Call>, Unpublishable> {
    let Some((_, revision)) = order.state.zip(order.revision) else {
        return Ok(Vec::new());
    };
    let Some(update) = Update::of(order.id, revision) else {
        return Ok(Vec::new());
    };
    let text = |value: &str| Zeroizing::new(value.to_owned());
    let base = credentials.need("api_url")?.trim_end_matches('/');
    Ok(vec![Call {
        method: "POST",
        url: format!("{base}/assessment.update"),
        headers: vec![
            (
                "authorization".into(),
                basic_header(credentials.need("api_key")?, ""),
            ),
            ("accept".into(), text("application/json; version=1")),
            ("user-agent".into(), text(credentials.need("user_agent")?)),
        ],
        body: serde_json::to_vec(&update).ok(),
    }])
}

/// The body decides, for a 200 may carry a failure. What is wrong with the key, the load or the network may be
/// mended; what is wrong with the update will not be.
pub fn judge(response: &CallResponse) -> Verdict {
    let answered: Option<Answered> = wire::answered(response);
    let failed = answered
        .as_ref()
        .is_some_and(|answered| answered.success == Some(false));
    match response.status {
        200..=299 if failed => Verdict::Rejected(told(answered)),
        200..=299 if (answered.is_some() && response.complete) || response.is_silent() => Verdict::Done,
        404 | 410 => Verdict::Rejected(format!("Ashby answered {}: {}", response.status, told(answered))),
        400 | 422 if failed => Verdict::Rejected(told(answered)),
        _ => Verdict::Retry(response.retry_after),
    }
}

/// Ashby's code for a failure. Its message may quote what was sent, so it is not repeated.
fn told(answered: Option<Answered>) -> String {
    let code = answered.and_then(|answered| answered.error_info?.code);
    let plain = |code: &String| {
        code.len() <= 64
            && code
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match code.filter(plain) {
        Some(code) => format!("Ashby refused the update: {code}"),
        None => "Ashby refused the update".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str, complete: bool) -> Verdict {
        judge(&CallResponse {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            complete,
        })
    }

    #[test]
    fn the_body_is_judged_and_not_the_status_alone() {
        let refused = r#"{"success":false,"errorInfo":{"code":"invalid_input","message":"m"}}"#;
        let reason = Verdict::Rejected("Ashby refused the update: invalid_input".to_owned());
        assert_eq!(verdict(200, refused, true), reason);
        assert_eq!(verdict(422, refused, true), reason);
        assert_eq!(
            verdict(200, r#"{"success":true,"results":{}}"#, true),
            Verdict::Done
        );
        assert_eq!(verdict(200, "", true), Verdict::Done);
        for unclear in ["<html>", r#"{"success":tr"#] {
            assert_eq!(verdict(200, unclear, true), Verdict::Retry(None), "{unclear}");
        }
        assert_eq!(verdict(200, r#"{"success":true}"#, false), Verdict::Retry(None));
        for mendable in [401, 403, 429, 500, 503, 302] {
            assert_eq!(verdict(mendable, "error code: 1010", true), Verdict::Retry(None));
        }
        let odd = r#"{"success":false,"errorInfo":{"code":"mira@mail.example"}}"#;
        assert_eq!(
            verdict(200, odd, true),
            Verdict::Rejected("Ashby refused the update".to_owned())
        );
        assert!(matches!(verdict(404, "", true), Verdict::Rejected(_)));
    }
}
