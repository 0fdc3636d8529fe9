//! API keys: who may speak for a project, and what they may do.

use super::context::Exchange;
use super::projects::check_name;
use super::write::Write;
use crate::ambient::{Ambient, random_key};
use crate::domain::id::{ApiKeyId, ProjectId};
use crate::domain::key;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::scope::Scope;
use crate::domain::timestamp::Timestamp;
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::{Page, projects};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

const KEY_PREFIX: &str = "ck_";

/// A fresh key or token behind `prefix`.
pub fn new_token(ambient: &dyn Ambient, prefix: &str) -> Zeroizing<String> {
    let bytes = Zeroizing::new(random_key::<32>(ambient));
    Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// What a valid key grants.
pub struct Grant {
    /// The key.
    pub key: ApiKeyId,
    /// For which project it speaks.
    pub project: ProjectId,
    /// What it may do.
    pub scope: Scope,
}

/// A key to make.
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// After how many seconds it ends by itself.
    pub expires_in: Option<i64>,
}

impl Exchange {
    /// What `key` grants.
    pub async fn authenticate(&self, key: &str) -> Result<Grant, Problem> {
        let hash = self.vault.lookup("api_key", key);
        let now = self.ambient.now();
        let found = self.store.read(move |db| api_keys::with_hash(db, &hash)).await?;
        let usable = found.filter(|row| row.is_usable(now));
        let row = usable.ok_or_else(|| Problem::of(ErrorCode::Unauthorized))?;
        let ids = ApiKeyId::parse(&row.id).zip(ProjectId::parse(&row.project_id));
        let (key, project) = ids.ok_or_else(|| Problem::of(ErrorCode::Internal))?;
        self.last_uses.note(&key, now);
        let scope = row.scope()?;
        Ok(Grant { key, project, scope })
    }

    /// Makes a key of a project. Returns it with its row: it is not to be had again.
    pub async fn issue_key(
        &self,
        write: &Write,
        new: NewKey,
    ) -> Result<(ApiKeyRow, Zeroizing<String>), Problem> {
        check_name(&new.name)?;
        let now = self.ambient.now();
        let key = self.key_or_random(None)?;
        let id = ApiKeyId::new(self.ambient.uuid());
        let mut row = self.key_row(&id, &write.project, new.name, new.scope, &key);
        row.expires_at = new.expires_in.map(|seconds| after(now, seconds).0);
        self.write_once(write, move |db| {
            api_keys::insert(db, &row)?;
            Ok((row, key))
        })
        .await
    }

    /// Makes a key that takes the place of another, of the same name, scope and end. The other works for `overlap`
    /// more seconds.
    pub async fn rotate_key(
        &self,
        write: &Write,
        id: &str,
        overlap: i64,
    ) -> Result<(ApiKeyRow, Zeroizing<String>), Problem> {
        let id = ApiKeyId::parse(id).ok_or_else(unknown)?;
        let key = self.key_or_random(None)?;
        let new_id = ApiKeyId::new(self.ambient.uuid());
        let (exchange, project, now) = (self.clone(), write.project.clone(), self.ambient.now());
        self.write_once(write, move |db| {
            api_keys::lock(db, &project)?;
            let old = api_keys::find(db, &project, &id)?.ok_or_else(unknown)?;
            if !old.is_usable(now) {
                return Err(Problem::of(ErrorCode::KeyEnded));
            }
            let scope = old.scope()?;
            let mut row = exchange.key_row(&new_id, &project, old.name, scope, &key);
            row.expires_at = old.expires_at;
            api_keys::insert(db, &row)?;
            if overlap == 0 {
                api_keys::revoke(db, &id, now)?;
            } else {
                let end = after(now, overlap).0.min(old.expires_at.unwrap_or(i64::MAX));
                api_keys::expire(db, &id, Timestamp(end))?;
            }
            Ok((row, key))
        })
        .await
    }

    /// A page of a project's keys, newest first, without the keys themselves.
    pub async fn list_keys(&self, project: &ProjectId, page: Page) -> Result<Vec<ApiKeyRow>, Problem> {
        let project = project.clone();
        self.store
            .read(move |db| api_keys::list(db, &project, &page).map_err(Problem::from))
            .await
    }

