//! Settings: flags over environment (`CROSSCHECK_*`) over `crosscheck.toml`. An empty setting is unset.

use crate::ambient::Ambient;
use crate::crypto::{CryptoError, KeyRing};
use crate::domain::key;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The settings as they can be given on the command line and in the environment.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "CROSSCHECK_LISTEN", global = true, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "is_unset")]
    pub listen: Option<String>,
    /// Where to keep everything: sqlite://FILE, or postgres://USER:PASSWORD@HOST/DATABASE (15 or later) for several
    /// replicas [default: sqlite://crosscheck.db]
    #[arg(
        long,
        env = "CROSSCHECK_DATABASE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    #[serde(skip_serializing_if = "is_unset")]
    pub database_url: Option<String>,
    /// How ATSs and customers reach this server; the base of every URL that is handed out
    /// [default: http:// and the address]
    #[arg(long, env = "CROSSCHECK_PUBLIC_URL", global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "is_unset")]
    pub public_url: Option<String>,
    /// A project API key to create if absent: 16 to 170 visible ASCII characters
    /// [default: the first start on an empty database makes one and prints it, once]
    #[arg(
        long,
        env = "CROSSCHECK_API_KEY",
        hide_env_values = true,
        global = true,
        value_name = "KEY"
    )]
    #[serde(skip_serializing_if = "is_unset")]
    pub api_key: Option<String>,
    /// The keys that seal what is stored, `id:base64 of 32 bytes[,id:...]`: the first seals, all open
    /// [default: a file beside a SQLite database, made at the first start; PostgreSQL needs the setting]
    #[arg(
        long,
        env = "CROSSCHECK_SECRET_KEYS",
        hide_env_values = true,
        global = true,
        value_name = "KEYS"
    )]
    #[serde(skip_serializing_if = "is_unset")]
    pub secret_keys: Option<String>,
    /// What this process does: `api` (answer ATSs and vendors), `worker` (send what is due) or `all`; only on
    /// PostgreSQL can it be less than all [default: all]
    #[arg(long, env = "CROSSCHECK_ROLE", global = true, value_name = "ROLE")]
    #[serde(skip_serializing_if = "is_unset")]
    pub role: Option<String>,
    /// Networks (CIDRs, separated by commas) that may be called although not public, over http and on any port,
    /// such as 127.0.0.0/8 for development [default: none; all else must be https on port 443]
    #[arg(long, env = "CROSSCHECK_ALLOWED_TARGETS", global = true, value_name = "CIDRS")]
    #[serde(skip_serializing_if = "is_unset")]
    pub allowed_targets: Option<String>,
    /// `on`: calls to an ATS go only to the hosts that are known to be its own (docs/providers) and to allowed
    /// networks, whatever URL an order came with; `off`: to any public host [default: off]
    #[arg(long, env = "CROSSCHECK_PIN_CALLBACKS", global = true, value_name = "ON|OFF")]
    #[serde(skip_serializing_if = "is_unset")]
    pub pin_callbacks: Option<String>,
    /// How many requests each API key may make of one process: `N/s`, `N/min` or `N/h`, or `off` [default: 1000/min]
    #[arg(long, env = "CROSSCHECK_RATE_LIMIT", global = true, value_name = "RATE")]
    #[serde(skip_serializing_if = "is_unset")]
    pub rate_limit: Option<String>,
    /// A key that `GET /metrics` asks for as a Bearer token: 16 to 170 visible ASCII characters
    /// [default: none, whoever reaches the server may read its metrics]
    #[arg(
        long,
        env = "CROSSCHECK_METRICS_KEY",
        hide_env_values = true,
        global = true,
        value_name = "KEY"
    )]
    #[serde(skip_serializing_if = "is_unset")]
    pub metrics_key: Option<String>,
}

/// Which part of the work a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Answers ATSs and vendors, and leaves sending to others.
    Api,
    /// Sends what is due; answers who monitors it only.
    Worker,
    /// Both.
    All,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "api" => Some(Self::Api),
            "worker" => Some(Self::Worker),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    /// Whether it answers ATSs and vendors.
    pub fn answers(self) -> bool {
        self != Self::Worker
    }

    /// Whether it sends what is due.
    pub fn sends(self) -> bool {
        self != Self::Api
    }
}

