//! `crosscheck new-provider`: the folders and registry lines of another ATS, for somebody who has this source tree.
//! What is written compiles; the conformance suite then says what is still to be written.

use std::io;
use std::path::{Path, PathBuf};

/// What is written: where (under the source tree), and what.
const FILES: &[(&str, &str)] = &[
    (
        "src/providers/__key__/mod.rs",
        include_str!("template/provider/mod.rs.txt"),
    ),
    (
        "src/providers/__key__/descriptor.rs",
        include_str!("template/provider/descriptor.rs.txt"),
    ),
    (
        "src/providers/__key__/wire.rs",
        include_str!("template/provider/wire.rs.txt"),
    ),
    (
        "src/providers/__key__/inbound.rs",
        include_str!("template/provider/inbound.rs.txt"),
    ),
    (
        "src/providers/__key__/outbound.rs",
        include_str!("template/provider/outbound.rs.txt"),
    ),
    (
        "src/sandbox/__key__/mod.rs",
        include_str!("template/sandbox/mod.rs.txt"),
    ),
    (
        "schemas/__key__/list_packages.response.json",
        include_str!("template/schemas/list_packages.response.json"),
    ),
    (
        "schemas/__key__/place_order.request.json",
        include_str!("template/schemas/place_order.request.json"),
    ),
    (
        "schemas/__key__/place_order.response.json",
        include_str!("template/schemas/place_order.response.json"),
    ),
    (
        "schemas/__key__/callback.request.json",
        include_str!("template/schemas/callback.request.json"),
    ),
    (
        "tests/fixtures/__key__/full/request.json",
        include_str!("template/fixtures/request.json"),
    ),
    (
        "tests/fixtures/__key__/full/event.json",
        include_str!("template/fixtures/event.json"),
    ),
];

/// The lines that register it: in which file, before which line, what.
const LINES: &[(&str, &str, &str)] = &[
    ("src/providers/mod.rs", "pub mod provider;", "mod __key__;"),
    (
        "src/providers/registry.rs",
        "];",
        "    &super::__key__::__Type__,",
    ),
    ("src/sandbox/mod.rs", "mod refusal;", "mod __key__;"),
    (
        "src/sandbox/registry.rs",
        "];",
        "    (\"__key__\", super::__key__::start),",
    ),
];

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum NewProviderError {
    /// The key cannot be one.
    #[error(
        "{0:?} cannot be a provider's key: lower-case letters, digits and _, a letter first (acme, acme_hr)"
    )]
    Key(String),
    /// There is something of that name.
    #[error("{0} is there already: nothing was written")]
    Exists(PathBuf),
    /// The folder is not Crosscheck's source tree.
    #[error("{0} has no line {1:?}: run this in Crosscheck's source tree")]
    NotTheTree(PathBuf, &'static str),
    /// The disk.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// Writes a provider with that key and name into the source tree at `root`. Returns what was written or changed.
pub fn write(root: &Path, key: &str, name: &str) -> Result<Vec<PathBuf>, NewProviderError> {
    let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_key || RESERVED.contains(&key) {
        return Err(NewProviderError::Key(key.to_owned()));
    }
    let filled = |text: &str| {
        text.replace("__key__", key)
            .replace("__Type__", &type_name(key))
            .replace("__Name__", name)
    };
    let mut changes = Vec::new();
    for (place, before, line) in LINES {
        let path = root.join(place);
        let text =
            std::fs::read_to_string(&path).map_err(|error| NewProviderError::Io(path.clone(), error))?;
        let changed = insert(&text, before, &filled(line))
            .ok_or_else(|| NewProviderError::NotTheTree(path.clone(), before))?;
        changes.push((path, changed));
    }
    for (place, text) in FILES {
        let path = root.join(filled(place));
        if path.exists() {
            return Err(NewProviderError::Exists(path));
        }
        changes.push((path, filled(text)));
    }
    for (path, text) in &changes {
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(path, text))
            .map_err(|error| NewProviderError::Io(path.clone(), error))?;
    }
    Ok(changes.into_iter().map(|(path, _)| path).collect())
}

/// Names of the rooms' own modules, beside which a provider's folder stands.
const RESERVED: &[&str] = &[
    "ats",
    "authorization",
    "caller",
    "control",
    "descriptor",
    "faults",
    "forms",
    "inbound",
    "journal",
    "links",
    "provider",
    "refusal",
    "registry",
    "scene",
    "set_up",
    "unified",
    "view",
    "wire",
];

/// `text` with `line` before the first line that is `before`.
fn insert(text: &str, before: &str, line: &str) -> Option<String> {
    let at = text.lines().position(|one| one == before)?;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(at, line);
    Some(lines.join("\n") + "\n")
}

/// `acme_hr` -> `AcmeHr`.
fn type_name(key: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    key.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that are changed, copied to where they may be.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (place, ..) in LINES {
            let path = root.path().join(place);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(place), path).unwrap();
        }
        root
    }

    #[test]
    fn a_provider_is_written_and_registered_once() {
        let root = tree();
        let written = write(root.path(), "acme_hr", "Acme HR").unwrap();
        assert_eq!(written.len(), FILES.len() + LINES.len());
        let read = |place: &str| std::fs::read_to_string(root.path().join(place)).unwrap();
        assert!(read("src/providers/registry.rs").contains("    &super::acme_hr::AcmeHr,\n];"));
        assert!(read("src/sandbox/mod.rs").contains("mod acme_hr;\n"));
        for path in &written {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(!text.contains("__"), "{}", path.display());
        }
        let again = write(root.path(), "acme_hr", "Acme HR").unwrap_err();
        assert!(matches!(again, NewProviderError::Exists(_)), "{again}");
        assert_eq!(read("src/sandbox/mod.rs").matches("acme_hr").count(), 1);
    }

    #[test]
    fn a_key_that_cannot_be_a_folder_and_a_module_is_refused() {
        for key in ["", "Acme", "7acmes", "a-b", "../x", "wire", "registry"] {
            let refused = write(tree().path(), key, "X").unwrap_err();
            assert!(matches!(refused, NewProviderError::Key(_)), "{key}");
        }
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(matches!(
            write(elsewhere.path(), "acme", "X").unwrap_err(),
            NewProviderError::Io(..)
        ));
    }
}
