//! The parsers of foreign bytes, each as a function that takes any bytes and panics where a promise is broken.
//! Fuzzers call them (`scripts/fuzz.sh`), and an ordinary test does with all seeds and former findings
//! (`tests/it/fuzzing.rs`).

pub mod answers;
pub mod bodies;
mod documents;
pub mod faces;
pub mod identifiers;
mod input;
pub mod package_list;
pub mod results;
pub mod sealing;
mod seeds;
pub mod settings;
pub mod signatures;
pub mod url_guard;
pub mod wire;

pub use seeds::{dictionary, inputs, words};

/// One kind of foreign bytes.
pub struct Target {
    /// Its name: of its module, its fuzzer, and its folder in `fuzz/regressions/`.
    pub name: &'static str,
    /// Panics where what we promise of these bytes does not hold.
    pub check: fn(&[u8]),
    /// Bytes to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub static TARGETS: &[Target] = &[
    answers::TARGET,
    bodies::TARGET,
    faces::TARGET,
    identifiers::TARGET,
    package_list::TARGET,
    results::TARGET,
    sealing::TARGET,
    settings::TARGET,
    signatures::TARGET,
    url_guard::TARGET,
    wire::TARGET,
];
