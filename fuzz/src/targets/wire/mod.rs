//! What ATSs send: every call of theirs and every answer to ours, of every provider of the registry. A new one is
//! fuzzed by being there.

mod answers;
mod calls;
mod kinds;
mod owed;

pub use kinds::{Kind, kinds};
pub use owed::publish;

use super::Target;
use super::input::Input;
use super::seeds::requests;
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::json::Schema;
use crosscheck::providers::descriptor::Operation;
use crosscheck::providers::provider::{Provider, Refusal};
use crosscheck::providers::registry;
use crosscheck::providers::wire::compile;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

pub const TARGET: Target = Target {
    name: "wire",
    check,
    seeds,
};

/// When everything happens.
pub const NOW: Timestamp = Timestamp(1_770_113_580_000);

/// What is tried, by its place in this list.
static TRIED: &[fn(&'static dyn Provider, &mut Input<'_>)] =
    &[calls::claim, calls::read, answers::judge, answers::set_up];

pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let provider = input.choose(registry::all());
    let tried = input.choose(TRIED);
    if let (Some(provider), Some(tried)) = (provider, tried) {
        tried(*provider, &mut input);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, provider) in (0..).zip(registry::all()) {
        let requests = requests(provider.descriptor().key);
        let of_each = [
            calls::claim_seeds(),
            calls::read_seeds(*provider, &requests),
            answers::judge_seeds(*provider),
            answers::set_up_seeds(*provider),
        ];
        for (tried, of_one) in (0..).zip(of_each) {
            let start = [number, tried];
            seeds.extend(of_one.into_iter().map(|seed| [&start[..], &seed].concat()));
        }
    }
    seeds
}

/// The compiled schema of that name.
pub fn schema(provider: &dyn Provider, name: &str) -> Option<&'static Schema> {
    type Compiled = HashMap<(&'static str, &'static str), Schema>;
    static ALL: LazyLock<Compiled> = LazyLock::new(|| {
        let all = registry::all().iter().flat_map(|provider| {
            let key = provider.descriptor().key;
            provider.schemas().iter().map(move |(name, _)| {
                let schema = compile(provider.schemas(), name);
                ((key, *name), schema.expect("every schema compiles"))
            })
        });
        all.collect()
    });
    let key = provider.descriptor().key;
    let found = ALL.iter().find(|((of, named), _)| *of == key && *named == name);
    found.map(|(_, schema)| schema)
}

/// Fails where `document`, which we say, is not as the schema of that name has it.
pub fn assert_valid(provider: &dyn Provider, name: &str, document: &[u8]) {
    let value: Value = serde_json::from_slice(document).expect("what we say is JSON");
    if let Some(schema) = schema(provider, name) {
        let broken = schema.violations(&value);
        assert!(broken.is_empty(), "{name} breaks its schema: {value} {broken:?}");
    }
}

/// A refusal is answered as one, in words that the ATS can read.
fn refused(provider: &dyn Provider, operation: Option<&Operation>, refusal: &Refusal) {
    let problem = refusal.problem();
    assert!(!problem.in_full().is_empty());
    assert!(
        (400..500).contains(&problem.code.status()),
        "it is the ATS's mistake, not ours: {problem:?}"
    );
    let response = provider.answer(operation, Err(refusal), NOW);
    assert!(
        (400..500).contains(&response.status),
        "a refusal has a status of its own: {}",
        response.status
    );
    assert_valid(provider, "refusal.response", &response.body);
}
