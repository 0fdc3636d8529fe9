//! `crosscheck demo`: an order from the recruiter's click to the result on the recruiter's page, told step by
//! step. A simulated ATS and a sample vendor speak to a real Crosscheck over real HTTP.
//!
//! What every story has in common stands in `stage`, `setting_up`, `ordering` and `reporting`. An ATS with a story
//! of its own has one file here and its line in `tell`; any other gets the one in `generic`.

mod ashby;
mod crosscheck;
mod customer;
mod generic;
mod given;
mod greenhouse;
mod next;
mod ordering;
mod print;
mod recruitee;
mod reporting;
mod setting_up;
mod signature;
mod stage;
mod translation;
mod vendor;

use crate::providers;
use crate::sandbox;
use customer::CustomersAts;
use print::Printer;
use stage::{Stage, Told};
use std::io;
use vendor::Vendor;

/// Whose story is told unless somebody asks for another.
pub const DEFAULT_PROVIDER: &str = "greenhouse";

/// What the story is told with.
pub struct Demo {
    /// The base URL of a running Crosscheck that may call 127.0.0.0/8.
    pub crosscheck_url: String,
    /// A project API key of it.
    pub api_key: String,
    /// Whose story: one of [`providers()`].
    pub provider: String,
    /// Whether to tell only what every ATS has, also of one that has a story of its own.
    pub generic: bool,
    /// Whether everything goes on running after the story, until Ctrl-C.
    pub keep: bool,
}

/// Why the story ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The sample vendor or the simulated ATS could not be started.
    #[error("the demo could not be set up: {0}")]
    SetUp(#[from] io::Error),
    /// A step did not do what it claims.
    #[error("step {number}, {name}: {reason}")]
    Step {
        /// As it is printed.
        number: u8,
        /// In one or two words.
        name: &'static str,
        /// What was expected, and what happened.
        reason: String,
    },
}

/// The key of every provider whose story can be told.
pub fn providers() -> impl Iterator<Item = &'static str> {
    sandbox::registry::all().iter().map(|(key, _)| *key)
}

/// Tells the story. Needs a tokio runtime.
pub async fn run(demo: Demo) -> Result<(), DemoError> {
    let printer = Printer::on_stdout();
    let provider = providers::registry::find(&demo.provider)
        .ok_or_else(|| io::Error::other(format!("there is no provider {}", demo.provider)))?;
    let descriptor = provider.descriptor();
    let vendor = Vendor::start()?;
    let ats = CustomersAts::start(descriptor.key, descriptor.name, &printer)?;
    let crosscheck = crosscheck::Api::new(&demo, &printer).map_err(io::Error::other)?;
    let mut stage = Stage::new(crosscheck, ats, vendor, &printer, descriptor);
    let told = tell(&mut stage, demo.generic).await;
    if let (Ok(told), true) = (&told, demo.keep) {
        next::print(&stage, &demo, told);
        next::watch(&printer, &stage.vendor).await;
    }
    let told = told.map_err(|reason| stage.failed(reason));
    let (ats, vendor) = stage.leave();
    ats.stop().await;
    vendor.stop().await;
    told.map(|_| ())
}

async fn tell(stage: &mut Stage<'_>, generic: bool) -> Result<Told, String> {
    match stage.descriptor.key {
        _ if generic => generic::tell(stage).await,
        "greenhouse" => greenhouse::tell(stage).await,
        "ashby" => ashby::tell(stage).await,
        "recruitee" => recruitee::tell(stage).await,
        _ => generic::tell(stage).await,
    }
}
