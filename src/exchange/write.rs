//! A vendor's writes. One that came with an idempotency key is done once: whoever repeats it gets the same answer.

use super::context::{Exchange, defect};
use crate::crypto::Place;
use crate::domain::id::{IdempotencyKeyId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::store::Db;
use crate::store::idempotency_keys::{self, IdempotencyKeyRow};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A vendor's write: whose it is, and how a repetition of it is known.
#[derive(Clone, Debug)]
pub struct Write {
    /// The project that writes.
    pub project: ProjectId,
    /// What came as its `Idempotency-Key`.
    pub key: Option<IdempotencyKey>,
}

/// What a write is known by, hashed.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key_hash: Vec<u8>,
    fingerprint: Vec<u8>,
}

impl Exchange {
    /// The key `key` of a write whose request is `request`: method, path, account and the digest of the body.
    pub fn idempotency_key(&self, key: &str, request: &str) -> IdempotencyKey {
        IdempotencyKey {
            key_hash: self.vault.lookup("idempotency_key", key),
            fingerprint: self.vault.lookup("idempotent_request", request),
        }
    }

    /// Does a write in one transaction, together with the note that it was done. Where its key is known, nothing is
    /// done and what came of it then is returned; who comes while it is being done waits for it.
    ///
    /// Whatever `work` depends on has to be read in it: before, it may be another state than the first time. What
    /// is refused leaves no note, so it may be mended and sent again under the same key.
    pub(super) async fn write_once<T, F>(&self, write: &Write, work: F) -> Result<T, Problem>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnOnce(&mut Db<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let Some(key) = write.key.clone() else {
            return self.store.write(work).await;
        };
        let (exchange, project) = (self.clone(), write.project.clone());
        let once = self.store.write(move |db| {
            idempotency_keys::lock(db, &project, &key.key_hash)?;
            if let Some(done) = exchange.done_before(db, &project, &key)? {
                return Ok(done);
            }
            let done = work(db)?;
            idempotency_keys::put(db, &exchange.note(&project, key, &done)?)?;
            Ok(done)
        });
        once.await
    }

    /// What came of a write whose key is known: for one that calls somebody else before it writes.
    pub(super) async fn written_before<T>(&self, write: &Write) -> Result<Option<T>, Problem>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let Some(key) = write.key.clone() else {
            return Ok(None);
        };
        let (exchange, project) = (self.clone(), write.project.clone());
        self.store
            .read(move |db| exchange.done_before(db, &project, &key))
            .await
    }

    fn done_before<T: DeserializeOwned>(
        &self,
        db: &mut Db<'_>,
        project: &ProjectId,
        key: &IdempotencyKey,
    ) -> Result<Option<T>, Problem> {
        let found = idempotency_keys::find(db, project, &key.key_hash)?;
        let Some(row) = found.filter(|row| row.created_at >= idempotency_keys::oldest(self.ambient.now()).0)
        else {
            return Ok(None);
        };
        if row.fingerprint != key.fingerprint {
            let message =
                "this key came with another request before: repeat that one exactly, or use a new key";
            let violation = Violation::new("header:idempotency-key", "reused", message);
            return Err(Problem::with(ErrorCode::IdempotencyKeyReused, vec![violation]));
        }
        let answer = self.vault.open(place(project, &row.id), &row.answer_sealed)?;
        let done = serde_json::from_slice(&answer).map_err(|error| defect(&error))?;
        Ok(Some(done))
    }

    fn note<T: Serialize>(
        &self,
        project: &ProjectId,
        key: IdempotencyKey,
        done: &T,
    ) -> Result<IdempotencyKeyRow, Problem> {
        let id = IdempotencyKeyId::new(self.ambient.uuid());
        let answer = serde_json::to_vec(done).map_err(|error| defect(&error))?;
        Ok(IdempotencyKeyRow {
            answer_sealed: self.vault.seal(place(project, id.as_str()), &answer),
            id: id.as_str().to_owned(),
            project_id: project.as_str().to_owned(),
            key_hash: key.key_hash,
            fingerprint: key.fingerprint,
            created_at: self.ambient.now().0,
        })
    }
}

fn place<'a>(project: &'a ProjectId, row: &'a str) -> Place<'a> {
    Place {
        project: project.as_str(),
        table: "idempotency_keys",
        column: "answer",
        row,
    }
}
