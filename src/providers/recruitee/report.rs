//! What a report in Recruitee is told: the body of its PATCH.

use super::descriptor::{CANCEL_LINK, DESCRIPTOR, PROPERTIES_FORM, REPORT_URL_KEY};
use crate::domain::category::Category;
use crate::domain::result::{Outcome, ResultUpdate, Score, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::provider::{Credentials, OrderStatus, PublishedOrder};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A change of a report. What is left out stays as it is.
#[derive(Default, Serialize)]
pub struct ReportUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// Text: a number, a fraction, a percentage, a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtitle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    urls: Map<String, Value>,
}

impl ReportUpdate {
    /// What an order's report is to be told; none where that is nothing.
    pub fn of(order: &PublishedOrder<'_>, report_id: &str, credentials: &Credentials) -> Option<Self> {
        let mut update = order
            .revision
            .map(|standing| Self::of_revision(order.category, standing, credentials))
            .unwrap_or_default();
        let open = order.revision.is_none_or(|standing| !standing.status.is_final());
        if open && credentials.field(CANCEL_LINK) == Some("on") {
            let cancel = DESCRIPTOR.operation("cancel")?;
            let url = order.links.url(cancel, &[("report_id", report_id)]);
            update.urls.insert("cancel".to_owned(), url.into());
        }
        (update.status.is_some() || !update.urls.is_empty()).then_some(update)
    }

    fn of_revision(category: Category, standing: &OrderStatus, credentials: &Credentials) -> Self {
        let mut update = Self {
            status: Some(status(standing)),
            ..Self::default()
        };
        let Some(result) = &standing.result else {
            return update;
        };
        update.score = result.score.as_ref().and_then(score);
        update.completed_at = result.submission_date.clone();
        // Background and reference checks have neither of these two.
        if category == Category::Assessments {
            update.subtitle = result.summary.clone();
            update.properties = properties(result, credentials.field(PROPERTIES_FORM));
        }
        if let (Some(key), Some(url)) = (credentials.field(REPORT_URL_KEY), &result.result_url) {
            update.urls.insert(key.to_owned(), url.as_str().into());
        }
        update
    }
}

/// There are four words. What has not ended is as it was sent; what will not be finished is called off.
fn status(standing: &OrderStatus) -> &'static str {
    match (standing.status, standing.outcome) {
        (Status::Pending | Status::Started | Status::InProgress, _) => "sent",
        (Status::Completed, Outcome::Failed) => "failed",
        (Status::Completed, Outcome::Passed | Outcome::None) => "completed",
        (Status::Cancelled | Status::Expired | Status::Rejected, _) => "canceled",
    }
}

/// `12/15` where the most possible is known, else what the vendor wrote.
fn score(score: &Score) -> Option<String> {
    let value = score.value.as_ref()?;
    let most = score.max.as_ref().filter(|_| value.number().is_some());
    Some(match most {
        Some(most) => format!("{}/{}", value.0.trim(), most.0.trim()),
        None => value.0.clone(),
    })
}

