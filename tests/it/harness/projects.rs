//! A second project in the same database: there is no command for one yet, so it is made through the library.

use super::server::Server;
use crosscheck::ambient::{Ambient, System};
use crosscheck::crypto::{self, KeyRing, Place, Vault};
use crosscheck::domain::id::{ApiKeyId, ProjectId};
use crosscheck::store::projects::{self, ApiKeyRow};
use crosscheck::store::{Store, StoreError};
use std::sync::Arc;

pub const OTHER_API_KEY: &str = "test-key-of-the-second-project";

impl Server {
    /// Makes the second project; its key is [`OTHER_API_KEY`].
    pub async fn add_project(&self) {
        let url = self.directory.database_url();
        let opened = tokio::task::spawn_blocking(move || Store::open(&url));
        let store = opened.await.unwrap().unwrap();
        let ring = Arc::new(KeyRing::parse(super::server::SEALING_KEYS).unwrap());
        let sealed = store
            .read(|db| projects::setting(db, "lookup_key"))
            .await
            .unwrap()
            .unwrap();
        let place = Place {
            project: "",
            table: "settings",
            column: "value",
            row: "lookup_key",
        };
        let lookup_key = crypto::open(&ring, place, &sealed).unwrap();
        let vault = Vault::new(ring, &lookup_key.try_into().unwrap(), Arc::new(System));
        let project = ProjectId::new(System.uuid());
        let row = ApiKeyRow {
            id: ApiKeyId::new(System.uuid()).as_str().to_owned(),
            project_id: project.as_str().to_owned(),
            name: "other".to_owned(),
            key_hash: vault.lookup("api_key", OTHER_API_KEY),
            created_at: 0,
            revoked_at: None,
        };
        store
            .write(move |db| {
                projects::insert(db, &project, "other", System.now())?;
                projects::insert_key(db, &row)?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
    }
}
