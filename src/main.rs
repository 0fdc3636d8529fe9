//! The command line.

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use crosscheck::ambient::{Ambient, System};
use crosscheck::config::{Config, Given, Rate, Role};
use crosscheck::crypto::KeyRing;
use crosscheck::demo::{self, Demo};
use crosscheck::domain::category::Category;
use crosscheck::domain::scope::Scope;
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::exchange::accounts::TRIGGER_TOKEN_PREFIX;
use crosscheck::exchange::keys::{self, NewKey};
use crosscheck::exchange::rotation::{Rotated, Step};
use crosscheck::exchange::{Exchange, Settings, Write};
use crosscheck::providers::registry;
use crosscheck::serve::{self, Serve};
use crosscheck::store::Store;
use crosscheck::{http, new_provider, telemetry, translate};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// Integrate an assessment or background check once; serve customers on every applicant-tracking system.
///
/// Without a command it serves. Settings come from flags, then the environment, then crosscheck.toml in the
/// working directory; an empty one is unset. Logs go to standard error (RUST_LOG chooses).
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    given: Given,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the unified API and the ATSs' endpoints (the default)
    Serve,
    /// Play the whole story on this machine: a simulated ATS, a sample vendor, every message shown
    Demo {
        /// Whose story
        #[arg(long, default_value = demo::DEFAULT_PROVIDER,
              value_parser = PossibleValuesParser::new(demo::providers()))]
        provider: String,
        /// Tell only what every ATS has: the story of one that has none of its own
        #[arg(long, hide = true)]
        generic: bool,
        /// Leave everything running afterwards and print what to try next
        #[arg(long)]
        keep: bool,
    },
    /// Translate an ATS's payload into the event that a vendor would get, without a server
    Translate {
        /// Provider key
        #[arg(value_parser = PossibleValuesParser::new(registry::all().iter().map(|one| one.descriptor().key)))]
        provider: String,
        /// The ATS's name of the endpoint that takes the payload
        operation: String,
        /// The payload [default: standard input]
        file: Option<PathBuf>,
        /// What is ordered
        #[arg(long, default_value = "assessments",
              value_parser = PossibleValuesParser::new(Category::ALL.map(Category::as_str)))]
        category: String,
    },
    /// Print the API document (OpenAPI 3.1)
    Openapi,
    /// Take a step of registering with an ATS by API (`GET /connectors/meta` lists them as set_up)
    SetUp {
        /// Id of the integration
        integration: String,
        /// Name of the step
        step: String,
        /// NAME=VALUE, or NAME=@FILE for what should not stand on a command line
        #[arg(long = "input", value_name = "NAME=VALUE")]
        inputs: Vec<String>,
    },
    /// Write the folders and registry lines of another ATS into Crosscheck's source tree (CONTRIBUTING.md goes on)
    NewProvider {
        /// Its key: lower-case letters, digits and _
        key: String,
        /// Its name for people [default: the key]
        #[arg(long)]
        name: Option<String>,
    },
    /// Projects: the environments of vendors that share this server and see nothing of each other
    Projects {
        #[command(subcommand)]
        command: ProjectsCommand,
    },
    /// Project API keys, and the keys that seal what is stored
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Bring the database's tables up to date and stop (serving does it too)
    Migrate,
}

