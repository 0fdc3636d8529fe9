//! What every use case works with, and how it is brought up.

use super::customer::{self, Identities};
use super::last_uses::LastUses;
use super::monitoring;
use super::placing::{self, Placements, Placer};
use crate::ambient::{Ambient, random_key};
use crate::crypto::{self, CryptoError, KeyRing, Place, Vault};
use crate::domain::id::ProjectId;
use crate::domain::problem::{ErrorCode, Problem};
use crate::metrics::Metrics;
use crate::outbox::address_guard::AddressGuard;
use crate::outbox::client::Client;
use crate::outbox::{Shortcut, Wake};
use crate::store::{self, Store, StoreError, projects};
use ipnet::IpNet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What the exchange needs to know.
pub struct Settings {
    /// `sqlite://...` or `postgres://...`.
    pub database_url: String,
    /// The sealing keys.
    pub ring: KeyRing,
    /// The base of every URL that we hand out, without a trailing slash.
    pub public_url: String,
    /// Networks that we may call although they are not public.
    pub allowed_targets: Vec<IpNet>,
    /// Whether calls to an ATS go only to its own hosts.
    pub pin_callbacks: bool,
    /// The key that opens the metrics, where they are not open to all.
    pub metrics_key: Option<Zeroizing<String>>,
}

/// Everything that a use case works with.
#[derive(Clone)]
pub struct Exchange {
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) ambient: Arc<dyn Ambient>,
    pub(super) client: Client,
    pub(super) wake: Wake,
    pub(super) shortcut: Shortcut,
    pub(super) public_url: Arc<str>,
    pub(super) last_uses: LastUses,
    pub(super) identities: Identities,
    pub(super) placements: Placements,
    pub(super) metrics: Arc<Metrics>,
    pub(super) metrics_key: Option<Arc<[u8]>>,
}

/// Why the exchange could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database does not open.
    #[error(transparent)]
    Database(#[from] store::OpenError),
    /// The database opens, and a query fails.
    #[error("{0}")]
    Query(#[from] StoreError),
    /// The sealing keys do not open what is stored.
    #[error(
        "{error}; start with the keys that sealed this database: CROSSCHECK_SECRET_KEYS (or the file beside the \
         database) needs key {key:?} until `crosscheck keys rotate-sealing` says that it may go"
    )]
    Keys {
        /// The id of the key that is missing, or is another one than that which sealed.
        key: String,
        /// What was wrong.
        error: CryptoError,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// What the first project is called until somebody gives it a name.
pub(super) const UNNAMED: &str = "default";

const LOOKUP_KEY: &str = "lookup_key";

impl Exchange {
    /// Opens the database, brings it up to date, and makes the first project where there is none.
    pub async fn open(settings: Settings, ambient: Arc<dyn Ambient>) -> Result<Self, OpenError> {
        let url = settings.database_url;
        let opened = tokio::task::spawn_blocking(move || Store::open(&url));
        let store = opened
            .await
            .map_err(|error| StoreError::Defect(error.to_string()))??;
        let ring = Arc::new(settings.ring);
        let lookup_key = lookup_key(&store, &ring, &ambient).await?;
        let wake = Wake::of(&store);
        let shortcut = Shortcut::new(wake.clone());
        let placer = Placer {
            store: store.clone(),
            ambient: Arc::clone(&ambient),
            shortcut: shortcut.clone(),
        };
        let vault = Vault::new(ring, &lookup_key, Arc::clone(&ambient));
        let hash = |key: Zeroizing<String>| vault.lookup(monitoring::PURPOSE, &key).into();
        let exchange = Self {
            metrics: Arc::default(),
            metrics_key: settings.metrics_key.map(hash),
            vault,
            client: Client::new(AddressGuard::new(
                settings.allowed_targets,
                settings.pin_callbacks,
            ))?,
            wake,
            shortcut,
            public_url: settings.public_url.into(),
            last_uses: LastUses::default(),
            identities: customer::identities(store.clone()),
            placements: placing::start(placer),
            store,
            ambient,
        };
        exchange.ensure_project().await?;
        Ok(exchange)
    }

    /// Rings the worker: for tests that move the clock.
    pub fn wake(&self) {
        self.wake.wake();
    }

    /// The clock.
    pub fn now(&self) -> crate::domain::timestamp::Timestamp {
        self.ambient.now()
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> Result<(), Problem> {
        self.store
            .read(|db| projects::first(db).map(|_| ()).map_err(Problem::from))
            .await
    }

    async fn ensure_project(&self) -> Result<(), OpenError> {
        let (id, at) = (ProjectId::new(self.ambient.uuid()), self.ambient.now());
        let made = self.store.write(move |db| {
            projects::lock(db)?;
            match projects::first(db)? {
                Some(_) => Ok(()),
                None => projects::insert(db, &id, UNNAMED, at),
            }
        });
        Ok(made.await?)
    }
}

/// The key that hashes what must be found: made once, stored sealed. It is sealed anew after all else, so who
/// cannot open it cannot open something that is stored.
async fn lookup_key(
    store: &Store,
    ring: &Arc<KeyRing>,
    ambient: &Arc<dyn Ambient>,
) -> Result<[u8; 64], OpenError> {
    let place = Place {
        project: "",
        table: "settings",
        column: "value",
        row: LOOKUP_KEY,
    };
    let fresh = crypto::seal(ring, ambient.as_ref(), place, &random_key::<64>(ambient.as_ref()));
    let sealed = store
        .write(move |db| {
            projects::lock(db)?;
            match projects::setting(db, LOOKUP_KEY)? {
                Some(sealed) => Ok::<_, StoreError>(sealed),
                None => projects::insert_setting(db, LOOKUP_KEY, &fresh).map(|()| fresh),
            }
        })
        .await?;
    let opened = crypto::open(ring, place, &sealed);
    opened
        .and_then(|key| key.try_into().map_err(|_| CryptoError::Damaged(place.table)))
        .map_err(|error| OpenError::Keys {
            key: crypto::sealed_with(&sealed).unwrap_or_default().to_owned(),
            error,
        })
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::of(ErrorCode::Overloaded),
            StoreError::Unavailable(reason) => {
                tracing::error!(%reason, "the database is not available");
                Self::of(ErrorCode::StorageUnavailable)
            }
            StoreError::Exists => {
                tracing::error!("a row exists that should not");
                Self::of(ErrorCode::Internal)
            }
            StoreError::Defect(reason) => {
                tracing::error!(%reason, "defect in a query");
                Self::of(ErrorCode::Internal)
            }
        }
    }
}

impl From<CryptoError> for Problem {
    fn from(error: CryptoError) -> Self {
        tracing::error!(%error, "a stored value does not open");
        Self::of(ErrorCode::Internal)
    }
}

/// Something of ours that does not serialise, or a stored text of ours that does not parse.
pub(super) fn defect(error: &serde_json::Error) -> Problem {
    // The category only: serde_json's message may quote a candidate's data.
    tracing::error!(category = ?error.classify(), line = error.line(), "defect in a JSON text of ours");
    Problem::of(ErrorCode::Internal)
}