fn properties(result: &ResultUpdate, form: Option<&str>) -> Option<Value> {
    let started = result.start_date.as_deref().and_then(Timestamp::parse_rfc3339);
    let started = started.map(|at| ("Started at".to_owned(), at.to_words()));
    let attached = result
        .attachments
        .iter()
        .flatten()
        .filter_map(|one| one.url.clone());
    let attached = (1..)
        .zip(attached)
        .map(|(number, url)| (format!("Attachment {number}"), url));
    let shown: Vec<_> = started.into_iter().chain(attached).collect();
    if shown.is_empty() {
        return None;
    }
    let list = || {
        shown
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
    };
    match form {
        Some("list") => Some(list().collect()),
        Some("object") => {
            let object = shown.into_iter().map(|(name, value)| (name, value.into()));
            Some(Value::Object(object.collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::OrderId;
    use crate::providers::links::Links;
    use uuid::Uuid;
    use zeroize::Zeroizing;

    fn report(category: Category, report: Option<Value>, set: &[(&str, &str)]) -> Option<Value> {
        let standing = report.map(|report| {
            let result: ResultUpdate = serde_json::from_value(report).unwrap();
            let (status, outcome) = result.interpret().unwrap();
            OrderStatus {
                status,
                outcome,
                result: Some(result),
                at: Timestamp(0),
            }
        });
        let order = PublishedOrder {
            id: &OrderId::new(category, Uuid::from_u128(7)),
            category,
            state: None,
            revision: standing.as_ref(),
            links: &Links {
                base_url: "https://x.example/external-trigger/recruitee".to_owned(),
                tenant_id: None,
            },
        };
        let fields = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned())));
        let credentials = Credentials {
            fields: fields.collect(),
            ..Credentials::default()
        };
        let update = ReportUpdate::of(&order, "r-1", &credentials);
        update.map(|update| serde_json::to_value(update).unwrap())
    }

    #[test]
    fn a_score_is_text_in_the_form_that_the_vendor_gave_it() {
        let score = |score: Value| {
            let told = report(Category::Assessments, Some(json!({"score": score})), &[]).unwrap();
            told["score"].clone()
        };
        assert_eq!(score(json!({"value": 10})), "10");
        assert_eq!(score(json!({"value": "12", "max": "15"})), "12/15");
        assert_eq!(score(json!({"value": "76%", "max": 100})), "76%");
        assert_eq!(score(json!({"max": 100})), Value::Null);
    }

    #[test]
    fn each_result_has_one_of_the_four_words() {
        let status = |value: &str| {
            let told = json!({"result": {"value": value}});
            report(Category::BackgroundChecks, Some(told), &[]).unwrap()["status"].clone()
        };
        for (value, word) in [
            ("initiated", "sent"),
            ("in_progress", "sent"),
            ("completed", "completed"),
            ("passed", "completed"),
            ("failed", "failed"),
            ("cancelled", "canceled"),
            ("expired", "canceled"),
        ] {
            assert_eq!(status(value), word, "{value}");
        }
    }

    #[test]
    fn only_assessments_have_subtitle_and_properties_in_the_form_that_is_set() {
        let full = json!({"summary": "Well done", "start_date": "2026-02-03T09:00:00Z",
            "attachments": [{"url": "https://v.example/1.pdf"}]});
        let told = |category, form| report(category, Some(full.clone()), &[(PROPERTIES_FORM, form)]).unwrap();
        let list = told(Category::Assessments, "list");
        assert_eq!(list["subtitle"], "Well done");
        assert_eq!(
            list["properties"][1],
            json!({"name": "Attachment 1", "value": "https://v.example/1.pdf"})
        );
        let object = told(Category::Assessments, "object");
        assert_eq!(object["properties"]["Started at"], "3 February 2026, 09:00 UTC");
        assert!(told(Category::Assessments, "off").get("properties").is_none());
        let check = told(Category::ReferenceChecks, "list");
        assert!(check.get("subtitle").is_none() && check.get("properties").is_none());
    }

    #[test]
    fn the_cancel_link_is_there_while_the_order_is_open_and_can_be_left_out() {
        let on = [(CANCEL_LINK, "on")];
        let link = "https://x.example/external-trigger/recruitee/reports/r-1/cancel";
        let placed = report(Category::Assessments, None, &on).unwrap();
        assert_eq!(placed, json!({"urls": {"cancel": link}}));
        let begun = json!({"result": {"value": "initiated"}});
        let begun = report(Category::Assessments, Some(begun), &on).unwrap();
        assert_eq!(begun["urls"]["cancel"], link);
        let done = report(Category::Assessments, Some(json!({})), &on).unwrap();
        assert!(done.get("urls").is_none());
        assert_eq!(report(Category::Assessments, None, &[(CANCEL_LINK, "off")]), None);
    }
}
