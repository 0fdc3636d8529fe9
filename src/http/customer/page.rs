//! The pages as HTML: one for each state, readable without style and usable without script.

use crate::domain::category::Category;
use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::exchange::connect_page::{CHOICE, ConnectPage, Mistake, SetUpStage, Stage, Typed};
use crate::exchange::connect_sessions::Choice;
use crate::providers::descriptor::{
    CredentialField, CredentialKind, CustomerStep, Holder, StepBy, StepNeeds,
};
use maud::{DOCTYPE, Markup, html};

/// What the vendor is called where its project has no name.
const SOME_VENDOR: &str = "your vendor";
/// The same where the customer has to fill it in.
const VENDOR_TO_FILL_IN: &str = "[name of your vendor]";

/// What a page's form shows beside what is stored.
pub struct Form<'a> {
    /// What was typed.
    pub typed: &'a Typed,
    /// What is wrong with it.
    pub mistakes: &'a [Mistake],
    /// Whether it was just taken.
    pub is_taken: bool,
}

impl Form<'_> {
    /// Nothing was typed yet.
    pub fn untouched(is_taken: bool) -> Self {
        static NOTHING: Typed = Typed::new();
        Self {
            typed: &NOTHING,
            mistakes: &[],
            is_taken,
        }
    }

    fn mistake(&self, field: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.field == field)
    }
}

/// The page of a session that is open.
pub fn open(page: &ConnectPage, form: &Form<'_>) -> Markup {
    let vendor = page.vendor.as_deref().unwrap_or(SOME_VENDOR);
    let heading = match &page.stage {
        Stage::Choose(_) => format!("Connect your recruiting system with {vendor}"),
        Stage::SetUp(stage) => format!("Connect {} with {vendor}", stage.descriptor.name),
    };
    let ats = match &page.stage {
        Stage::Choose(_) => None,
        Stage::SetUp(stage) => Some(stage.descriptor.name),
    };
    let body = html! {
        (pair(ats, page.vendor.as_deref()))
        h1 { (heading) }
        @match &page.stage {
            Stage::Choose(choices) => (choosing(page, vendor, choices, form)),
            Stage::SetUp(stage) => (setting_up(page, vendor, stage, form)),
        }
    };
    let footer = html! {
        p {
            "This page is for " strong { (page.customer) } " and is open until "
            (time(page.expires_at)) ". If you need longer, ask " (vendor) " for a new link."
        }
        p { "Keep its address to yourself: whoever has it can make this connection." }
    };
    let problem = if form.mistakes.is_empty() { "" } else { "Error: " };
    document(&format!("{problem}{heading}"), &body, &footer)
}

/// Who is connected with whom, for the eye alone: the heading says it in words.
fn pair(ats: Option<&str>, vendor: Option<&str>) -> Markup {
    let initial = |name: Option<&str>| {
        let first = name.and_then(|name| name.chars().next());
        first.map_or_else(|| "\u{2022}".to_owned(), |first| first.to_uppercase().to_string())
    };
    html! {
        div .pair aria-hidden="true" { span { (initial(ats)) } i {} span { (initial(vendor)) } }
    }
}

