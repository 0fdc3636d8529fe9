//! What the recruiter sees of a take-home test.

use super::answers::COMPLETE;
use super::take_home_test::TakeHomeTest;
use crate::sandbox::view::{Shown, View};
use serde_json::{Map, Value, json};

/// A test on the recruiter's page. Greenhouse's own keys in it: `state`, `score`, `profile_url`, `metadata`, and how
/// often `test_status` was read.
pub fn of(id: &str, test: &TakeHomeTest) -> View {
    let status = test.status();
    let score = status.and_then(|status| status.partner_score.as_ref());
    let profile_url = status.and_then(|status| status.partner_profile_url.as_deref());
    let metadata = status.and_then(|status| status.metadata.as_ref());
    let mut shown = Shown::default();
    for (label, value) in metadata.into_iter().flatten() {
        shown.add(label, value.clone());
    }
    if let Some(score) = score {
        shown.add("Score", score.clone());
    }
    if let Some(url) = profile_url {
        shown.add("View Report", url);
    }
    View {
        id: id.to_owned(),
        order: test.partner_interview_id.clone(),
        status: status.map(|status| status.partner_status.clone()),
        complete: status.is_some_and(|status| status.partner_status == COMPLETE),
        // Greenhouse has no word for it.
        cancelled: false,
        shown,
        updates: test.callbacks,
        errors: test.errors.clone(),
        more: Map::from_iter([
            ("state".to_owned(), json!(test.state())),
            ("score".to_owned(), json!(score)),
            ("profile_url".to_owned(), json!(profile_url)),
            (
                "metadata".to_owned(),
                metadata.map_or(Value::Null, |it| json!(it)),
            ),
            ("status_reads".to_owned(), json!(test.reads_ended)),
        ]),
    }
}
