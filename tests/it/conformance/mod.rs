//! What every provider of the registry has to do. The same tests for each of them: no provider's name stands here,
//! and none is left out of a test but by its own descriptor (it has no such operation, category or field).
//!
//! The ATS's side is played through the control routes of its simulation, the vendor's through the unified API.
//! Raw calls (wrong tokens, broken bodies) are replayed from the simulation's journal, so that no wire is known here.

mod agreement;
mod auth;
mod bodies;
mod cancelling;
mod credentials;
mod descriptors;
mod leniency;
mod meta;
mod ordering;
mod published;
mod pushing;
mod refusals;
mod replay;
mod reports;
mod results;
mod scene;
mod sealing;
mod shape;
mod story;
mod waiting;
mod wire;

pub use replay::authorization;
pub use scene::{Order, Scene, Stage};

use crosscheck::domain::category::Category;
use crosscheck::providers::provider::Provider;
use crosscheck::providers::registry;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// How a test ended.
type Outcome = Result<(), Box<dyn Any + Send>>;

/// A provider in one of its categories.
type Play = (&'static dyn Provider, Category);

/// Each provider in its first category.
fn first_categories() -> Vec<Play> {
    registry::all()
        .iter()
        .map(|provider| (*provider, provider.descriptor().categories[0]))
        .collect()
}

/// Plays `test` with every provider, in its first category. All share one server, so that none may move its clock.
async fn every_provider(test: impl AsyncFn(&Scene)) {
    play(vec![first_categories()], true, test).await;
}

/// Plays `test` with every provider, in each of its categories. All share one server.
async fn every_category(test: impl AsyncFn(&Scene)) {
    let plays = registry::all().iter().flat_map(|provider| {
        let categories = provider.descriptor().categories.iter();
        categories.map(|category| (*provider, *category))
    });
    play(vec![plays.collect()], true, test).await;
}

/// Plays `test` with every provider, each with a server of its own.
async fn every_provider_alone(test: impl AsyncFn(&Scene)) {
    play(alone(first_categories()), true, test).await;
}

/// Plays `test` with every provider that needs a credential which somebody has to set; none is set.
async fn every_provider_without_credentials(test: impl AsyncFn(&Scene)) {
    let mut plays = first_categories();
    plays.retain(|(provider, _)| {
        let mut fields = provider.descriptor().credential_fields.iter();
        fields.any(|field| field.required && field.default.is_none())
    });
    play(alone(plays), false, test).await;
}

fn alone(plays: Vec<Play>) -> Vec<Vec<Play>> {
    plays.into_iter().map(|play| vec![play]).collect()
}

/// Plays `test` with the description of every provider.
fn every_descriptor(test: impl Fn(&'static dyn Provider)) {
    let outcomes = registry::all().iter().map(|provider| {
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| test(*provider)));
        (provider.descriptor().key.to_owned(), outcome)
    });
    conclude(outcomes.collect());
}

/// All at once, those of one group around one server. One that fails does not keep the others from being played to
/// their end.
async fn play(groups: Vec<Vec<Play>>, with_credentials: bool, test: impl AsyncFn(&Scene)) {
    let outcomes = join_all(groups.iter().map(async |plays| {
        let stage = Stage::set().await;
        let outcomes = join_all(plays.iter().map(async |(provider, category)| {
            let played = async {
                let scene = Scene::set(&stage, *provider, *category, with_credentials).await;
                test(&scene).await;
                scene.stop().await;
            };
            let outcome = AssertUnwindSafe(played).catch_unwind().await;
            (format!("{} ({category})", provider.descriptor().key), outcome)
        }));
        let outcomes = outcomes.await;
        stage.strike().await;
        outcomes
    }));
    conclude(outcomes.await.into_iter().flatten().collect());
}

/// Fails with everything that failed, each under the name of its provider.
fn conclude(outcomes: Vec<(String, Outcome)>) {
    let failed = outcomes.into_iter().filter_map(|(who, outcome)| {
        let panic = outcome.err()?;
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        Some(format!("{who}: {}", said.unwrap_or_default()))
    });
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "\n\n{}\n", failed.join("\n\n"));
}