    /// Ends a key at once, unless nobody could make another one then.
    pub async fn revoke_key(&self, write: &Write, id: &str) -> Result<(), Problem> {
        let id = ApiKeyId::parse(id).ok_or_else(unknown)?;
        let (project, now) = (write.project.clone(), self.ambient.now());
        self.write_once(write, move |db| {
            api_keys::lock(db, &project)?;
            let row = api_keys::find(db, &project, &id)?.ok_or_else(unknown)?;
            let is_admin = row.is_usable(now) && row.scope()? == Scope::Admin;
            if is_admin && !api_keys::has_other_admin(db, &project, &id, now)? {
                return Err(Problem::of(ErrorCode::LastAdminKey));
            }
            api_keys::revoke(db, &id, now)?;
            Ok(())
        })
        .await
    }

    /// Every key of every project, the oldest first: for the operator.
    pub async fn list_all_keys(&self) -> Result<Vec<ApiKeyRow>, Problem> {
        self.store
            .read(|db| api_keys::list_all(db).map_err(Problem::from))
            .await
    }

    /// Ends a key of whichever project at once, the last one too: for the operator, who can always make another.
    pub async fn revoke_any_key(&self, id: &str) -> Result<(), Problem> {
        let unknown = || {
            Problem::new(
                ErrorCode::NotFound,
                "There is no such API key that is valid; `keys list` shows all.",
            )
        };
        let id = ApiKeyId::parse(id).ok_or_else(unknown)?;
        let at = self.ambient.now();
        let revoked = self
            .store
            .write(move |db| api_keys::revoke(db, &id, at).map_err(Problem::from))
            .await?;
        revoked.then_some(()).ok_or_else(unknown)
    }

    /// Makes an admin key of the first project, a random one unless `given`; returns it with its id.
    pub async fn create_key(
        &self,
        name: &str,
        given: Option<&str>,
    ) -> Result<(ApiKeyId, Zeroizing<String>), Problem> {
        let key = self.key_or_random(given)?;
        let project = self.find_project(None).await?;
        let id = ApiKeyId::new(self.ambient.uuid());
        let row = self.key_row(&id, &project, name.to_owned(), Scope::Admin, &key);
        self.store.write(move |db| api_keys::insert(db, &row)).await?;
        Ok((id, key))
    }

    /// Makes a random key where there is none at all; one, however many processes come up at the same time.
    pub async fn create_first_key(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        let key = self.key_or_random(None)?;
        let project = self.find_project(None).await?;
        let id = ApiKeyId::new(self.ambient.uuid());
        let row = self.key_row(&id, &project, "first".to_owned(), Scope::Admin, &key);
        let made = self.store.write(move |db| {
            projects::lock(db)?;
            match api_keys::list_all(db)?.is_empty() {
                true => api_keys::insert(db, &row).map(|()| true),
                false => Ok(false),
            }
        });
        Ok(made.await?.then_some(key))
    }

    /// `given` where it may be a key, a random one where none is given.
    pub(super) fn key_or_random(&self, given: Option<&str>) -> Result<Zeroizing<String>, Problem> {
        match given {
            Some(given) if !key::is_well_formed(given) => Err(Problem::new(
                ErrorCode::InvalidValue,
                format!("An API key has {}.", key::RULE),
            )),
            Some(given) => Ok(Zeroizing::new(given.to_owned())),
            None => Ok(new_token(self.ambient.as_ref(), KEY_PREFIX)),
        }
    }

    /// The row of a key that does not end by itself.
    pub(super) fn key_row(
        &self,
        id: &ApiKeyId,
        project: &ProjectId,
        name: String,
        scope: Scope,
        key: &str,
    ) -> ApiKeyRow {
        ApiKeyRow {
            id: id.as_str().to_owned(),
            project_id: project.as_str().to_owned(),
            name,
            key_hash: self.vault.lookup("api_key", key),
            created_at: self.ambient.now().0,
            revoked_at: None,
            scope: scope.as_str().to_owned(),
            last_used_at: None,
            expires_at: None,
        }
    }
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.plus_ms(seconds.saturating_mul(1000))
}

fn unknown() -> Problem {
    Problem::not_found("key")
}
