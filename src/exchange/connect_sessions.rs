//! Connect sessions: a vendor asks for a page on which one customer sets up its side.

use super::accounts::{TRIGGER_TOKEN_PREFIX, text_of};
use super::context::Exchange;
use super::keys::new_token;
use super::linking::{Link, LinkedCustomer, unknown_integration};
use super::write::Write;
use crate::ambient::random_key;
use crate::crypto::Place;
use crate::domain::category::Category;
use crate::domain::id::{AccountId, ConnectSessionId, IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::outbox::credentials::Fields;
use crate::providers::provider::Provider;
use crate::providers::registry;
use crate::store::connect_sessions::{self, ConnectSessionRow};
use crate::store::{Db, accounts, integrations};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

const TOKEN_PREFIX: &str = "cs_";

/// A page that a vendor asks for.
pub struct NewSession {
    /// The customer's id at the vendor's.
    pub origin_owner_id: String,
    /// The customer's name at the vendor's.
    pub origin_owner_name: String,
    /// Who will set it up, at the vendor's.
    pub origin_username: Option<String>,
    /// Through which provider, where that is settled.
    pub provider: Option<String>,
    /// For what: ours restrict the choice, other words do not.
    pub categories: Vec<String>,
    /// Through which integration, where that is settled.
    pub integration_id: Option<String>,
    /// The account to set up anew; else one is made.
    pub account_id: Option<String>,
    /// What the vendor calls the account.
    pub label: Option<String>,
    /// `production` or `test`.
    pub kind: String,
    /// The vendor's own.
    pub metadata: Option<Map<String, Value>>,
    /// For how many seconds the page is open.
    pub expires_in: i64,
}

/// A session with the trigger token of its account.
#[derive(Serialize, Deserialize)]
pub struct ShownSession {
    /// The row.
    pub row: ConnectSessionRow,
    /// What the customer gives its ATS.
    pub trigger_token: Zeroizing<String>,
}

/// A session that was just made.
#[derive(Serialize, Deserialize)]
pub struct OpenedSession {
    /// The session.
    pub session: ShownSession,
    /// What opens its page.
    pub token: Zeroizing<String>,
}

/// An ATS with what is ordered through it: what a customer may choose.
#[derive(Clone, Copy)]
pub struct Choice {
    /// The ATS.
    pub provider: &'static dyn Provider,
    /// What is ordered.
    pub category: Category,
}

impl Exchange {
    /// Makes a session. Where what was sent leaves one choice, its account is made with it; else the customer chooses.
    pub async fn create_connect_session(
        &self,
        write: &Write,
        new: NewSession,
    ) -> Result<OpenedSession, Problem> {
        let (exchange, project) = (self.clone(), write.project.clone());
        let opened = self
            .write_once(write, move |db| exchange.open_session(db, &project, new))
            .await?;
        self.wake.wake();
        Ok(opened)
    }

    /// The session that a token opens, for the project that made it.
    pub async fn authenticate_connect_session(
        &self,
        project: &ProjectId,
        token: &str,
    ) -> Result<ShownSession, Problem> {
        let (exchange, hash, project) = (self.clone(), self.session_hash(token), project.clone());
        let now = self.ambient.now();
        self.store
            .read(move |db| {
                let found = connect_sessions::by_token(db, &hash)?;
                let row = found
                    .filter(|row| row.project_id == project.as_str() && row.expires_at > now.0)
                    .ok_or_else(unknown)?;
                let trigger_token = match row.account_id.as_deref().and_then(AccountId::parse) {
                    Some(account) => {
                        let (account, _) = accounts::find(db, &project, &account)?.ok_or_else(unknown)?;
                        exchange.trigger_token(&account)?
                    }
                    None => exchange.waiting_token(&row)?,
                };
                Ok(ShownSession { row, trigger_token })
            })
            .await
    }

    /// Where the page is that a token opens.
    pub fn connect_url(&self, token: &str) -> String {
        format!("{}/connect/{token}", self.public_url)
    }

    /// Which origin the pages have, where they are called by their own address.
    pub fn origin(&self) -> String {
        Url::parse(&self.public_url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }

    /// The hash by which a session is found.
    pub(super) fn session_hash(&self, token: &str) -> Vec<u8> {
        self.vault.lookup("connect_session", token)
    }

    /// The trigger token that waits in a session for its account.
    pub(super) fn waiting_token(&self, row: &ConnectSessionRow) -> Result<Zeroizing<String>, Problem> {
        let sealed = row.trigger_token_sealed.as_ref().ok_or_else(unknown)?;
        Ok(self
            .vault
            .open_text(waiting_place(&row.project_id, &row.id), sealed)?)
    }

    fn open_session(
        &self,
        db: &mut Db<'_>,
        project: &ProjectId,
        new: NewSession,
    ) -> Result<OpenedSession, Problem> {
        let token = new_token(self.ambient.as_ref(), TOKEN_PREFIX);
        let edited = new.account_id.clone();
        let mut row = self.blank_session(project, new, &token);
        let trigger_token = match edited {
            Some(account) => self.edit(db, project, &account, &mut row)?,
            None => self.link_or_wait(db, project, &mut row)?,
        };
        connect_sessions::insert(db, &row)?;
        let session = ShownSession { row, trigger_token };
        Ok(OpenedSession { session, token })
    }

    fn blank_session(&self, project: &ProjectId, new: NewSession, token: &str) -> ConnectSessionRow {
        let at = self.ambient.now();
        ConnectSessionRow {
            id: ConnectSessionId::new(self.ambient.uuid()).as_str().to_owned(),
            // As many bits as a number has exactly in every reader of JSON.
            number: i64::try_from(u64::from_le_bytes(random_key(self.ambient.as_ref())) >> 12)
                .unwrap_or_default(),
            project_id: project.as_str().to_owned(),
            token_hash: self.session_hash(token),
            account_id: None,
            provider: new.provider,
            integration_id: new.integration_id,
            categories: new.categories.join(","),
            origin_owner_id: new.origin_owner_id,
            origin_owner_name: new.origin_owner_name,
            origin_username: new.origin_username,
            label: new.label,
            kind: new.kind,
            metadata: text_of(new.metadata),
            trigger_token_sealed: None,
            created_at: at.0,
            expires_at: at.plus_ms(new.expires_in.saturating_mul(1000)).0,
            opened_at: None,
            completed_at: None,
        }
    }

    /// Has the session be for an account that is there; returns its trigger token.
    fn edit(
        &self,
        db: &mut Db<'_>,
        project: &ProjectId,
        account: &str,
        row: &mut ConnectSessionRow,
    ) -> Result<Zeroizing<String>, Problem> {
        let unknown = || Problem::not_found("account (account_id)");
        let id = AccountId::parse(account).ok_or_else(unknown)?;
        let (account, _) = accounts::find(db, project, &id)?.ok_or_else(unknown)?;
        // A vendor that took the id from one customer's browser must not show that customer another one's token.
        if account.origin_owner_id != row.origin_owner_id {
            return Err(mismatch(
                "/origin_owner_id",
                "account_id names another customer's account: send the origin_owner_id that it was made with",
            ));
        }
        if row
            .provider
            .as_ref()
            .is_some_and(|sent| *sent != account.provider)
        {
            return Err(mismatch(
                "/provider",
                "account_id names an account of another provider",
            ));
        }
        let token = self.trigger_token(&account)?;
        row.account_id = Some(account.id);
        row.provider = Some(account.provider);
        row.integration_id = Some(account.integration_id);
        Ok(token)
    }

    /// Makes the account where only one is possible; else seals its trigger token until the customer has chosen.
    fn link_or_wait(
        &self,
        db: &mut Db<'_>,
        project: &ProjectId,
        row: &mut ConnectSessionRow,
    ) -> Result<Zeroizing<String>, Problem> {
        integrations::lock(db, project)?;
        let choices = choices(db, project, row)?;
        let token = new_token(self.ambient.as_ref(), TRIGGER_TOKEN_PREFIX);
        match choices.as_slice() {
            [] => {
                let message = "no ATS has all that was asked for: GET /connectors/meta lists what each has";
                Err(Problem::new(ErrorCode::NotCapable, message))
            }
            [only] => {
                let account = self.link(db, project, self.link_of(row, *only, token.clone()))?;
                row.account_id = Some(account.id);
                row.provider = Some(account.provider);
                row.integration_id = Some(account.integration_id);
                Ok(token)
            }
            _ => {
                let place = waiting_place(project.as_str(), &row.id);
                row.trigger_token_sealed = Some(self.vault.seal(place, token.as_bytes()));
                Ok(token)
            }
        }
    }

    /// The customer of a session, linked as `choice` says.
    pub(super) fn link_of(&self, row: &ConnectSessionRow, choice: Choice, token: Zeroizing<String>) -> Link {
        Link {
            provider: choice.provider,
            category: choice.category,
            integration: row.integration_id.as_deref().and_then(IntegrationId::parse),
            token,
            credentials: Fields::new(),
            customer: LinkedCustomer {
                origin_owner_id: row.origin_owner_id.clone(),
                origin_owner_name: row.origin_owner_name.clone(),
                origin_username: row.origin_username.clone(),
                label: row.label.clone(),
                kind: row.kind.clone(),
                metadata: row.metadata.clone(),
            },
        }
    }
}

/// What a session leaves to choose from: what the project has integrations for, or, where none of them fits, whatever
/// one could be made for.
pub(super) fn choices(
    db: &mut Db<'_>,
    project: &ProjectId,
    row: &ConnectSessionRow,
) -> Result<Vec<Choice>, Problem> {
    if let Some(id) = &row.integration_id {
        return Ok(vec![choice_of_integration(db, project, row, id)?]);
    }
    if row
        .provider
        .as_deref()
        .is_some_and(|key| registry::find(key).is_none())
    {
        let message = format!("provider must be one of: {}", registry::keys());
        let violation = Violation::new("/provider", "unknown_value", message);
        return Err(Problem::with(ErrorCode::InvalidValue, vec![violation]));
    }
    let wanted = wanted(row);
    let providers = registry::all().iter();
    let all = providers.flat_map(|provider| {
        let categories = provider.descriptor().categories.iter();
        categories.map(|category| Choice {
            provider: *provider,
            category: *category,
        })
    });
    let is_asked_for = |choice: &Choice| {
        let key = choice.provider.descriptor().key;
        row.provider.as_deref().is_none_or(|sent| sent == key) && wanted.contains(&choice.category)
    };
    let all: Vec<_> = all.filter(is_asked_for).collect();
    let kinds = integrations::kinds(db, project)?;
    let integrations_for = |choice: &Choice| {
        let key = choice.provider.descriptor().key;
        let fits = |(provider, category): &&(String, String)| {
            provider == key && category == choice.category.as_str()
        };
        kinds.iter().filter(fits).count()
    };
    if all.iter().any(|choice| integrations_for(choice) > 1) {
        // Nothing tells a customer which of them is meant.
        let message = "several integrations of a provider and category exist: send integration_id";
        let violation = Violation::new("/integration_id", "required", message);
        return Err(Problem::with(ErrorCode::IntegrationAmbiguous, vec![violation]));
    }
    let used: Vec<_> = all
        .iter()
        .copied()
        .filter(|choice| integrations_for(choice) > 0)
        .collect();
    Ok(if used.is_empty() { all } else { used })
}

fn choice_of_integration(
    db: &mut Db<'_>,
    project: &ProjectId,
    row: &ConnectSessionRow,
    id: &str,
) -> Result<Choice, Problem> {
    let id = IntegrationId::parse(id).ok_or_else(unknown_integration)?;
    let integration = integrations::find(db, project, &id)?.ok_or_else(unknown_integration)?;
    let category = Category::parse(&integration.category);
    let fits = row
        .provider
        .as_ref()
        .is_none_or(|sent| *sent == integration.provider)
        && category.is_some_and(|category| wanted(row).contains(&category));
    match (registry::find(&integration.provider), category) {
        (Some(provider), Some(category)) if fits => Ok(Choice { provider, category }),
        (Some(_), Some(_)) => Err(mismatch(
            "/integration_id",
            "integration_id names an integration of another provider or category",
        )),
        _ => Err(Problem::of(ErrorCode::NotCapable)),
    }
}

/// What may be ordered; all, where none of our words was sent.
fn wanted(row: &ConnectSessionRow) -> Vec<Category> {
    let ours: Vec<_> = row.categories.split(',').filter_map(Category::parse).collect();
    if ours.is_empty() {
        Category::ALL.to_vec()
    } else {
        ours
    }
}

fn waiting_place<'a>(project: &'a str, session: &'a str) -> Place<'a> {
    Place {
        project,
        table: "connect_sessions",
        column: "trigger_token",
        row: session,
    }
}

fn mismatch(pointer: &str, message: &str) -> Problem {
    let violation = Violation::new(pointer, "mismatch", message);
    Problem::with(ErrorCode::InvalidValue, vec![violation])
}

fn unknown() -> Problem {
    Problem::not_found("connect session: it has expired, or the token is wrong")
}
