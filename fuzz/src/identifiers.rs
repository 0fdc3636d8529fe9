use crosscheck::domain::category::Category;
use crosscheck::domain::id::OrderId;
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(id) = OrderId::parse(text) {
        assert_eq!(OrderId::new(Category::Assessments, id.uuid()).as_str()[8..], id.as_str()[8..]);
    }
}
