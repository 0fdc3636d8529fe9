//! The connect page: what a customer sees there, and what it may send. Who has the token can do this and nothing else.

use super::accounts::AccountChange;
use super::connect_sessions::{Choice, choices};
use super::context::{Exchange, UNNAMED};
use super::credentials::shown;
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::outbox::credentials::{self, Fields};
use crate::providers::descriptor::{CredentialField, CredentialKind, Descriptor, Holder};
use crate::providers::registry;
use crate::store::accounts::{self, AccountRow};
use crate::store::connect_sessions::{self, ConnectSessionRow};
use crate::store::integrations::IntegrationRow;
use crate::store::{Db, projects};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The field of the form in which the customer chooses its ATS.
pub const CHOICE: &str = "ats";

/// What a customer typed, by the names of the form's fields.
pub type Typed = BTreeMap<String, Zeroizing<String>>;

/// What there is at an address.
pub enum Visit {
    /// The page.
    Open(Box<ConnectPage>),
    /// What was a page of this vendor's.
    Expired(Option<String>),
    /// Nothing, and there never was.
    Unknown,
}

/// A page.
pub struct ConnectPage {
    /// What the vendor is called, where its project was given a name.
    pub vendor: Option<String>,
    /// What the vendor calls the customer.
    pub customer: String,
    /// From when on it is closed.
    pub expires_at: Timestamp,
    /// What is to be done.
    pub stage: Stage,
    session: ConnectSessionRow,
}

/// How far the customer is.
pub enum Stage {
    /// It is to choose its ATS among these.
    Choose(Vec<Choice>),
    /// It is to set its ATS up.
    SetUp(Box<SetUpStage>),
}

/// The set-up of an account.
pub struct SetUpStage {
    /// Its ATS.
    pub descriptor: &'static Descriptor,
    /// What is ordered.
    pub category: Category,
    /// What the customer gives its ATS.
    pub trigger_token: Zeroizing<String>,
    /// Where the ATS reaches us.
    pub base_url: String,
    /// The customer's credentials that are set, as they may be seen.
    pub credentials: Map<String, Value>,
    /// Whether the vendor still has something to set.
    pub vendor_is_missing_something: bool,
    /// When the customer said that its part is done.
    pub completed_at: Option<Timestamp>,
    /// When the ATS first called.
    pub first_call_at: Option<Timestamp>,
    account: String,
}

/// What came of a form.
pub enum Submission {
    /// It is taken.
    Taken,
    /// Something in it is wrong.
    Mistaken(Box<ConnectPage>, Vec<Mistake>),
    /// There is no page any more.
    Closed(Visit),
}

/// What is wrong with a field of a form.
pub struct Mistake {
    /// The field.
    pub field: &'static str,
    /// What to do, in words for the customer.
    pub message: String,
}

impl Exchange {
    /// The page that `token` opens, noting when that was first done.
    pub async fn visit(&self, token: &str) -> Result<Visit, Problem> {
        let (exchange, hash) = (self.clone(), self.session_hash(token));
        let visit = self.store.read(move |db| exchange.look(db, &hash)).await?;
        if let Visit::Open(page) = &visit
            && page.session.opened_at.is_none()
        {
            let (id, at) = (page.session.id.clone(), self.ambient.now());
            self.store
                .write(move |db| connect_sessions::note_opened(db, &id, at))
                .await?;
        }
        Ok(visit)
    }

    /// Takes what a customer sent from the page that `token` opens.
    pub async fn submit(&self, token: &str, typed: &Typed) -> Result<Submission, Problem> {
        let page = match self.visit(token).await? {
            Visit::Open(page) => page,
            closed => return Ok(Submission::Closed(closed)),
        };
        let mistakes = match &page.stage {
            Stage::Choose(choices) => match chosen(choices, typed) {
                Some(choice) => self.settle(&page.session, choice).await?,
                None => vec![Mistake {
                    field: CHOICE,
                    message: "Choose the system that you use.".to_owned(),
                }],
            },
            Stage::SetUp(stage) => self.save(&page.session, stage, typed).await?,
        };
        if mistakes.is_empty() {
            Ok(Submission::Taken)
        } else {
            Ok(Submission::Mistaken(page, mistakes))
        }
    }

    fn look(&self, db: &mut Db<'_>, hash: &[u8]) -> Result<Visit, Problem> {
        let Some(session) = connect_sessions::by_token(db, hash)? else {
            return Ok(Visit::Unknown);
        };
        let project = project_of(&session)?;
        let name = projects::name(db, project.as_str())?;
        let vendor = name.filter(|name| name != UNNAMED);
        if session.expires_at <= self.ambient.now().0 {
            return Ok(Visit::Expired(vendor));
        }
        let stage = match session.account_id.as_deref().and_then(AccountId::parse) {
            None => Stage::Choose(choices(db, &project, &session)?),
            Some(account) => match accounts::find(db, &project, &account)? {
                Some((account, integration)) => {
                    Stage::SetUp(Box::new(self.set_up_stage(&session, account, &integration)?))
                }
                // It was unlinked.
                None => return Ok(Visit::Expired(vendor)),
            },
        };
        Ok(Visit::Open(Box::new(ConnectPage {
            vendor,
            customer: session.origin_owner_name.clone(),
            expires_at: Timestamp(session.expires_at),
            stage,
            session,
        })))
    }

