//! What of an ATS's message became what of the vendor's record: checked, and shown line by line.

use super::print::Printer;
use super::stage::dotted;
use serde_json::Value;

/// One value on its way.
pub struct Line {
    from: String,
    to: &'static str,
    value: Option<String>,
}

/// What is only copied: from which place of `payload`, and to which of the record.
pub fn copied(payload: &Value, places: &[(&'static str, &'static str)]) -> Vec<Line> {
    let lines = places.iter().map(|(from, to)| Line {
        from: dotted(from),
        to,
        value: payload.pointer(from).map(spelled),
    });
    lines.collect()
}

/// What comes from elsewhere than a place of its own.
pub fn derived(from: &str, to: &'static str, value: impl Into<Value>) -> Line {
    Line {
        from: from.to_owned(),
        to,
        value: Some(spelled(&value.into())),
    }
}

/// Shows the lines, or names the first that does not hold.
pub fn show(printer: &Printer, record: &Value, lines: Vec<Line>) -> Result<(), String> {
    let mut shown = Vec::new();
    for Line { from, to, value } in lines {
        let found = record.pointer(to).map(spelled);
        match (value, found) {
            (Some(value), Some(found)) if value == found => shown.push((from, dotted(to), found)),
            (value, found) => {
                let to = dotted(to);
                return Err(format!("{to} is {found:?} and not {value:?}, the {from}"));
            }
        }
    }
    printer.tell("The translation, checked line by line:");
    printer.translation(&shown);
    Ok(())
}

/// A text as it is; an id may be a number here and a text there. The rest is compared as JSON, keys sorted.
fn spelled(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
