//! `docs/providers/`: a page for each ATS, written from its descriptor, so that what people read is what runs.

use crate::domain::category::Category;
use crate::providers::authorization::TokenIn;
use crate::providers::descriptor::{
    Basis, Certainty, CredentialField, CredentialKind, Descriptor, FieldKind, Holder, Requirement,
    ResultField, StepBy, StepNeeds,
};
use crate::providers::registry;
use std::fmt::Write;

const GENERATED: &str =
    "<!-- Generated from the provider's descriptor by `make contracts`. Do not edit. -->\n\n";

/// The index: which ATSs there are, and how they differ.
pub fn index() -> String {
    let mut page = format!("{GENERATED}# Providers\n\n");
    page += "One page for each ATS: what it calls, what we call, what a recruiter sees of a result, and how sure each fact is.\n\n";
    let columns = ["ATS", "key", "orders", "a complete result needs", "not certain"];
    let rows = registry::all().iter().map(|provider| {
        let descriptor = provider.descriptor();
        let needs = descriptor
            .result_fields
            .iter()
            .filter(|field| field.required == Requirement::WhenComplete)
            .map(|field| code(field.name));
        [
            format!("[{}]({}.md)", descriptor.name, descriptor.key),
            code(descriptor.key),
            categories(descriptor.categories),
            or_dash(needs.collect::<Vec<_>>().join(", ")),
            uncertain(descriptor).to_string(),
        ]
    });
    page + &table(&columns, rows)
}

/// The page of one ATS.
pub fn page(descriptor: &Descriptor) -> String {
    let mut page = format!("{GENERATED}# {} (`{}`)\n\n", descriptor.name, descriptor.key);
    let _ = writeln!(
        page,
        "Orders: {}. {}\n",
        categories(descriptor.categories),
        token(descriptor)
    );
    page += "How sure a fact is: *documented* (the ATS's own documents say so), *third party* (others who integrated say so), *assumed* (nobody says so; it is the most likely reading). The number names the source, at the end of the page.\n\n";
    let mut sources = Sources::default();
    page += "## Setting up\n\n";
    for (number, step) in (1..).zip(descriptor.setup_steps) {
        let _ = writeln!(page, "{number}. {step}");
    }
    page += &customer_steps(descriptor, &mut sources);
    page += &credentials(descriptor, &mut sources);
    page += &set_up(descriptor, &mut sources);
    page += &calls(descriptor, &mut sources);
    page += &result(descriptor, &mut sources);
    page += &assumptions(descriptor, &mut sources);
    page += "\n## Sources\n\n";
    for (number, source) in (1..).zip(sources.0) {
        let _ = writeln!(page, "{number}. {source}");
    }
    page
}

/// What the facts of a page rest on, in the order in which they are named.
#[derive(Default)]
struct Sources(Vec<&'static str>);

impl Sources {
    /// How sure a fact is, with the number of its source.
    fn cite(&mut self, basis: Basis) -> String {
        let word = match basis.certainty {
            Certainty::Documented => "documented",
            Certainty::ThirdParty => "third party",
            Certainty::Assumed => "assumed",
        };
        let known = self.0.iter().position(|source| *source == basis.source);
        let index = known.unwrap_or_else(|| {
            self.0.push(basis.source);
            self.0.len() - 1
        });
        format!("{word} ({})", index + 1)
    }
}

fn token(descriptor: &Descriptor) -> &'static str {
    match descriptor.token_in {
        TokenIn::BasicUser => {
            "It calls us with the customer's trigger token (`secretKey`) as HTTP Basic user name."
        }
        TokenIn::BasicUserOrPassword => {
            "It calls us with the customer's trigger token (`secretKey`) as HTTP Basic user name; as password it is taken as well."
        }
        TokenIn::Bearer => "It calls us with the customer's trigger token (`secretKey`) as bearer token.",
    }
}

