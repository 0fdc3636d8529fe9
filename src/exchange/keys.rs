//! API keys: who may speak for a project.

use super::context::Exchange;
use crate::ambient::{Ambient, random_key};
use crate::domain::id::{ApiKeyId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem};
use crate::store::Db;
use crate::store::projects::{self, ApiKeyRow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// How a key may look: what any HTTP header and any ATS's form takes.
pub const KEY_RULE: &str = "16 to 170 visible ASCII characters";

const KEY_PREFIX: &str = "ck_";

/// A fresh key or token behind `prefix`.
pub fn new_token(ambient: &dyn Ambient, prefix: &str) -> Zeroizing<String> {
    let bytes = Zeroizing::new(random_key::<32>(ambient));
    Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// Whether `key` may be an API key.
pub fn is_well_formed(key: &str) -> bool {
    (16..=170).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Exchange {
    /// The project that `key` speaks for.
    pub async fn authenticate(&self, key: &str) -> Result<ProjectId, Problem> {
        let hash = self.vault.lookup("api_key", key);
        let row = self
            .store
            .read(move |db| projects::find_key(db, &hash).map_err(Problem::from))
            .await?;
        row.and_then(|row| ProjectId::parse(&row.project_id))
            .ok_or_else(|| Problem::of(ErrorCode::Unauthorized))
    }

    /// Makes a key of the first project, a random one unless `given`; returns it with its id.
    pub async fn create_key(
        &self,
        name: &str,
        given: Option<&str>,
    ) -> Result<(ApiKeyId, Zeroizing<String>), Problem> {
        let key = match given {
            Some(key) if !is_well_formed(key) => {
                return Err(Problem::new(
                    ErrorCode::InvalidValue,
                    format!("An API key has {KEY_RULE}."),
                ));
            }
            Some(key) => Zeroizing::new(key.to_owned()),
            None => new_token(self.ambient.as_ref(), KEY_PREFIX),
        };
        let (id, row) = self.key_row(name, &key);
        self.store.write(move |db| insert(db, row)).await?;
        Ok((id, key))
    }

    /// Makes a random key where there is none at all; one, however many processes come up at the same time.
    pub async fn create_first_key(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        let key = new_token(self.ambient.as_ref(), KEY_PREFIX);
        let (_, row) = self.key_row("first", &key);
        let made = self.store.write(move |db| {
            projects::lock(db)?;
            match projects::list_keys(db)?.is_empty() {
                true => insert(db, row).map(|()| true),
                false => Ok(false),
            }
        });
        Ok(made.await?.then_some(key))
    }

    fn key_row(&self, name: &str, key: &str) -> (ApiKeyId, ApiKeyRow) {
        let id = ApiKeyId::new(self.ambient.uuid());
        let row = ApiKeyRow {
            id: id.as_str().to_owned(),
            project_id: String::new(),
            name: name.to_owned(),
            key_hash: self.vault.lookup("api_key", key),
            created_at: self.ambient.now().0,
            revoked_at: None,
        };
        (id, row)
    }

    /// Every key, without the keys themselves.
    pub async fn list_keys(&self) -> Result<Vec<ApiKeyRow>, Problem> {
        self.store
            .read(|db| projects::list_keys(db).map_err(Problem::from))
            .await
    }

    /// Ends a key at once.
    pub async fn revoke_key(&self, id: &str) -> Result<(), Problem> {
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
            .write(move |db| projects::revoke_key(db, &id, at).map_err(Problem::from))
            .await?;
        revoked.then_some(()).ok_or_else(unknown)
    }
}

/// Adds a key of the first project.
fn insert(db: &mut Db<'_>, mut row: ApiKeyRow) -> Result<(), Problem> {
    row.project_id = projects::first(db)?.ok_or_else(|| Problem::not_found("project"))?;
    Ok(projects::insert_key(db, &row)?)
}
