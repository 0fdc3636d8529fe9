//! What the fuzzers try, and what each is given to begin with. One binary for each target: `fuzz_targets/`.

use std::fs;
use std::path::Path;
use targets::Target;

pub mod targets;

/// Puts the seeds of a target where its fuzzer looks for inputs, and the words that it may use beside them.
pub fn prepare(target: &Target) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let own = corpus.join(target.name);
    fs::create_dir_all(&own).expect("fuzz/corpus can be written");
    for (number, seed) in targets::inputs(target).iter().enumerate() {
        fs::write(own.join(format!("seed-{number}")), seed).expect("a seed can be written");
    }
    fs::write(corpus.join("words"), targets::dictionary()).expect("the words can be written");
}
