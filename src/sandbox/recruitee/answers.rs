//! The partner's answers, read as strictly as Recruitee's documents say. What is wrong is told in words.

use crate::sandbox::caller::Answered;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::view::OfferedPackage;
use serde_json::Value;

/// The answer to `tests`: a bare array of names with ids, which are numbers or texts.
pub fn tests(answer: &Answered, partner_name: &str) -> Result<Vec<OfferedPackage>, Refusal> {
    accepted(answer, partner_name)?;
    let malformed = |errors: &[String]| {
        Refusal::unusable(format!(
            "tests answered something malformed: {}",
            errors.join("; ")
        ))
    };
    let Ok(Value::Array(entries)) = serde_json::from_slice(&answer.body) else {
        return Err(malformed(&["the response must be a JSON array".to_owned()]));
    };
    let mut errors = Vec::new();
    let mut offered: Vec<OfferedPackage> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            errors.push(format!("entry {index}: name must be a text"));
        }
        match entry.get("id").filter(|id| id_as_text(id).is_some()) {
            None => errors.push(format!("entry {index}: id must be a whole number or a text")),
            Some(id)
                if offered
                    .iter()
                    .any(|other| id_as_text(&other.id) == id_as_text(id)) =>
            {
                errors.push(format!("entry {index}: id stands there twice"));
            }
            Some(id) => offered.push(OfferedPackage {
                id: id.clone(),
                name: name.to_owned(),
            }),
        }
    }
    if errors.is_empty() {
        Ok(offered)
    } else {
        Err(malformed(&errors))
    }
}

/// Any 2xx is a yes. Otherwise the recruiter reads the partner's reason, where it gives one.
pub fn accepted(answer: &Answered, partner_name: &str) -> Result<(), Refusal> {
    if answer.succeeded() {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let reason = body.get("error").and_then(Value::as_str);
    let told = match (answer.status, reason) {
        (401 | 403, _) => "the token is invalid".to_owned(),
        (400..=599, Some(reason)) if !reason.is_empty() => reason.to_owned(),
        _ => format!("There was a problem with the {partner_name} API"),
    };
    Err(Refusal::by_partner(answer, told))
}

/// An id as `send_candidate` spells it.
pub fn id_as_text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;
    use serde_json::json;

    fn answered(status: u16, body: &Value) -> Answered {
        Answered {
            status,
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn tests_are_a_bare_array_of_names_and_ids() {
        let good = json!([{"name": "Logic", "id": 31}, {"name": "SQL", "id": "sql", "more": 1}]);
        let offered = super::tests(&answered(200, &good), "Acme").unwrap();
        assert_eq!((&offered[0].id, &offered[1].id), (&json!(31), &json!("sql")));
        for (body, named) in [
            (json!({"tests": []}), "array"),
            (json!([{"id": 1}]), "entry 0: name"),
            (json!([{"name": "A", "id": 1.5}]), "entry 0: id"),
            (json!([{"name": "A", "id": ""}]), "entry 0: id"),
            (
                json!([{"name": "A", "id": 1}, {"name": "B", "id": "1"}]),
                "entry 1: id stands there twice",
            ),
        ] {
            let refusal = super::tests(&answered(200, &body), "Acme").unwrap_err();
            assert_eq!(refusal.status_code().as_u16(), 502);
            assert!(refusal.to_string().contains(named), "{refusal}");
        }
    }

    #[test]
    fn the_recruiter_reads_the_partners_reason_or_that_there_was_a_problem() {
        let problem = "There was a problem with the Acme API";
        for (status, body, told) in [
            (401, json!({"error": "unknown"}), "the token is invalid"),
            (403, json!({}), "the token is invalid"),
            (
                422,
                json!({"error": "No credits are left"}),
                "No credits are left",
            ),
            (503, json!({"error": "Closed on Sundays"}), "Closed on Sundays"),
            (422, json!({"error": {"code": 1}}), problem),
            (500, json!("text"), problem),
        ] {
            let refusal = accepted(&answered(status, &body), "Acme").unwrap_err();
            assert_eq!(
                (refusal.status_code().as_u16(), refusal.to_string().as_str()),
                (status, told)
            );
        }
        assert!(accepted(&answered(204, &Value::Null), "Acme").is_ok());
        let moved = accepted(&answered(302, &json!({"error": "x"})), "Acme").unwrap_err();
        assert_eq!(
            (moved.status_code().as_u16(), moved.to_string().as_str()),
            (502, problem)
        );
    }
}