fn customer_steps(descriptor: &Descriptor, sources: &mut Sources) -> String {
    let mut text =
        "\n## What the customer reads\n\nOn the page that `POST /connect_sessions` opens; with your name for `{vendor}`.\n\n"
            .to_owned();
    for (number, step) in (1..).zip(descriptor.customer_steps) {
        let who = match step.by {
            StepBy::Customer => String::new(),
            StepBy::AtsSupport => format!(" (by {}'s support)", descriptor.name),
        };
        let needs = match step.needs {
            StepNeeds::Nothing => "",
            StepNeeds::TriggerToken => " *Here stands the trigger token.*",
            StepNeeds::Message(_) => " *Here stands the message.*",
            StepNeeds::Credentials => " *Here stands the form for the customer's credentials.*",
        };
        let sure = sources.cite(step.basis);
        let _ = writeln!(
            text,
            "{number}. **{}**{who}: {}{needs} {sure}",
            step.title, step.text
        );
    }
    text
}

fn credentials(descriptor: &Descriptor, sources: &mut Sources) -> String {
    if descriptor.credential_fields.is_empty() {
        return "\nNo credentials are needed beyond the trigger token.\n".to_owned();
    }
    let columns = [
        "credential",
        "whose",
        "",
        "default",
        "what it is, and where to find it",
        "certainty",
    ];
    let rows = descriptor.credential_fields.iter().map(|field| {
        [
            code(field.name),
            match field.holder {
                Holder::Vendor => "yours (`PATCH /integrations/{id}`)".to_owned(),
                Holder::Customer => "the customer's (`PATCH /accounts/{id}`)".to_owned(),
            },
            kind(field),
            or_dash(field.default.map(code).unwrap_or_default()),
            format!("{}. {}", field.label, field.found_at),
            sources.cite(field.basis),
        ]
    });
    format!("\n## Credentials\n\n{}", table(&columns, rows))
}

fn kind(field: &CredentialField) -> String {
    let kind = match field.kind {
        CredentialKind::Text => "text",
        CredentialKind::Secret => "secret",
        CredentialKind::Url => "URL",
    };
    if field.required && field.default.is_none() {
        format!("{kind}, required")
    } else {
        kind.to_owned()
    }
}

fn set_up(descriptor: &Descriptor, sources: &mut Sources) -> String {
    if descriptor.set_up.is_empty() {
        return String::new();
    }
    let columns = ["step", "what it does", "inputs", "sets", "certainty"];
    let rows = descriptor.set_up.iter().map(|step| {
        let inputs = step.inputs.iter().map(|input| {
            let optional = if input.required { "" } else { " (optional)" };
            format!("{}{optional}: {}", code(input.name), input.description)
        });
        [
            code(step.name),
            step.purpose.to_owned(),
            or_dash(inputs.collect::<Vec<_>>().join("<br>")),
            step.sets
                .iter()
                .map(|name| code(name))
                .collect::<Vec<_>>()
                .join(", "),
            sources.cite(step.basis),
        ]
    });
    format!(
        "\n## Registering by API\n\n`POST /integrations/{{id}}/set_up/{{step}}` with `{{\"inputs\": {{...}}}}`, or `crosscheck set-up INTEGRATION STEP --input NAME=VALUE`.\n\n{}",
        table(&columns, rows)
    )
}

fn calls(descriptor: &Descriptor, sources: &mut Sources) -> String {
    let columns = ["name", "where", "what for", "certainty"];
    let operations = descriptor.operations.iter().map(|operation| {
        [
            code(operation.name),
            code(&format!("{} {{endpoint}}/{}", operation.method, operation.path)),
            operation.purpose.to_owned(),
            sources.cite(operation.basis),
        ]
    });
    let theirs = table(&columns, operations);
    let calls = descriptor.calls.iter().map(|call| {
        [
            code(call.name),
            format!("{} {}", code(call.method), call.url),
            call.purpose.to_owned(),
            sources.cite(call.basis),
        ]
    });
    let ours = table(&columns, calls);
    let hosts = callback_hosts(descriptor, sources);
    format!(
        "\n## What {0} calls\n\n`{{endpoint}}` is `{{PUBLIC_URL}}/external-trigger/{1}`; schemas are in `schemas/{1}/`.\n\n{theirs}\n## What we call\n\n{ours}\n{hosts}",
        descriptor.name, descriptor.key,
    )
}

