//! `crosscheck demo`, as somebody sees it who runs it for the first time.

use crate::harness;
use crosscheck::sandbox::registry;
use std::process::Output;

/// The demos with these arguments, all at once: each has its own database and its own ports.
fn played(arguments: &[Vec<&str>]) -> Vec<Output> {
    std::thread::scope(|scope| {
        let players: Vec<_> = arguments
            .iter()
            .map(|arguments| {
                scope.spawn(move || {
                    let directory = tempfile::tempdir().unwrap();
                    harness::run(directory.path(), &[], arguments, "")
                })
            })
            .collect();
        players.into_iter().map(|player| player.join().unwrap()).collect()
    })
}

/// What a demo said, where all that it claims was so.
fn story(what: &[&str], output: &Output) -> String {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what:?}: {errors}\n{said}");
    said
}

#[test]
fn the_demo_tells_every_atss_own_story_and_can_tell_one_of_an_ats_that_has_none() {
    let mut casts = Vec::new();
    for (provider, _) in registry::all() {
        casts.push(vec!["demo", "--provider", provider]);
        casts.push(vec!["demo", "--generic", "--provider", provider]);
    }
    for (cast, output) in casts.iter().zip(played(&casts)) {
        let said = story(cast, &output);
        for part in [
            "integration: the vendor adds",
            "record.new",
            "second result",
            "In short",
        ] {
            assert!(said.contains(part), "{cast:?} has no {part:?}");
        }
        let numbers: Vec<usize> = said
            .lines()
            .filter_map(|line| line.strip_prefix("-- ")?.split('.').next()?.trim().parse().ok())
            .collect();
        let counted: Vec<usize> = (1..=numbers.len()).collect();
        assert!(numbers.len() >= 11 && numbers == counted, "{cast:?}: {numbers:?}");
    }
}

#[test]
fn without_a_provider_it_is_the_story_of_the_first_one() {
    let asked = [
        vec!["demo"],
        vec!["demo", "--help"],
        vec!["demo", "--provider", "acme"],
    ];
    let outputs = played(&asked);
    let [default, help, unknown] = outputs.as_slice() else {
        panic!("three were asked for");
    };
    let (first, _) = registry::all()[0];
    assert!(story(&asked[0], default).contains(&format!("external-trigger/{first}/")));
    let help = story(&asked[1], help);
    for (provider, _) in registry::all() {
        assert!(help.contains(provider), "{help}");
    }
    assert!(!unknown.status.success());
}
