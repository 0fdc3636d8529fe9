//! What a person sees in a simulated ATS: the dialog, and what has become of an order.

use serde::Serialize;
use serde_json::{Map, Value};

/// What the recruiter can choose from.
#[derive(Default, Serialize)]
pub struct Dialog {
    /// In the partner's order.
    pub packages: Vec<OfferedPackage>,
    /// What only this ATS shows.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferedPackage {
    /// As the partner gave it.
    pub id: Value,
    /// What the recruiter reads.
    pub name: String,
}

/// An order on the recruiter's page, and beneath it what has happened.
#[derive(Default, Serialize)]
pub struct View {
    /// The ATS's own id of it.
    pub id: String,
    /// The partner's.
    pub order: Option<String>,
    /// How it stands, in the ATS's own words.
    pub status: Option<String>,
    /// Whether the result is there.
    pub complete: bool,
    /// Whether somebody has cancelled it.
    pub cancelled: bool,
    /// What the recruiter reads.
    pub shown: Shown,
    /// How many calls of the partner's were accepted for it.
    pub updates: u64,
    /// What was wrong with what the partner has sent last.
    pub errors: Vec<String>,
    /// What only this ATS has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Labels with what stands beside them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown(Map<String, Value>);

impl Shown {
    /// Another line. A label that is there already gets a number, so that neither is lost.
    pub fn add(&mut self, label: &str, value: impl Into<Value>) {
        let mut free = label.to_owned();
        let mut number = 2;
        while self.0.contains_key(&free) {
            free = format!("{label} ({number})");
            number += 1;
        }
        self.0.insert(free, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_lines_of_one_label_are_both_shown() {
        let mut shown = Shown::default();
        for value in [7, 8, 9] {
            shown.add("Score", value);
        }
        let shown = serde_json::to_value(shown).unwrap();
        assert_eq!(shown, json!({"Score": 7, "Score (2)": 8, "Score (3)": 9}));
    }
}