fn choosing(page: &ConnectPage, vendor: &str, choices: &[Choice], form: &Form<'_>) -> Markup {
    let mut categories = choices.iter().map(|choice| choice.category);
    let first = categories.next();
    let is_one_category = categories.all(|category| Some(category) == first);
    let wrong = form.mistake(CHOICE);
    html! {
        p .lead {
            "Recruiters at " strong { (page.customer) } " will order from " (vendor)
            " without leaving the system that they work in. Which one is it?"
        }
        form .card method="post" novalidate {
            fieldset aria-describedby=[wrong.map(|_| "ats-mistake")] {
                legend { "Your applicant-tracking system" }
                @if let Some(wrong) = wrong { p .mistake #ats-mistake role="alert" { (wrong.message) } }
                @for (number, choice) in (1..).zip(choices) {
                    label .choice for=(format!("ats-{number}")) {
                        input type="radio" name=(CHOICE) id=(format!("ats-{number}")) value=(choice.value()) required;
                        span {
                            (choice.provider.descriptor().name)
                            @if !is_one_category {
                                " " span .aside { "for " (words(choice.category)) }
                            }
                        }
                    }
                }
            }
            button .primary type="submit" { "Continue" }
        }
    }
}

fn setting_up(page: &ConnectPage, vendor: &str, stage: &SetUpStage, form: &Form<'_>) -> Markup {
    let ats = stage.descriptor.name;
    html! {
        p .lead {
            "Recruiters at " strong { (page.customer) } " will order " (words(stage.category)) " from " (vendor)
            " inside " (ats) ", and read the results there. You need to be an admin of " (ats) "."
        }
        @if !form.mistakes.is_empty() { (summary(form)) }
        @if form.is_taken && stage.completed_at.is_some() {
            p .taken role="status" { strong { "Saved." } " Thank you. You can close this page, or look at what is left below." }
        }
        (standing(vendor, stage))
        h2 { "What to do" }
        ol .steps {
            @for step in stage.descriptor.customer_steps {
                li { (step_of(page, vendor, stage, step, form)) }
            }
        }
        @if stage.descriptor.credentials_of(Holder::Customer).next().is_none() {
            (finish(vendor, stage))
        }
    }
}

/// What is wrong, first on the page and with a link to each field: a reader need not search for it.
fn summary(form: &Form<'_>) -> Markup {
    html! {
        div .summary role="alert" {
            h2 { "Nothing was saved yet" }
            ul {
                @for mistake in form.mistakes {
                    li { a href=(format!("#field-{}", mistake.field)) { (mistake.message) } }
                }
            }
        }
    }
}

/// How far it is, row by row.
fn standing(vendor: &str, stage: &SetUpStage) -> Markup {
    let ats = stage.descriptor.name;
    let required = stage
        .descriptor
        .credentials_of(Holder::Customer)
        .filter(|field| field.required && field.default.is_none());
    html! {
        section .card.standing aria-labelledby="standing" {
            h2 #standing { "Where it stands" }
            dl {
                (row("Trigger token", true, html! { "Ready" }))
                @for field in required {
                    @let is_set = stage.credentials.contains_key(field.name);
                    (row(field.label, is_set, html! { @if is_set { "Saved" } @else { "Missing" } }))
                }
                @if stage.descriptor.credentials_of(Holder::Customer).next().is_none() {
                    (row("Your part", stage.completed_at.is_some(), html! {
                        @match stage.completed_at {
                            Some(at) => { "Done, as you said on " (time(at)) }
                            None => { "To do" }
                        }
                    }))
                }
                @if stage.vendor_is_missing_something {
                    (row(&format!("On the side of {vendor}"), false, html! {
                        "Not complete yet. There is nothing for you to do about it."
                    }))
                }
                (row(&format!("Calls from {ats}"), stage.first_call_at.is_some(), html! {
                    @match stage.first_call_at {
                        Some(at) => { "Working: the first came on " (time(at)) }
                        None => { "None yet. The first comes when somebody opens the list of tests in " (ats) "." }
                    }
                }))
            }
            p .again { a href="?" { "Check again" } }
        }
    }
}

fn row(what: &str, is_done: bool, state: Markup) -> Markup {
    html! {
        div .row.done[is_done] {
            dt { (what) }
            dd { (state) }
        }
    }
}

fn step_of(
    page: &ConnectPage,
    vendor: &str,
    stage: &SetUpStage,
    step: &CustomerStep,
    form: &Form<'_>,
) -> Markup {
    let fill = |text: &str, vendor: &str| {
        text.replace("{base_url}", &stage.base_url)
            .replace("{customer}", &page.customer)
            .replace("{vendor}", vendor)
    };
    let who = match step.by {
        StepBy::Customer => "You".to_owned(),
        StepBy::AtsSupport => format!("{} Support", stage.descriptor.name),
    };
    html! {
        h3 { (fill(step.title, vendor)) }
        p .who { span .visually-hidden { "Done by: " } (who) }
        p { (fill(step.text, vendor)) }
        @match step.needs {
            StepNeeds::Nothing => {}
            StepNeeds::TriggerToken => (copyable("trigger-token", "Trigger token", &stage.trigger_token)),
            StepNeeds::Message(message) => {
                @let to = page.vendor.as_deref().unwrap_or(VENDOR_TO_FILL_IN);
                (copyable("message", &format!("Message to {} Support", stage.descriptor.name), &fill(message, to)))
            }
            StepNeeds::Credentials => (credentials(stage, form)),
        }
    }
}

/// A text to take elsewhere. The button is there only where the script runs; the text can always be selected.
fn copyable(id: &str, what: &str, text: &str) -> Markup {
    html! {
        div .copyable {
            div .head {
                p .what id=(format!("{id}-label")) { (what) }
                button type="button" hidden data-copy=(id) {
                    span .label { "Copy" } span .visually-hidden { " " (what) }
                }
            }
            pre id=(id) aria-labelledby=(format!("{id}-label")) role="group" { (text) }
        }
    }
}

fn credentials(stage: &SetUpStage, form: &Form<'_>) -> Markup {
    html! {
        form method="post" novalidate {
            @for field in stage.descriptor.credentials_of(Holder::Customer) {
                (credential(stage, field, form))
            }
            button .primary type="submit" { "Save" }
        }
    }
}

fn credential(stage: &SetUpStage, field: &CredentialField, form: &Form<'_>) -> Markup {
    let id = format!("field-{}", field.name);
    let (hint, mistaken) = (format!("{id}-hint"), format!("{id}-mistake"));
    let stored = stage.credentials.get(field.name).and_then(|value| value.as_str());
    let is_secret = field.kind == CredentialKind::Secret;
    let wrong = form.mistake(field.name);
    let described = match wrong {
        Some(_) => format!("{mistaken} {hint}"),
        None => hint.clone(),
    };
    // A secret is never sent back, neither what is stored nor what was just typed.
    let value = match form.typed.get(field.name) {
        _ if is_secret => None,
        Some(typed) => Some(typed.as_str()),
        None => stored,
    };
    let kind = match field.kind {
        CredentialKind::Secret => "password",
        CredentialKind::Text => "text",
        CredentialKind::Url => "url",
    };
    let is_needed = field.required && field.default.is_none();
    html! {
        div .field {
            label for=(id) {
                (field.label)
                @if !is_needed { " " span .aside { "(optional)" } }
            }
            p .hint id=(hint) {
                @if is_secret && stored.is_some() {
                    strong { "One is saved. " } "Leave this empty to keep it, or enter another one."
                } @else {
                    (field.found_at)
                }
            }
            @if let Some(wrong) = wrong { p .mistake id=(mistaken) { (wrong.message) } }
            input id=(id) name=(field.name) type=(kind) value=[value] autocomplete="off" autocapitalize="none"
                spellcheck="false" required[is_needed && !(is_secret && stored.is_some())]
                aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
        }
    }
}

/// Where there is nothing to enter, the customer can still say that its part is done.
fn finish(vendor: &str, stage: &SetUpStage) -> Markup {
    html! {
        @if stage.completed_at.is_none() {
            form .finish method="post" {
                p { "There is nothing to enter here. Let " (vendor) " know once your steps are taken:" }
                button .primary type="submit" { "My part is done" }
            }
        }
    }
}

/// What was a page.
pub fn expired(vendor: Option<&str>) -> Markup {
    let vendor = vendor.unwrap_or(SOME_VENDOR);
    notice(
        "This link is no longer open",
        &html! {
            p { "Such links work for a short time only, to keep your account safe. Nothing that you set up is lost." }
            p { "Ask " (vendor) " for a new one: it takes them a moment." }
        },
    )
}

/// What never was a page.
pub fn unknown() -> Markup {
    notice(
        "This link leads nowhere",
        &html! {
            p { "It may not have been copied in full. Open it once more from the message that it came with." }
            p { "If that does not help, ask whoever sent it to you for a new one." }
        },
    )
}

/// A form that another page sent.
pub fn not_from_here() -> Markup {
    notice(
        "This was not sent from here",
        &html! { p { "Nothing was changed. Open the link that you were sent, and fill in the form there." } },
    )
}

/// What cannot be done now.
pub fn failed(problem: &Problem) -> Markup {
    notice(
        "This does not work at the moment",
        &html! {
            p { "Nothing was changed. Try again in a minute." }
            p {
                "If it stays like this, tell whoever sent you the link that the page says "
                code { (problem.code.as_str()) } "."
            }
        },
    )
}

fn notice(heading: &str, text: &Markup) -> Markup {
    document(
        heading,
        &html! { div .card.notice { h1 { (heading) } (text) } },
        &html! {},
    )
}

/// Links are relative, so that the page works wherever a proxy puts it.
fn document(title: &str, body: &Markup, footer: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="assets/connect.svg" type="image/svg+xml";
                link rel="stylesheet" href="assets/connect.css";
                script src="assets/connect.js" defer {}
            }
            body {
                main { (body) }
                footer { (footer) }
                p #said .visually-hidden role="status" {}
            }
        }
    }
}

fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (at.to_words()) } }
}

fn words(category: Category) -> String {
    category.as_str().replace('_', " ")
}
