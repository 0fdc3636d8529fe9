//! Ids as anybody may send them: what parses is an id, and it is the only spelling of its UUID.

use super::Target;
use crosscheck::domain::category::Category;
use crosscheck::domain::event::EventType;
use crosscheck::domain::id::{AccountId, OrderId, ProjectId};
use crosscheck::domain::package;
use crosscheck::domain::result::{Outcome, Status, is_web_url};
use crosscheck::domain::timestamp::Timestamp;

pub const TARGET: Target = Target {
    name: "identifiers",
    check,
    seeds,
};

pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for category in Category::ALL {
        check_order(category, text);
    }
    if let Some(project) = ProjectId::parse(text) {
        assert_eq!(
            ProjectId::new(project.uuid()).as_str(),
            text,
            "a project's id is that of its UUID"
        );
        let of = |category| package::uuid(&project, category, text);
        assert_ne!(of(Category::Assessments), of(Category::BackgroundChecks));
    }
    if let Some(account) = AccountId::parse(text) {
        assert_eq!(account.as_str(), text);
        assert_eq!(OrderId::parse(text), None, "no text is an id of two kinds");
        assert_eq!(ProjectId::parse(text), None, "no text is an id of two kinds");
    }
    check_names(text);
    check_moment(text);
}

fn check_order(category: Category, text: &str) {
    let Some(order) = OrderId::parse_either(category, text) else {
        assert_eq!(
            OrderId::parse(text),
            None,
            "either form has the outside form among it"
        );
        return;
    };
    let own = Category::ALL
        .into_iter()
        .find(|own| order.as_str().starts_with(own.order_prefix()));
    let own = own.expect("an order's id names its category");
    assert_eq!(
        OrderId::new(own, order.uuid()),
        order,
        "an order's id is that of its UUID"
    );
    let spelled = order.uuid().to_string();
    assert_eq!(
        OrderId::parse_either(own, &spelled),
        Some(order),
        "its UUID names the order, too"
    );
}

/// Closed lists know their own words and no others.
fn check_names(text: &str) {
    let named = [
        Category::parse(text).map(Category::as_str),
        EventType::parse(text).map(EventType::as_str),
        Status::parse(text).map(Status::as_str),
        Outcome::parse(text).map(Outcome::as_str),
    ];
    assert!(named.into_iter().flatten().all(|name| name == text));
}

fn check_moment(text: &str) {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        assert_eq!(
            Timestamp::parse_rfc3339(&at.to_string()),
            Some(at),
            "a moment is read as it is shown"
        );
        assert!(!at.to_words().is_empty());
    }
    if is_web_url(text) {
        assert!(text.is_ascii() && !text.contains(' '));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "ats_ass_0000000000000000000007",
        "ats_bgc_7n42DGM5Tflk9n8mt7Fhc7",
        "ats_ref_01AbCdEfGhIjKlMnOpQrSt",
        "prj_7n42DGM5Tflk9n8mt7Fhc7",
        "acc_0000000000000000000000",
        "0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10",
        "{0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10}",
        "urn:uuid:0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10",
        "0b7a1c1e6f7d4a559c1c0d2f4f3f7a10",
        "assessments",
        "record.new",
        "in_progress",
        "passed",
        "2026-02-03T10:12:00Z",
        "2026-02-03T11:12:00.123456789+01:00[Europe/Berlin]",
        "-009999-01-02T03:04:05Z",
        "https://vendor.example/reports/17?a=b#c",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}
