//! What fuzzers are given to begin with: the project's own fixtures and schemas, and what was found before.

use super::Target;
use crosscheck::providers::registry;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything that a target is known to be given: its seeds, and its former findings.
pub fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let findings = root().join("fuzz/regressions").join(target.name);
    let found = files(&findings).into_iter().map(read);
    (target.seeds)().into_iter().chain(found).collect()
}

/// The requests of a provider's fixtures.
pub fn requests(provider: &str) -> Vec<Vec<u8>> {
    let cases = entries(&root().join("tests/fixtures").join(provider));
    let requests = cases.into_iter().map(|case| case.join("request.json"));
    requests.filter(|path| path.is_file()).map(read).collect()
}

/// The words of all wires, and values at which parsers are known to part.
pub fn words() -> BTreeSet<String> {
    let schemas = registry::all().iter().flat_map(|provider| provider.schemas());
    let mut texts: Vec<_> = schemas.map(|(_, text)| text.as_bytes().to_vec()).collect();
    texts.extend(files(&root().join("schemas/unified")).into_iter().map(read));
    let mut words = BTreeSet::from(ODD_VALUES.map(str::to_owned));
    for text in texts {
        collect(
            &serde_json::from_slice(&text).expect("a schema is JSON"),
            &mut words,
        );
    }
    words
}

/// The same as libFuzzer's dictionaries have them.
pub fn dictionary() -> String {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    };
    let line = |word: &String| format!("\"{}\"\n", word.bytes().map(escape).collect::<String>());
    words().iter().map(line).collect()
}

const ODD_VALUES: [&str; 22] = [
    "null",
    "true",
    "-0",
    "7.0",
    "1e999",
    "1E400",
    "-1e-400",
    "18446744073709551616",
    "9223372036854775808",
    "\\u0000",
    "\\ud83d",
    "\\ude00",
    "\\ud83d\\ude00",
    "\u{feff}",
    "{}",
    "[]",
    "[[]]",
    "{\"a\":1,\"a\":2}",
    "https://example.com/",
    "http://[::1]/",
    "2026-02-03T10:12:00Z",
    "0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10",
];

/// The names and constants of a schema.
fn collect(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            let names = object
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            words.extend(names.map(|(name, _)| format!("\"{name}\":")));
            let values = object.get("enum").and_then(Value::as_array).into_iter().flatten();
            words.extend(values.chain(object.get("const")).map(Value::to_string));
            object.values().for_each(|inner| collect(inner, words));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, words)),
        _ => {}
    }
}

/// The project's folder.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = own.ancestors();
    above
        .find(|folder| folder.join("tests/fixtures").is_dir())
        .expect("the fixtures are there")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = found
        .map(|entry| entry.expect("an entry can be read").path())
        .collect();
    paths.sort();
    paths
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = entries(folder);
    files.retain(|path| path.is_file());
    files
}

fn read(path: PathBuf) -> Vec<u8> {
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
