//! The invariants of ARCHITECTURE.md that the source itself can be asked about.

use crosscheck::providers::registry;
use std::path::{Path, PathBuf};

/// Rooms by floor: a room imports only from lower floors, and from itself.
const FLOORS: &[&[&str]] = &[
    &[
        "ambient",
        "config",
        "crypto",
        "domain",
        "json",
        "metrics",
        "telemetry",
    ],
    &["providers", "store", "sandbox"],
    &["outbox"],
    &["exchange"],
    &["http"],
    &[
        "serve",
        "translate",
        "demo",
        "new_provider",
        "provider_page",
        "error_page",
        "main",
        "lib",
    ],
];

fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![src.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 40);
    found
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor(room: &str) -> usize {
    FLOORS
        .iter()
        .position(|rooms| rooms.contains(&room))
        .unwrap_or_else(|| panic!("{room} stands on no floor"))
}

/// The files in which one of `words` stands, but for those in `allowed` rooms or files.
fn named_in(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in sources() {
        if allowed
            .iter()
            .any(|place| file == *place || file.starts_with(&format!("{place}/")))
        {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            if words.iter().any(|word| lower.contains(&word.to_lowercase())) {
                found.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn a_room_imports_only_from_lower_floors() {
    for (file, text) in sources() {
        let own = room(&file);
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for import in line.split("crate::").skip(1) {
                let other: String = import
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let known = FLOORS.iter().any(|rooms| rooms.contains(&other.as_str()));
                if known && other != own {
                    assert!(
                        floor(&other) < floor(own) || floor(own) == 0,
                        "{file} reaches up: {line}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_providers_name_stands_outside_its_rooms() {
    let keys: Vec<_> = registry::all()
        .iter()
        .map(|provider| provider.descriptor().key)
        .collect();
    assert_eq!(named_in(&keys, &["providers", "sandbox", "demo"]), [""; 0]);
}

#[test]
fn no_providers_name_stands_in_the_tests_of_all_providers() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut files: Vec<PathBuf> = std::fs::read_dir(tests.join("conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.extend(["one_vendor.rs", "translation.rs"].map(|file| tests.join(file)));
    assert!(files.len() > 10);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for provider in registry::all() {
            let descriptor = provider.descriptor();
            for name in [descriptor.key, descriptor.name] {
                assert!(!text.contains(name), "{} names {name}", file.display());
            }
        }
        let lines = text.lines().count();
        assert!(
            lines < 600,
            "{} has {lines} lines: it holds two things",
            file.display()
        );
    }
}

#[test]
fn only_the_store_names_diesel() {
    assert_eq!(named_in(&["diesel"], &["store"]), [""; 0]);
}

#[test]
fn nothing_is_written_by_a_statement_that_a_vanished_client_can_leave_open() {
    // COPY waits for its data in a way that no time-out of the server ends: see `insertion` in store/engine.rs.
    assert_eq!(named_in(&["copy_from("], &[]), [""; 0]);
}

#[test]
fn time_and_chance_enter_through_one_file() {
    let words = [
        "SystemTime::now",
        "Timestamp::now()",
        "getrandom",
        "Uuid::new_v1",
        "Uuid::new_v4",
        "Uuid::new_v6",
        "Uuid::new_v7",
        "Uuid::now_v",
        "thread_rng",
    ];
    assert_eq!(named_in(&words, &["ambient.rs"]), [""; 0]);
}

#[test]
fn translators_do_no_io_and_the_sandbox_shares_no_code_with_them() {
    for (file, text) in sources() {
        let forbidden: &[&str] = match room(&file) {
            "providers" => &[
                "tokio",
                "reqwest",
                "actix",
                "std::fs",
                "std::net",
                "Instant",
                "crate::store",
                "ambient",
            ],
            "sandbox" => &[
                "crate::providers",
                "crate::exchange",
                "crate::domain",
                "crate::store",
                "crate::outbox",
            ],
            _ => &[],
        };
        for word in forbidden {
            assert!(!text.contains(word), "{file} names {word}");
        }
    }
}

#[test]
fn no_file_is_long() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 600, "{file} has {lines} lines: it holds two things");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, text) in sources() {
        assert!(
            text.starts_with("//!"),
            "{file} does not begin with what it is responsible for"
        );
    }
}
