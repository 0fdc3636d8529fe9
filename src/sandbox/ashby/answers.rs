//! The partner's answers, read as strictly as Ashby's documents say. What is wrong is told in words.

use super::update::{self, Update, is_uuid};
use crate::sandbox::caller::Answered;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::view::OfferedPackage;
use serde_json::{Map, Value};

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

/// What `assessment.start` and `assessment.cancel` answer.
#[derive(Debug)]
pub struct Started {
    /// The partner's id of the assessment.
    pub assessment_id: String,
    /// What the partner has to say of it at once.
    pub update: Option<Update>,
}

/// The answer to `assessment.list`.
pub fn list(answer: &Answered) -> Result<Vec<OfferedPackage>, Refusal> {
    let operation = "assessment.list";
    let answer = succeeded(operation, answer)?;
    let Some(Value::Array(results)) = answer.get("results") else {
        return Err(malformed(operation, &["results must be an array".to_owned()]));
    };
    let mut errors = Vec::new();
    let mut packages: Vec<OfferedPackage> = Vec::new();
    for (index, result) in results.iter().enumerate() {
        let mut demand = |met: bool, error: &str| {
            if !met {
                errors.push(format!("results/{index}: {error}"));
            }
        };
        let id = text(result, "assessment_type_id");
        demand(id.is_some_and(is_uuid), "assessment_type_id must be a UUID");
        let name = text(result, "name");
        demand(
            name.is_some_and(|name| !name.is_empty()),
            "name must be a string that says something",
        );
        demand(
            result.get("description").is_none_or(Value::is_string),
            "description must be a string",
        );
        let id = Value::from(id.unwrap_or_default());
        demand(
            packages.iter().all(|package| package.id != id),
            "assessment_type_id stands there twice",
        );
        let name = name.unwrap_or_default().to_owned();
        packages.push(OfferedPackage { id, name });
    }
    if errors.is_empty() {
        Ok(packages)
    } else {
        Err(malformed(operation, &errors))
    }
}

/// The answer to `assessment.customField.list`.
pub fn custom_fields(answer: &Answered) -> Result<Vec<Value>, Refusal> {
    let operation = "assessment.customField.list";
    let mut answer = succeeded(operation, answer)?;
    let Some(Value::Array(fields)) = answer.remove("fields") else {
        return Err(malformed(operation, &["fields must be an array".to_owned()]));
    };
    let mut errors = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let mut demand = |met: bool, error: &str| {
            if !met {
                errors.push(format!("fields/{index}: {error}"));
            }
        };
        let says_something = |of: &Value, key: &str| text(of, key).is_some_and(|text| !text.is_empty());
        demand(
            says_something(field, "id"),
            "id must be a string that says something",
        );
        demand(
            says_something(field, "name"),
            "name must be a string that says something",
        );
        let kind = text(field, "type").unwrap_or_default();
        demand(FIELD_TYPES.contains(&kind), "type is none of Ashby's");
        demand(
            field.get("isRequired").is_none_or(Value::is_boolean),
            "isRequired must be a boolean",
        );
        let options = field.get("possible_values");
        demand(
            options.is_some() || !kind.ends_with("Select"),
            "possible_values are required for this type",
        );
        let well_formed = options.is_none_or(|options| {
            let each = options.as_array().map(|options| {
                options
                    .iter()
                    .all(|option| says_something(option, "key") && says_something(option, "value"))
            });
            each.unwrap_or(false)
        });
        demand(well_formed, "possible_values must be a list of key and value");
    }
    if errors.is_empty() {
        Ok(fields)
    } else {
        Err(malformed(operation, &errors))
    }
}

/// The answer to `assessment.start`. Its refusals are 409 and, with what the recruiter is to read, 422.
pub fn start(answer: &Answered) -> Result<Started, Refusal> {
    let operation = "assessment.start";
    match answer.status {
        409 => Err(Refusal::by_partner(
            answer,
            "the candidate is already being assessed",
        )),
        422 => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            match text(&body, "message") {
                Some(message) if !message.is_empty() => Err(Refusal::by_partner(answer, message)),
                _ => Err(malformed(operation, &["a 422 must have a message".to_owned()])),
            }
        }
        _ => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            // It has other ways to refuse, and this is none of them.
            if answer.status == 200 && body.get("success") == Some(&Value::Bool(false)) {
                return Err(malformed(operation, &["success must be true".to_owned()]));
            }
            started(operation, answer)
        }
    }
}

