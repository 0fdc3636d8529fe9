//! What the simulated Greenhouse remembers.

use super::faults::Faults;
use super::partner::Partner;
use super::take_home_test::TakeHomeTest;
use crate::sandbox::ats::Premises;
use crate::sandbox::caller::Caller;
use crate::sandbox::journal::Journal;
use actix_web::web::Data;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The Greenhouse of one customer.
pub struct Site {
    /// Its own URL.
    pub url: String,
    /// With which it calls the partner.
    pub caller: Caller,
    /// What was said in both directions.
    pub journal: Data<Journal>,
    memory: Mutex<Memory>,
}

/// What changes.
pub struct Memory {
    /// What partner support has entered.
    pub partner: Option<Partner>,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// The take-home tests by their ids.
    pub tests: BTreeMap<u64, TakeHomeTest>,
    newest_id: u64,
}

impl Site {
    /// A Greenhouse in which nothing has happened.
    pub fn new(premises: Premises) -> Self {
        Self {
            url: premises.url,
            caller: premises.caller,
            journal: premises.journal,
            memory: Mutex::new(Memory {
                partner: None,
                faults: Faults::default(),
                tests: BTreeMap::new(),
                // Ids are long here as they are there.
                newest_id: 40_031_000,
            }),
        }
    }

    /// What it remembers, for as long as nothing is awaited.
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// An id that nothing has yet.
    pub fn mint_id(&mut self) -> u64 {
        self.newest_id += 1;
        self.newest_id
    }

    /// The test that a path names, with its id.
    pub fn find(&mut self, id: &str) -> Option<(u64, &mut TakeHomeTest)> {
        let id = id.parse().ok()?;
        Some((id, self.tests.get_mut(&id)?))
    }
}