#[derive(Subcommand)]
enum ProjectsCommand {
    /// Make a project and print its id and its first key (admin), once
    Create {
        /// What you call it
        name: String,
    },
    /// List the projects: id, name
    List,
    /// Call a project something else
    Rename {
        /// Its id, as `list` shows it
        id: String,
        /// What you call it from now on
        name: String,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make a key and print its id and itself, once
    Create {
        /// What you call it
        #[arg(default_value = "unnamed")]
        name: String,
        /// What it may do: look; change things, too; or make and end keys, too
        #[arg(long, default_value = "admin", value_parser = scope)]
        scope: Scope,
        /// Id of the project whose key it is, as `projects list` shows it [default: the first project]
        #[arg(long, value_name = "ID")]
        project: Option<String>,
    },
    /// List the keys (not the keys themselves): id, state, scope, project, last use, name
    List,
    /// End a key at once
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Print a key of the right form that opens nothing, for an ATS's application form
    Example,
    /// Print a fresh entry for CROSSCHECK_SECRET_KEYS; nothing is stored or changed
    NewSealing,
    /// Seal anew, with the first of CROSSCHECK_SECRET_KEYS, whatever the others sealed
    ///
    /// Runs beside servers that run, once each of them has been started with the new key first (with several: with
    /// the new key second in all of them before it is first in any). May be killed and run again. At the end it
    /// says whether the older keys may be removed; it fails where something is still sealed with one.
    RotateSealing,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crosscheck: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(&Config::load(&cli.given)?).await,
        Command::Demo {
            provider,
            generic,
            keep,
        } => play(provider, generic, keep).await,
        Command::Translate {
            provider,
            operation,
            file,
            category,
        } => {
            let payload = match file {
                Some(path) => std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?,
                None => {
                    let mut payload = Vec::new();
                    std::io::stdin().read_to_end(&mut payload)?;
                    payload
                }
            };
            let event = translate::translate(&provider, &operation, &category, &payload, &System)?;
            println!("{event}");
            Ok(())
        }
        Command::Openapi => {
            print!("{}", http::openapi::text()?);
            Ok(())
        }
        Command::Keys {
            command: KeysCommand::Example,
        } => {
            println!("{}", keys::new_token(&System, TRIGGER_TOKEN_PREFIX).as_str());
            Ok(())
        }
        Command::Keys {
            command: KeysCommand::NewSealing,
        } => {
            println!("{}", KeyRing::generate(&System).as_str());
            Ok(())
        }
        Command::NewProvider { key, name } => {
            let name = name.as_deref().unwrap_or(&key);
            for path in new_provider::write(Path::new("."), &key, name)? {
                println!("{}", path.display());
            }
            println!(
                "Next: `cargo fmt && cargo test --test it conformance` says what is still to be written."
            );
            Ok(())
        }
        Command::SetUp {
            integration,
            step,
            inputs,
        } => set_up(&integration, &step, &inputs, &Config::load(&cli.given)?).await,
        Command::Projects { command } => manage_projects(command, &Config::load(&cli.given)?).await,
        Command::Keys { command } => manage_keys(command, &Config::load(&cli.given)?).await,
        Command::Migrate => Ok(Store::migrate(&Config::load(&cli.given)?.database_url)?),
    }
}

async fn serve(config: &Config) -> Result<(), Box<dyn Error>> {
    let ambient: Arc<dyn Ambient> = Arc::new(System);
    let serve = Serve {
        listen: config.listen.clone(),
        database_url: config.database_url.clone(),
        public_url: config.public_url.clone(),
        ring: config.key_ring(ambient.as_ref())?,
        allowed_targets: config.allowed_targets.clone(),
        role: config.role,
        pin_callbacks: config.pin_callbacks,
        rate_limit: config.rate_limit,
        metrics_key: config.metrics_key.clone(),
    };
    let served = serve::start(serve, ambient).await?;
    // Before anybody is told that it listens: a signal that comes then must already find somebody home.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    provide_key(&served.exchange, config).await?;
    println!("listening on {}", served.url);
    println!("the API is described at {}/docs", served.url);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    served.stop().await;
    Ok(())
}

/// Makes the key that is configured; the first start on an empty database without one makes one and prints it.
async fn provide_key(exchange: &Exchange, config: &Config) -> Result<(), Box<dyn Error>> {
    if let Some(key) = &config.api_key {
        let made = exchange.create_key("configured", Some(key)).await;
        made.map_err(|problem| format!("CROSSCHECK_API_KEY: {}", problem.message))?;
        return Ok(());
    }
    if let Some(key) = exchange.create_first_key().await? {
        println!("API key (shown only now): {}", key.as_str());
    }
    Ok(())
}

/// Works on the database beside a server that runs on it, or without one.
async fn open_exchange(config: &Config) -> Result<Exchange, Box<dyn Error>> {
    let settings = Settings {
        database_url: config.database_url.clone(),
        ring: config.key_ring(&System)?,
        public_url: config.public_url.clone().unwrap_or_default(),
        allowed_targets: config.allowed_targets.clone(),
        pin_callbacks: config.pin_callbacks,
        metrics_key: None,
    };
    Ok(Exchange::open(settings, Arc::new(System)).await?)
}

async fn set_up(
    integration: &str,
    step: &str,
    inputs: &[String],
    config: &Config,
) -> Result<(), Box<dyn Error>> {
    if config.public_url.is_none() {
        return Err("set CROSSCHECK_PUBLIC_URL: the ATS is given URLs under it".into());
    }
    let mut given = BTreeMap::new();
    for input in inputs {
        let (name, value) = input
            .split_once('=')
            .ok_or_else(|| format!("--input {input:?} is not NAME=VALUE"))?;
        let value = match value.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("{path}: {error}"))?
                .trim()
                .to_owned(),
            None => value.to_owned(),
        };
        given.insert(name.to_owned(), Zeroizing::new(value));
    }
    let exchange = open_exchange(config).await?;
    let project = exchange
        .project_of(integration)
        .await
        .map_err(|problem| problem.in_full())?;
    let done = exchange
        .set_up(&Write { project, key: None }, integration, step, given)
        .await
        .map_err(|problem| problem.in_full())?;
    println!("{:#}", done.shown);
    for credential in done.set {
        println!("stored in the integration: {credential}");
    }
    Ok(())
}