/// The answer to `assessment.cancel`.
pub fn cancel(answer: &Answered, assessment_id: &str) -> Result<Started, Refusal> {
    let operation = "assessment.cancel";
    let cancelled = started(operation, answer)?;
    if cancelled.assessment_id == assessment_id {
        Ok(cancelled)
    } else {
        let error = "assessment_id is another than the one that was sent";
        Err(malformed(operation, &[error.to_owned()]))
    }
}

/// What is wrong with an answer.
pub fn malformed(operation: &str, errors: &[String]) -> Refusal {
    Refusal::unusable(format!(
        "{operation} answered something malformed: {}",
        errors.join("; ")
    ))
}

fn started(operation: &str, answer: &Answered) -> Result<Started, Refusal> {
    let answer = succeeded(operation, answer)?;
    let results = answer.get("results").unwrap_or(&Value::Null);
    let Some(assessment_id) = text(results, "assessment_id").filter(|id| is_uuid(id)) else {
        let error = "results.assessment_id must be a UUID";
        return Err(malformed(operation, &[error.to_owned()]));
    };
    let update = results.get("update_request").map(update::read).transpose();
    let update = update.map_err(|errors| malformed(operation, &errors))?;
    if update
        .as_ref()
        .is_some_and(|update| update.assessment_id != assessment_id)
    {
        let error = "update_request is of another assessment_id";
        return Err(malformed(operation, &[error.to_owned()]));
    }
    Ok(Started {
        assessment_id: assessment_id.to_owned(),
        update,
    })
}

/// The answer's object where it says `success: true`. `success: false` is a refusal, whatever the status.
fn succeeded(operation: &str, answer: &Answered) -> Result<Map<String, Value>, Refusal> {
    if !answer.succeeded() {
        let error = format!("{operation} answered {}", answer.status);
        return Err(Refusal::by_partner(answer, error));
    }
    let mut errors = Vec::new();
    if answer.status != 200 {
        errors.push(format!("the status must be 200 and is {}", answer.status));
    }
    let body = serde_json::from_slice(&answer.body);
    let Ok(Value::Object(body)) = body else {
        errors.push("the response must be a JSON object".to_owned());
        return Err(malformed(operation, &errors));
    };
    match (body.get("success"), errors.is_empty()) {
        (Some(Value::Bool(true)), true) => return Ok(body),
        (Some(Value::Bool(true)), false) => {}
        (Some(Value::Bool(false)), _) => {
            let info = body.get("errorInfo").unwrap_or(&Value::Null);
            match text(info, "message") {
                Some(message) => return Err(Refusal::in_other_words(answer, message)),
                None => errors.push("errorInfo.message must say why success is false".to_owned()),
            }
        }
        _ => errors.push("success must be true or false".to_owned()),
    }
    Err(malformed(operation, &errors))
}

fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    of.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;
    use serde_json::json;

    const TYPE: &str = "6a0b9a55-3f0e-4ad5-9d7c-41c5b0a8e201";
    const ASSESSMENT: &str = "0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902";

    fn answered(status: u16, body: &Value) -> Answered {
        Answered {
            status,
            body: body.to_string().into_bytes(),
        }
    }

    /// Status and words of a refusal.
    fn refused<T>(outcome: Result<T, Refusal>) -> (u16, String) {
        let refusal = outcome.err().unwrap();
        (refusal.status_code().as_u16(), refusal.to_string())
    }

    #[test]
    fn a_list_is_of_uuids_with_names() {
        let good = json!({"success": true, "results": [{"assessment_type_id": TYPE, "name": "SQL", "description": ""}]});
        let listed = list(&answered(200, &good)).unwrap();
        assert_eq!((&listed[0].id, listed[0].name.as_str()), (&json!(TYPE), "SQL"));
        for (results, named) in [
            (json!([{"assessment_type_id": "sql", "name": "SQL"}]), "a UUID"),
            (json!([{"assessment_type_id": TYPE}]), "name"),
            (
                json!([{"assessment_type_id": TYPE, "name": "SQL", "description": null}]),
                "description",
            ),
            (
                json!([{"assessment_type_id": TYPE, "name": "A"}, {"assessment_type_id": TYPE, "name": "B"}]),
                "results/1",
            ),
            (json!({}), "an array"),
            (json!([7]), "results/0"),
        ] {
            let body = json!({"success": true, "results": results});
            let (status, error) = refused(list(&answered(200, &body)));
            assert!(status == 502 && error.contains(named), "{body}: {error}");
        }
    }

    #[test]
    fn success_is_said_and_a_failure_says_why() {
        for body in [
            json!([]),
            json!({"results": []}),
            json!({"success": "true", "results": []}),
            json!({"success": false}),
        ] {
            assert_eq!(refused(list(&answered(200, &body))).0, 502, "{body}");
        }
        let good = json!({"success": true, "results": []});
        assert_eq!(refused(list(&answered(201, &good))).0, 502);
        assert_eq!(refused(list(&answered(503, &good))).0, 503);
        assert_eq!(refused(list(&answered(302, &good))).0, 502);
        let failure = json!({"success": false, "errorInfo": {"code": "x", "message": "not today"}});
        assert_eq!(
            refused(list(&answered(200, &failure))),
            (422, "not today".to_owned())
        );
        // assessment.start has no such answer.
        assert_eq!(refused(start(&answered(200, &failure))).0, 502);
        assert_eq!(refused(cancel(&answered(200, &failure), ASSESSMENT)).0, 422);
    }

    #[test]
    fn a_start_is_answered_with_a_uuid_or_in_one_of_two_refusals() {
        let good = json!({"success": true, "results": {"assessment_id": ASSESSMENT}});
        let begun = start(&answered(200, &good)).unwrap();
        assert_eq!(begun.assessment_id, ASSESSMENT);
        assert!(begun.update.is_none());
        for results in [
            json!({"assessment_id": "ord_1"}),
            json!({"assessment_id": ASSESSMENT.replace('-', "")}),
            json!({"assessment_id": ASSESSMENT, "update_request": {}}),
            json!({"assessment_id": ASSESSMENT, "update_request": null}),
            json!(null),
        ] {
            let body = json!({"success": true, "results": results});
            assert_eq!(refused(start(&answered(200, &body))).0, 502, "{body}");
        }
        assert_eq!(refused(start(&answered(409, &json!({})))).0, 409);
        let message = json!({"message": "No seat is free"});
        assert_eq!(
            refused(start(&answered(422, &message))),
            (422, "No seat is free".to_owned())
        );
        for wordless in [json!({"message": ""}), json!({"error": "x"}), json!(null)] {
            assert_eq!(refused(start(&answered(422, &wordless))).0, 502);
        }
    }

    #[test]
    fn a_cancellation_and_an_update_are_of_the_assessment_in_question() {
        let other = TYPE;
        let body = json!({"success": true, "results": {"assessment_id": other}});
        assert_eq!(refused(cancel(&answered(200, &body), ASSESSMENT)).0, 502);
        assert!(cancel(&answered(200, &body), other).is_ok());
        let blob = json!({"identifier": "s", "label": "Status", "type": "string", "value": "Invited"});
        let update =
            json!({"assessment_id": other, "timestamp": 1_790_000_000_000_i64, "assessment_status": blob});
        let body =
            json!({"success": true, "results": {"assessment_id": ASSESSMENT, "update_request": update}});
        assert!(
            refused(start(&answered(200, &body)))
                .1
                .contains("another assessment_id")
        );
    }

    #[test]
    fn a_custom_field_is_of_a_known_type_with_its_choices() {
        let fields = |fields: Value| answered(200, &json!({"success": true, "fields": fields}));
        let good = json!([
            {"id": "f1", "name": "Team", "type": "ValueSelect", "possible_values": [{"key": "a", "value": "Apps"}]},
            {"id": "f2", "name": "Note", "type": "LongText", "isRequired": true},
        ]);
        assert_eq!(custom_fields(&fields(good)).unwrap().len(), 2);
        for (field, named) in [
            (json!({"id": "", "name": "A", "type": "String"}), "id"),
            (json!({"id": "f", "type": "String"}), "name"),
            (json!({"id": "f", "name": "A", "type": "text"}), "type"),
            (
                json!({"id": "f", "name": "A", "type": "MultiValueSelect"}),
                "required for this type",
            ),
            (
                json!({"id": "f", "name": "A", "type": "ValueSelect", "possible_values": [{"key": "a"}]}),
                "key and value",
            ),
            (
                json!({"id": "f", "name": "A", "type": "Date", "isRequired": "no"}),
                "isRequired",
            ),
        ] {
            let (status, error) = refused(custom_fields(&fields(json!([field]))));
            assert!(status == 502 && error.contains(named), "{field}: {error}");
        }
        assert_eq!(refused(custom_fields(&fields(json!(null)))).0, 502);
    }
}
