//! The linked customers of a project: listing and unlinking them.

use super::accounts::{ShownAccount, told, unknown};
use super::context::{Exchange, defect};
use super::events::{News, prepare, publish};
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::problem::Problem;
use crate::outbox::credentials;
use crate::store::accounts::{self, AccountFilter, AccountRow};
use crate::store::connect_sessions;
use crate::store::pushes;
use serde::Serialize;
use utoipa::ToSchema;

/// How a linked customer stands (StackOne's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Everything can be done.
    Active,
    /// Orders arrive; the ATS cannot be told of results before what is missing is there.
    Inactive,
    /// Its integration is disabled.
    Suspended,
}

impl AccountStatus {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }
}

impl ShownAccount {
    /// How it stands.
    pub fn status(&self) -> AccountStatus {
        match (self.is_enabled, self.missing.is_empty()) {
            (false, _) => AccountStatus::Suspended,
            (true, false) => AccountStatus::Inactive,
            (true, true) => AccountStatus::Active,
        }
    }
}

impl Exchange {
    /// A page of a project's linked customers, newest first: those of `statuses`, or all where there are none.
    pub async fn list_accounts(
        &self,
        project: &ProjectId,
        filter: AccountFilter,
        statuses: &[String],
        (skip, take): (usize, usize),
    ) -> Result<Vec<ShownAccount>, Problem> {
        let project = project.clone();
        let found = self.store.read(move |db| {
            let rows = accounts::list(db, &project, &filter)?;
            Ok::<_, Problem>((rows, connect_sessions::newest_of_each(db, &project)?))
        });
        let (rows, mut sessions) = found.await?;
        let mut shown = Vec::new();
        for (row, integration) in rows {
            let session = sessions.remove(&row.id);
            let account = self.show_account(row, &integration, session)?;
            let status = account.status().as_str();
            if statuses.is_empty() || statuses.iter().any(|wanted| wanted == status) {
                shown.push(account);
            }
        }
        Ok(shown.into_iter().skip(skip).take(take).collect())
    }

    /// Unlinks a customer: its trigger token and credentials are forgotten, what was owed to its ATS ends. Its
    /// orders stay. Returns the account as it was.
    pub async fn delete_account(&self, write: &Write, id: &str) -> Result<ShownAccount, Problem> {
        let id = AccountId::parse(id).ok_or_else(unknown)?;
        let (exchange, project, at) = (self.clone(), write.project.clone(), self.ambient.now());
        let unlinked = self.write_once(write, move |db| {
            accounts::lock(db, &id)?;
            let (row, integration) = accounts::find(db, &project, &id)?.ok_or_else(unknown)?;
            let news = News {
                project: project.as_str(),
                event_type: EventType::AccountDeleted,
                record_id: &row.id,
                account: Some(&row.id),
                category: Category::parse(&row.category),
                data_key: "account",
                data: told(&row),
                at,
            };
            let event =
                prepare(&exchange.vault, exchange.ambient.as_ref(), news).map_err(|error| defect(&error))?;
            publish(db, exchange.ambient.as_ref(), &event)?;
            pushes::end_all(db, &project, &row.id, "its account was deleted", at)?;
            let forgotten = AccountRow {
                trigger_token_sealed: exchange.vault.seal(credentials::trigger_token_of(&row), b""),
                credentials_sealed: None,
                deleted_at: Some(at.0),
                updated_at: at.0,
                ..row.clone()
            };
            accounts::update(db, &forgotten)?;
            let session = connect_sessions::newest_of(db, &project, &id)?;
            exchange.show_account(row, &integration, session)
        });
        let unlinked = unlinked.await?;
        self.wake.wake();
        Ok(unlinked)
    }
}
