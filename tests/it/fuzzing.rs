//! What fuzzers begin with, and what they once found, holds: replayed here without any fuzzer.

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::path::Path;
use targets::{TARGETS, dictionary, inputs};

#[test]
fn every_seed_and_every_former_finding_keeps_what_is_promised() {
    for target in TARGETS {
        let inputs = inputs(target);
        assert!(!inputs.is_empty(), "{} has seeds", target.name);
        for input in inputs {
            let shown = String::from_utf8_lossy(&input).into_owned();
            let outcome = std::panic::catch_unwind(|| (target.check)(&input));
            assert!(outcome.is_ok(), "the target {} fails with {shown:?}", target.name);
        }
    }
}

#[test]
fn every_target_has_its_fuzzer_and_every_regression_its_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: &str| {
        let entries = std::fs::read_dir(fuzz.join(folder)).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = paths
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let mut targets: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    targets.sort();
    assert_eq!(names("fuzz_targets"), targets);
    assert!(names("regressions").iter().all(|name| targets.contains(name)));
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for target in targets {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")),
            "{target}"
        );
    }
    assert!(
        dictionary()
            .lines()
            .all(|line| line.len() > 2 && line.starts_with('"') && line.ends_with('"'))
    );
}
