//! What the simulated Greenhouse remembers.

use super::partner::Partner;
use super::take_home_test::TakeHomeTest;
use std::collections::BTreeMap;

/// The Greenhouse of one customer.
pub struct Greenhouse {
    /// What partner support has entered.
    pub partner: Option<Partner>,
    /// The take-home tests by their ids.
    pub tests: BTreeMap<String, TakeHomeTest>,
    newest_id: u64,
}

impl Default for Greenhouse {
    fn default() -> Self {
        Self {
            partner: None,
            tests: BTreeMap::new(),
            // Ids are long here as they are there.
            newest_id: 40_031_000,
        }
    }
}

impl Greenhouse {
    /// An id that nothing has yet.
    pub fn mint_id(&mut self) -> String {
        self.newest_id += 1;
        self.newest_id.to_string()
    }
}