async fn manage_projects(command: ProjectsCommand, config: &Config) -> Result<(), Box<dyn Error>> {
    let exchange = open_exchange(config).await?;
    match command {
        ProjectsCommand::Create { name } => {
            let (id, key) = exchange.create_project(&name, None).await?;
            println!("{id}\n{}", key.as_str());
        }
        ProjectsCommand::List => {
            for project in exchange.list_projects().await? {
                println!("{}\t{}", project.id, project.name);
            }
        }
        ProjectsCommand::Rename { id, name } => exchange.rename_project(&id, &name).await?,
    }
    Ok(())
}

/// Reads a scope on the command line.
fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| format!("it is one of {}", Scope::ALL.map(Scope::as_str).join(", ")))
}

async fn manage_keys(command: KeysCommand, config: &Config) -> Result<(), Box<dyn Error>> {
    let exchange = open_exchange(config).await?;
    match command {
        KeysCommand::Create { name, scope, project } => {
            let project = exchange.find_project(project.as_deref()).await?;
            let new = NewKey {
                name,
                scope,
                expires_in: None,
            };
            let (row, key) = exchange.issue_key(&Write { project, key: None }, new).await?;
            println!("{}\n{}", row.id, key.as_str());
        }
        KeysCommand::List => {
            let now = exchange.now();
            for key in exchange.list_all_keys().await? {
                let state = match key.revoked_at {
                    Some(_) => "revoked",
                    None if key.is_usable(now) => "valid",
                    None => "expired",
                };
                let used = key
                    .last_used_at
                    .map_or("never".to_owned(), |at| Timestamp(at).to_string());
                println!(
                    "{}\t{state}\t{}\t{}\t{used}\t{}",
                    key.id, key.scope, key.project_id, key.name
                );
            }
        }
        KeysCommand::Revoke { id } => exchange.revoke_any_key(&id).await?,
        KeysCommand::RotateSealing => {
            let rotated = exchange.rotate_sealing(&mut print_step).await;
            return conclude(&rotated.map_err(|problem| problem.in_full())?);
        }
        KeysCommand::Example | KeysCommand::NewSealing => {}
    }
    Ok(())
}

fn print_step(step: Step<'_>) {
    match step {
        Step::Batch {
            column,
            looked_at,
            resealed,
            left,
        } => println!("{column}: {looked_at} looked at, {resealed} sealed anew, {left} left"),
        Step::DoesNotOpen { column, row, error } => println!("{column} of {row} does not open: {error}"),
    }
}

/// Says what a rotation came to; fails where something is not sealed with the first key.
fn conclude(rotated: &Rotated) -> Result<(), Box<dyn Error>> {
    let Rotated { first, failed, .. } = rotated;
    match rotated.resealed {
        0 => println!("nothing was sealed anew"),
        count => println!("{count} sealed anew"),
    }
    println!(
        "sealed with {first:?}, the first key: {}",
        rotated.sealed_with_first
    );
    for (key, count) in &rotated.left {
        println!("sealed with {key:?}: {count}");
    }
    let left = rotated.left_in_all();
    if left > *failed {
        let told = format!(
            "{left} values are still sealed with other keys: keep these keys, see that every server seals with \
             {first:?}, and run this again"
        );
        return Err(told.into());
    }
    if left > 0 {
        let told = format!(
            "{left} values, named above, open with no key that is set: they are damaged, or their key is missing. \
             All else is sealed with {first:?}: no older key is needed for it"
        );
        return Err(told.into());
    }
    if rotated.unneeded.is_empty() {
        println!("there is no older key to remove");
    } else {
        println!(
            "these keys seal nothing any more and may be removed: {}",
            rotated.unneeded.join(", ")
        );
    }
    Ok(())
}

/// Starts Crosscheck on a database that is gone afterwards, and tells the story on it.
async fn play(provider: String, generic: bool, keep: bool) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let ambient: Arc<dyn Ambient> = Arc::new(System);
    let serve = Serve {
        listen: "127.0.0.1:0".to_owned(),
        database_url: format!("sqlite://{}", directory.path().join("demo.db").display()),
        public_url: None,
        ring: KeyRing::parse(&KeyRing::generate(ambient.as_ref()))?,
        allowed_targets: vec!["127.0.0.0/8".parse()?],
        role: Role::All,
        pin_callbacks: false,
        rate_limit: Some(Rate::DEFAULT),
        metrics_key: None,
    };
    let served = serve::start(serve, ambient).await?;
    let (_, key) = served.exchange.create_key("demo", None).await?;
    let story = Demo {
        crosscheck_url: served.url.clone(),
        api_key: key.to_string(),
        provider,
        generic,
        keep,
    };
    let told = demo::run(story).await;
    served.stop().await;
    Ok(told?)
}
