//! `crosscheck demo`: one order from the recruiter's click to the result on the recruiter's page, told step
//! by step. A simulated Greenhouse and a sample vendor speak to a real Crosscheck over real HTTP.

mod crosscheck;
mod greenhouse;
mod next;
mod print;
mod setting_up;
mod signature;
mod story;
mod vendor;

use greenhouse::SimulatedGreenhouse;
use print::Printer;
use std::io;
use story::Story;
use vendor::Vendor;

/// What the story is told with.
pub struct Demo {
    /// The base URL of a running Crosscheck that may call 127.0.0.0/8.
    pub crosscheck_url: String,
    /// A project API key of it.
    pub api_key: String,
    /// Whether everything goes on running after the story, until Ctrl-C.
    pub keep: bool,
}

/// Why the story ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The sample vendor or the simulated Greenhouse could not be started.
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

/// Tells the story. Needs a tokio runtime.
pub async fn run(demo: Demo) -> Result<(), DemoError> {
    let printer = Printer::on_stdout();
    let vendor = Vendor::start()?;
    let greenhouse = SimulatedGreenhouse::start(&printer)?;
    let crosscheck = crosscheck::Api::new(&demo, &printer).map_err(io::Error::other)?;
    let mut story = Story {
        crosscheck,
        greenhouse,
        vendor,
        printer: &printer,
    };
    let told = story.tell().await;
    let Story {
        greenhouse, vendor, ..
    } = story;
    if let (Ok(told), true) = (&told, demo.keep) {
        next::print(&printer, &demo, greenhouse.url(), told);
        next::watch(&printer, &vendor).await;
    }
    greenhouse.stop().await;
    vendor.stop().await;
    told.map(|_| ())
}