fn callback_hosts(descriptor: &Descriptor, sources: &mut Sources) -> String {
    if descriptor.callback_hosts.is_empty() {
        return "It is not known under which hosts this ATS is called: `CROSSCHECK_PIN_CALLBACKS` changes nothing for it.\n".to_owned();
    }
    let hosts = descriptor.callback_hosts.iter();
    let hosts = hosts.map(|host| format!("{}, {}", code(host.domain), sources.cite(host.basis)));
    format!(
        "With `CROSSCHECK_PIN_CALLBACKS=on` these calls go only to the following domains, to what is under them, and to allowed networks: {}.\n",
        hosts.collect::<Vec<_>>().join("; ")
    )
}

fn result(descriptor: &Descriptor, sources: &mut Sources) -> String {
    let columns = [
        "field",
        "",
        "what it is",
        "where the recruiter sees it",
        "certainty",
    ];
    let rows = descriptor.result_fields.iter().map(|field| {
        [
            code(field.name),
            field_notes(field, descriptor),
            field.description.to_owned(),
            field.shown_as.to_owned(),
            sources.cite(field.basis),
        ]
    });
    format!(
        "\n## What the recruiter sees of a result\n\nFields that are not listed are kept and named in `warnings[]` of the answer.\n\n{}",
        table(&columns, rows)
    )
}

fn field_notes(field: &ResultField, descriptor: &Descriptor) -> String {
    let mut notes = vec![
        match field.kind {
            FieldKind::Text => "text",
            FieldKind::Number => "number",
            FieldKind::DateTime => "RFC 3339 date-time",
            FieldKind::Url => "http(s) URL",
            FieldKind::ResultValue => "one of the result values",
            FieldKind::Attachments => "list of documents",
        }
        .to_owned(),
    ];
    if field.required == Requirement::WhenComplete {
        notes.push("**required once complete**".to_owned());
    }
    let taken = field
        .categories
        .iter()
        .filter(|one| descriptor.categories.contains(one));
    if taken.count() < descriptor.categories.len() {
        notes.push(format!("only for {}", categories(field.categories)));
    }
    if !field.not_told_apart.is_empty() {
        let values = field.not_told_apart.iter().map(|value| code(value));
        notes.push(format!(
            "no word of its own for {}",
            values.collect::<Vec<_>>().join(", ")
        ));
    }
    notes.join("; ")
}

fn assumptions(descriptor: &Descriptor, sources: &mut Sources) -> String {
    let columns = ["what is taken to be so", "certainty", "changed by"];
    let rows = descriptor.assumptions.iter().map(|assumption| {
        [
            assumption.what.to_owned(),
            sources.cite(assumption.basis),
            or_dash(assumption.configured_by.map(code).unwrap_or_default()),
        ]
    });
    let uncertain = if descriptor.assumptions.is_empty() {
        "Nothing is taken for granted beyond what is documented.\n".to_owned()
    } else {
        table(&columns, rows)
    };
    format!("\n## What is not certain\n\n{uncertain}")
}

/// How many of the facts are not documented by the ATS.
fn uncertain(descriptor: &Descriptor) -> usize {
    let facts = descriptor.assumptions.iter().map(|one| one.basis);
    facts
        .filter(|basis| basis.certainty != Certainty::Documented)
        .count()
}

fn categories(categories: &[Category]) -> String {
    let names = categories
        .iter()
        .map(|category| category.as_str().replace('_', " "));
    names.collect::<Vec<_>>().join(", ")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn table<const N: usize>(columns: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(columns.iter().map(|name| (*name).to_owned()).collect());
    table += &line(vec!["---".to_owned(); N]);
    for row in rows {
        // A bar would end the cell.
        table += &line(row.iter().map(|cell| cell.replace('|', "\\|")).collect());
    }
    table
}
