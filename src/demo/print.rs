//! The story on a terminal: numbered steps, and every message with who spoke to whom.

use super::vendor::{self, Received};
use crate::sandbox::journal::{Direction, Exchanged};
use std::io::{IsTerminal, Write};

const WIDTH: usize = 100;

/// Prints the story.
pub struct Printer {
    coloured: bool,
}

/// A request with its answer.
pub struct Message<'a> {
    /// Who asked.
    pub from: &'a str,
    /// Who answered.
    pub to: &'a str,
    /// GET, POST, ...
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Headers that are worth seeing.
    pub headers: &'a [(&'a str, &'a str)],
    /// The request's JSON; empty or `null` where there was none.
    pub request: &'a str,
    /// The answer's status; none where no answer came.
    pub status: Option<u16>,
    /// The answer's JSON, likewise.
    pub response: &'a str,
}

/// How something looks. The codes are ANSI's.
#[derive(Clone, Copy)]
enum Look {
    Heading,
    Arrow,
    Good,
    Bad,
    Aside,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Self::Heading => "1",
            Self::Arrow => "36",
            Self::Good => "32",
            Self::Bad => "33",
            Self::Aside => "2",
        }
    }
}

impl Printer {
    /// In colour where somebody looks at it and does not object.
    pub fn on_stdout() -> Self {
        let objected = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            coloured: std::io::stdout().is_terminal() && !objected,
        }
    }

    /// A heading without a number.
    pub fn heading(&self, title: &str) {
        let rule = "=".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        self.line(&format!(
            "\n{}",
            self.paint(Look::Heading, &format!("== {title} {rule}"))
        ));
    }

    /// The start of a step.
    pub fn step(&self, number: u8, title: &str) {
        let rule = "-".repeat(WIDTH.saturating_sub(title.chars().count() + 7));
        let heading = format!("-- {number:>2}. {title} {rule}");
        self.line(&format!("\n{}", self.paint(Look::Heading, &heading)));
    }

    /// A sentence.
    pub fn say(&self, sentence: &str) {
        self.line(&format!("  {sentence}"));
    }

    /// A sentence that begins a paragraph.
    pub fn tell(&self, sentence: &str) {
        self.line(&format!("\n  {sentence}"));
    }

    /// Something that is nobody's message, as JSON.
    pub fn show(&self, title: &str, json: &str) {
        self.tell(&format!("{title}:"));
        self.body(json);
    }

    /// A claim: printed where it holds, a failure where it does not.
    pub fn check(&self, holds: bool, claim: &str) -> Result<(), String> {
        if !holds {
            return Err(format!("it does not hold that {claim}"));
        }
        self.line(&format!("  {} {claim}", self.paint(Look::Good, "ok")));
        Ok(())
    }

    /// What stands in one place and what stands in another, line by line.
    pub fn translation(&self, lines: &[(String, String, String)]) {
        let widest = |text: fn(&(String, String, String)) -> &String| {
            let lengths = lines.iter().map(|line| text(line).chars().count());
            lengths.max().unwrap_or_default()
        };
        let (left, right) = (widest(|line| &line.0), widest(|line| &line.1));
        for (from, to, value) in lines {
            let arrow = self.paint(Look::Arrow, "=>");
            let value = self.paint(Look::Aside, value);
            self.line(&format!("    {from:left$} {arrow} {to:right$}  {value}"));
        }
    }

    /// A message and its answer.
    pub fn message(&self, message: &Message<'_>) {
        let (from, to) = (message.from, message.to);
        let out = self.paint(Look::Arrow, &format!("{from} --> {to}"));
        self.line(&format!("\n  {out}  {} {}", message.method, message.path));
        for (name, value) in message.headers {
            self.line(&format!(
                "      {}",
                self.paint(Look::Aside, &format!("{name}: {value}"))
            ));
        }
        self.body(message.request);
        let back = self.paint(Look::Arrow, &format!("{from} <-- {to}"));
        let status = match message.status {
            Some(status @ 200..300) => self.paint(Look::Good, &status.to_string()),
            Some(status) => self.paint(Look::Bad, &status.to_string()),
            None => self.paint(Look::Bad, "no answer"),
        };
        self.line(&format!("  {back}  {status}"));
        self.body(message.response);
    }

    /// A message between an ATS of that name and Crosscheck.
    pub fn exchanged(&self, ats: &str, exchanged: &Exchanged) {
        let (from, to) = match exchanged.direction {
            Direction::ToPartner => (ats, "Crosscheck"),
            Direction::FromPartner => ("Crosscheck", ats),
        };
        self.message(&Message {
            from,
            to,
            method: &exchanged.method,
            path: &exchanged.url,
            headers: &[],
            request: exchanged.request.get(),
            status: exchanged.status,
            response: exchanged.response.get(),
        });
    }

    /// A webhook that the vendor received.
    pub fn received(&self, received: &Received) {
        self.message(&Message {
            from: "Crosscheck",
            to: "vendor",
            method: "POST",
            path: vendor::PATH,
            headers: &[
                ("webhook-id", &received.headers.id),
                ("webhook-timestamp", &received.headers.timestamp),
                ("webhook-signature", &received.headers.signature),
            ],
            request: &received.body,
            status: Some(received.status),
            response: "",
        });
    }

    fn body(&self, json: &str) {
        if !json.is_empty() && json != "null" {
            for line in indented(json).lines() {
                self.line(&format!("      {line}"));
            }
        }
    }

    fn paint(&self, look: Look, text: &str) -> String {
        if self.coloured {
            format!("\u{1b}[{}m{text}\u{1b}[0m", look.code())
        } else {
            text.to_owned()
        }
    }

    /// A reader that has gone away (`| head`) is no reason to stop the story.
    fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}

/// JSON over several lines, its keys in the order in which they came. What is not JSON comes out somehow.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth: usize = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(close) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(character);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                out.push(character);
                in_string = character == '"';
            }
        }
    }
    out
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_spread_over_lines_and_stays_the_same_json() {
        assert_eq!(
            indented(r#"{"b":1,"a":{},"c":[ ],"d":[{"e":"x: \"{,\\"},null]}"#),
            "{\n  \"b\": 1,\n  \"a\": {},\n  \"c\": [],\n  \"d\": [\n    {\n      \"e\": \"x: \\\"{,\\\\\"\n    },\n    null\n  ]\n}"
        );
        let document = json!({"a": [1, 2.5, "t\"\\", {"b": [[]]}], "ü": "\n"});
        for text in [document.to_string(), format!("{document:#}")] {
            assert_eq!(indented(&text), serde_json::to_string_pretty(&document).unwrap());
        }
    }

    #[test]
    fn what_is_not_json_is_printed_too() {
        assert_eq!(indented("}]\"open"), "\n}\n]\"open");
        assert_eq!(indented(""), "");
    }
}