/// So many requests in a window of so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many, at least 1.
    pub requests: u32,
    /// The window, in milliseconds.
    pub window_ms: i64,
}

impl Rate {
    /// Where nothing is set.
    pub const DEFAULT: Self = Self {
        requests: 1000,
        window_ms: 60_000,
    };

    /// Reads `N/s`, `N/min` or `N/h`.
    fn parse(text: &str) -> Option<Self> {
        let (requests, unit) = text.split_once('/')?;
        let window_ms = match unit {
            "s" => 1000,
            "min" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        let requests = requests.parse().ok().filter(|count| *count > 0)?;
        Some(Self { requests, window_ms })
    }
}

fn is_unset(setting: &Option<String>) -> bool {
    setting.as_deref().is_none_or(|text| text.trim().is_empty())
}

/// The settings as they are in force.
pub struct Config {
    /// Address to listen on.
    pub listen: String,
    /// `sqlite://...` or `postgres://...`.
    pub database_url: String,
    /// The base of every URL that is handed out, where it is not the address.
    pub public_url: Option<String>,
    /// A project API key to create if absent.
    pub api_key: Option<Zeroizing<String>>,
    /// The sealing keys, where they are set.
    secret_keys: Option<Zeroizing<String>>,
    /// Networks that may be called although not public.
    pub allowed_targets: Vec<IpNet>,
    /// What this process does.
    pub role: Role,
    /// Whether calls to an ATS go only to its own hosts.
    pub pin_callbacks: bool,
    /// How many requests each API key may make, where that is limited.
    pub rate_limit: Option<Rate>,
    /// The key that opens the metrics, where they are not open to all.
    pub metrics_key: Option<Zeroizing<String>>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// crosscheck.toml does not read.
    #[error("crosscheck.toml: {0}")]
    File(Box<figment::Error>),
    /// A setting has a value that it cannot have.
    #[error("{setting}: {problem}")]
    Setting {
        /// Its name in the environment.
        setting: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The sealing keys do not read.
    #[error("{0}")]
    Keys(#[from] CryptoError),
    /// The file with the sealing keys cannot be used.
    #[error("{path}: {error}")]
    KeyFile {
        /// Its path.
        path: String,
        /// What is wrong.
        error: std::io::Error,
    },
}

impl Config {
    /// Joins what was given with `crosscheck.toml` in the working directory, where there is one.
    pub fn load(given: &Given) -> Result<Self, ConfigError> {
        let settings: Given = Figment::from(Toml::file("crosscheck.toml"))
            .merge(Serialized::defaults(given))
            .extract()
            .map_err(|error| ConfigError::File(Box::new(error)))?;
        let set = |setting: Option<String>| setting.filter(|text| !text.trim().is_empty());
        let setting = |setting, problem: &str| ConfigError::Setting {
            setting,
            problem: problem.to_owned(),
        };
        let public_url = set(settings.public_url).map(|url| url.trim_end_matches('/').to_owned());
        if public_url
            .as_deref()
            .is_some_and(|url| !crate::domain::result::is_web_url(url))
        {
            let problem = "it must be an absolute http or https URL";
            return Err(setting("CROSSCHECK_PUBLIC_URL", problem));
        }
        let role = set(settings.role).map_or(Some(Role::All), |role| Role::parse(role.trim()));
        let role = role.ok_or_else(|| setting("CROSSCHECK_ROLE", "it must be api, worker or all"))?;
        let database_url = set(settings.database_url).unwrap_or_else(|| "sqlite://crosscheck.db".to_owned());
        if role != Role::All && !is_postgres(&database_url) {
            let problem = "a SQLite database has one process, which does all; parts need PostgreSQL";
            return Err(setting("CROSSCHECK_ROLE", problem));
        }
        Ok(Self {
            role,
            database_url,
            listen: set(settings.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            public_url,
            api_key: set(settings.api_key).map(Zeroizing::new),
            secret_keys: set(settings.secret_keys).map(Zeroizing::new),
            allowed_targets: networks(set(settings.allowed_targets).as_deref().unwrap_or_default())?,
            pin_callbacks: on_or_off("CROSSCHECK_PIN_CALLBACKS", set(settings.pin_callbacks).as_deref())?,
            rate_limit: rate_limit(set(settings.rate_limit).as_deref())?,
            metrics_key: set(settings.metrics_key).map(metrics_key).transpose()?,
        })
    }

    /// The sealing keys: as set, else from the file beside the database, which is made where it is missing.
    pub fn key_ring(&self, ambient: &dyn Ambient) -> Result<KeyRing, ConfigError> {
        if let Some(keys) = &self.secret_keys {
            return Ok(KeyRing::parse(keys)?);
        }
        if is_postgres(&self.database_url) {
            let problem = format!(
                "it must be set where several replicas share a PostgreSQL database. A fresh one, to be kept safe: {}",
                KeyRing::generate(ambient).as_str()
            );
            return Err(ConfigError::Setting {
                setting: "CROSSCHECK_SECRET_KEYS",
                problem,
            });
        }
        let database = sqlite_path(&self.database_url).unwrap_or_default();
        let mut path = database.into_os_string();
        path.push(".secret-keys");
        let path = PathBuf::from(path);
        let keys = read_or_make(&path, ambient).map_err(|error| ConfigError::KeyFile {
            path: path.display().to_string(),
            error,
        })?;
        Ok(KeyRing::parse(keys.trim())?)
    }
}

/// The file that a `sqlite://` URL names.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    url.strip_prefix("sqlite://")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Whether `url` names a PostgreSQL database.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn networks(text: &str) -> Result<Vec<IpNet>, ConfigError> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let refuse = |problem| ConfigError::Setting {
        setting: "CROSSCHECK_ALLOWED_TARGETS",
        problem,
    };
    let parsed = entries.map(|entry| match entry.parse::<IpNet>() {
        Err(_) => Err(refuse(format!("{entry:?} is not a network such as 127.0.0.0/8"))),
        // It would allow nothing, since such addresses count as IPv4.
        Ok(IpNet::V6(network)) if network.network().to_ipv4_mapped().is_some() => Err(refuse(format!(
            "{entry:?} is of IPv4 addresses: write it as an IPv4 network"
        ))),
        Ok(network) => Ok(network),
    });
    parsed.collect()
}

fn on_or_off(setting: &'static str, text: Option<&str>) -> Result<bool, ConfigError> {
    match text.map(str::trim) {
        None | Some("off") => Ok(false),
        Some("on") => Ok(true),
        Some(other) => Err(ConfigError::Setting {
            setting,
            problem: format!("{other:?} is neither on nor off"),
        }),
    }
}

fn rate_limit(text: Option<&str>) -> Result<Option<Rate>, ConfigError> {
    match text.map(str::trim) {
        None => Ok(Some(Rate::DEFAULT)),
        Some("off") => Ok(None),
        Some(text) => Rate::parse(text).map(Some).ok_or_else(|| ConfigError::Setting {
            setting: "CROSSCHECK_RATE_LIMIT",
            problem: format!("{text:?} is neither off nor a rate such as 1000/min, 20/s or 50000/h"),
        }),
    }
}

fn metrics_key(text: String) -> Result<Zeroizing<String>, ConfigError> {
    let text = Zeroizing::new(text);
    match key::is_well_formed(&text) {
        true => Ok(text),
        false => Err(ConfigError::Setting {
            setting: "CROSSCHECK_METRICS_KEY",
            problem: format!("it must have {}", key::RULE),
        }),
    }
}

/// Reads the key file; makes it, for the owner's eyes only, where there is none. It appears whole and durable
/// or not at all: a process that dies meanwhile leaves no half of a key, and of two processes that make it
/// at the same time one wins, and both use its key.
fn read_or_make(path: &Path, ambient: &dyn Ambient) -> std::io::Result<Zeroizing<String>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => return read.map(Zeroizing::new),
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", ambient.uuid()));
    let draft = PathBuf::from(draft);
    let written = write_keys(&draft, ambient);
    let placed = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft).or_else(ignore_missing)?;
    match placed {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    std::fs::read_to_string(path).map(Zeroizing::new)
}

fn write_keys(path: &Path, ambient: &dyn Ambient) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(KeyRing::generate(ambient).as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    match error.kind() {
        ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}
