//! The id by which a request is known to whoever makes it and to whoever answers it: the header `x-request-id`.

use uuid::Uuid;

/// The header.
pub const HEADER: &str = "x-request-id";
const LONGEST: usize = 128;

/// A well-formed id: 1 to 128 visible ASCII characters, so that it can stand in a header and in a log as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// An id of ours.
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }

    /// The id of a call of ours: what it is about, and which call of it this is.
    pub fn of(id: &str, number: i64) -> Self {
        Self(format!("{id}.{number}"))
    }

    /// The id that somebody else chose; none where it is not well-formed.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_one.then(|| Self(text.to_owned()))
    }

    /// As it travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_1_to_128_visible_characters() {
        for good in ["7", "~!\"'<>%", &"x".repeat(128)] {
            assert_eq!(RequestId::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "two words",
            "line\nfeed",
            "tab\t",
            "é",
            "nul\0",
            &"x".repeat(129),
        ] {
            assert_eq!(RequestId::parse(bad), None);
        }
        assert!(RequestId::parse(RequestId::new(Uuid::max()).as_str()).is_some());
    }
}
