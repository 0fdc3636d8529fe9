//! The targets of the fuzzers without a fuzzer: what they begin with, what they once found, and as many changes of
//! those as there is time for here.

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;
use targets::{TARGETS, Target, dictionary, inputs, words};

/// How many changed inputs each target is given.
const CASES: u32 = 1500;

/// Which parts of an input are changed, and how.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Insert(Index, Vec<u8>),
    Write(Index, Index),
    CutOff(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..=u8::MAX).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at(), prop::collection::vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), at()).prop_map(|(at, word)| Change::Write(at, word)),
        at().prop_map(Change::CutOff),
    ]
}

fn apply(input: &mut Vec<u8>, change: &Change, words: &[String]) {
    let place = |at: &Index| at.index(input.len() + 1);
    let end = |start: usize, length: usize| (start + length).min(input.len());
    match change {
        Change::Flip(at, bits) => {
            let at = place(at);
            input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
        }
        Change::Remove(at, length) => {
            let range = place(at)..end(place(at), *length);
            input.drain(range);
        }
        Change::Repeat(at, length) => {
            let range = place(at)..end(place(at), *length);
            let copy = input[range.clone()].to_vec();
            input.splice(range.start..range.start, copy);
        }
        Change::Insert(at, bytes) => {
            let at = place(at);
            input.splice(at..at, bytes.iter().copied());
        }
        Change::Write(at, word) => {
            let at = place(at);
            input.splice(at..at, word.get(words).bytes());
        }
        Change::CutOff(at) => input.truncate(place(at)),
    }
}

/// Gives a target each of its inputs, then changed ones.
fn try_all(target: &Target) {
    let inputs = inputs(target);
    assert!(!inputs.is_empty(), "{} has seeds", target.name);
    let breaks = |input: &[u8]| std::panic::catch_unwind(|| (target.check)(input)).is_err();
    let broken = inputs.iter().filter(|input| breaks(input));
    let broken: Vec<_> = broken.map(|input| String::from_utf8_lossy(input)).collect();
    assert!(
        broken.is_empty(),
        "the target {} fails with its inputs {broken:?}",
        target.name
    );
    let words: Vec<_> = words().into_iter().collect();
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let changes = prop::collection::vec(change(), 1..6);
    let run = TestRunner::new(config).run(&(any::<Index>(), changes), |(index, changes)| {
        let mut input = index.get(&inputs).clone();
        changes
            .iter()
            .for_each(|change| apply(&mut input, change, &words));
        let shown = String::from_utf8_lossy(&input);
        prop_assert!(!breaks(&input), "the input {shown:?}, {input:?}");
        Ok(())
    });
    assert!(
        run.is_ok(),
        "the target {} fails: {}",
        target.name,
        run.unwrap_err()
    );
}

#[test]
fn every_target_keeps_its_promises_with_seeds_former_findings_and_changes_of_them() {
    let threads = TARGETS
        .iter()
        .map(|target| (target.name, std::thread::spawn(|| try_all(target))));
    let threads: Vec<_> = threads.collect();
    let outcomes: Vec<_> = threads
        .into_iter()
        .map(|(name, thread)| (name, thread.join()))
        .collect();
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.is_err())
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(failed, [""; 0], "what they fail with is said above");
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
        let path = format!("path = \"fuzz_targets/{target}.rs\"");
        assert!(manifest.contains(&path), "{target} stands in the manifest");
    }
    let is_entry = |line: &str| line.len() > 2 && line.starts_with('"') && line.ends_with('"');
    assert!(dictionary().lines().all(is_entry));
}