    fn set_up_stage(
        &self,
        session: &ConnectSessionRow,
        account: AccountRow,
        integration: &IntegrationRow,
    ) -> Result<SetUpStage, Problem> {
        let not_capable = || Problem::of(ErrorCode::NotCapable);
        let descriptor = registry::find(&account.provider)
            .ok_or_else(not_capable)?
            .descriptor();
        let place = credentials::of_account(&account);
        let own = credentials::open(&self.vault, place, account.credentials_sealed.as_ref())?;
        let vendors = credentials::of_vendor(&self.vault, descriptor, integration)?;
        let mut required = descriptor
            .credentials_of(Holder::Vendor)
            .filter(|field| field.required);
        Ok(SetUpStage {
            descriptor,
            category: Category::parse(&account.category).ok_or_else(not_capable)?,
            trigger_token: self.trigger_token(&account)?,
            base_url: self.base_url(&account.provider),
            credentials: shown(descriptor, Holder::Customer, &own),
            vendor_is_missing_something: required.any(|field| vendors.field(field.name).is_none()),
            completed_at: session.completed_at.map(Timestamp),
            first_call_at: account.first_call_at.map(Timestamp),
            account: account.id,
        })
    }

    /// Makes the account for the ATS that the customer chose; the first choice stands.
    async fn settle(&self, session: &ConnectSessionRow, choice: Choice) -> Result<Vec<Mistake>, Problem> {
        let (exchange, project) = (self.clone(), project_of(session)?);
        let (id, hash) = (session.id.clone(), session.token_hash.clone());
        self.store
            .write(move |db| {
                connect_sessions::lock(db, &id)?;
                let found = connect_sessions::by_token(db, &hash)?;
                let Some(session) = found.filter(|session| session.account_id.is_none()) else {
                    return Ok(());
                };
                let token = exchange.waiting_token(&session)?;
                let link = exchange.link_of(&session, choice, token);
                let account = exchange.link(db, &project, link)?;
                connect_sessions::settle(db, &id, &account)?;
                Ok::<_, Problem>(())
            })
            .await?;
        self.wake.wake();
        Ok(Vec::new())
    }

    /// Stores the credentials that the customer typed, and that its part is done.
    async fn save(
        &self,
        session: &ConnectSessionRow,
        stage: &SetUpStage,
        typed: &Typed,
    ) -> Result<Vec<Mistake>, Problem> {
        let (sent, mut mistakes) = read(stage, typed);
        let checked = self.take_credentials(
            stage.descriptor,
            Holder::Customer,
            sent.clone(),
            &mut Fields::new(),
        );
        if let Err(problem) = checked {
            mistakes.extend(in_words(stage.descriptor, &problem));
        }
        if !mistakes.is_empty() {
            return Ok(mistakes);
        }
        if !sent.is_empty() {
            let write = Write {
                project: project_of(session)?,
                key: None,
            };
            let change = AccountChange {
                credentials: sent,
                ..AccountChange::default()
            };
            self.update_account(&write, &stage.account, change).await?;
        }
        let (id, at) = (session.id.clone(), self.ambient.now());
        self.store
            .write(move |db| connect_sessions::note_completed(db, &id, at))
            .await?;
        Ok(mistakes)
    }
}

fn project_of(session: &ConnectSessionRow) -> Result<ProjectId, Problem> {
    ProjectId::parse(&session.project_id).ok_or_else(|| Problem::of(ErrorCode::Internal))
}

impl Choice {
    /// What stands for it in the form.
    pub fn value(&self) -> String {
        format!("{}/{}", self.provider.descriptor().key, self.category)
    }
}

fn chosen(choices: &[Choice], typed: &Typed) -> Option<Choice> {
    let value = typed.get(CHOICE)?;
    choices
        .iter()
        .find(|choice| choice.value() == value.as_str())
        .copied()
}

/// What is to change in the account, and what is missing. A secret that is set shows as an empty field, so that left
/// empty it stays.
fn read(stage: &SetUpStage, typed: &Typed) -> (Map<String, Value>, Vec<Mistake>) {
    let (mut sent, mut mistakes) = (Map::new(), Vec::new());
    for field in stage.descriptor.credentials_of(Holder::Customer) {
        let text = typed.get(field.name).map_or("", |text| text.trim());
        let is_set = stage.credentials.contains_key(field.name);
        let is_needed = field.required && field.default.is_none();
        if text.contains(char::is_control) {
            mistakes.push(not_right(field));
        } else if !text.is_empty() {
            sent.insert(field.name.to_owned(), Value::from(text));
        } else if is_set && field.kind == CredentialKind::Secret {
            continue;
        } else if is_needed {
            mistakes.push(Mistake {
                field: field.name,
                message: format!("Enter the {}.", field.label),
            });
        } else if is_set {
            sent.insert(field.name.to_owned(), Value::Null);
        }
    }
    (sent, mistakes)
}

/// What is wrong with credentials, for people who do not read regular expressions.
fn in_words(descriptor: &'static Descriptor, problem: &Problem) -> Vec<Mistake> {
    let mistake = |field: &'static CredentialField| {
        let pointer = format!("/credentials/{}", field.name);
        let violation = problem.violations.iter().find(|one| one.pointer == pointer)?;
        Some(match violation.code.as_str() {
            "pattern" | "maxLength" => not_right(field),
            _ => Mistake {
                field: field.name,
                message: violation.message.clone(),
            },
        })
    };
    descriptor
        .credentials_of(Holder::Customer)
        .filter_map(mistake)
        .collect()
}

fn not_right(field: &CredentialField) -> Mistake {
    Mistake {
        field: field.name,
        message: format!(
            "This does not look right for the {}: copy all of it, and nothing else.",
            field.label
        ),
    }
}
