//! Crosscheck: a self-hosted proxy that lets a vendor of candidate assessments or background checks
//! integrate once and serve customers on every applicant-tracking system. ARCHITECTURE.md is the map.
//!
//! Rooms stand on floors; a room uses only lower floors.

// floor 1: the unified model, and what everything needs
pub mod ambient;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod json;
pub mod metrics;
pub mod telemetry;

// floor 2: the ATSs' wires (pure), what is kept, and simulated ATSs
pub mod providers;
pub mod sandbox;
pub mod store;

// floor 3: what leaves the house
pub mod outbox;

// floor 4: the use cases
pub mod exchange;

// floor 5: the faces
pub mod http;

// floor 6: the whole, the story that `demo` tells, and what is written for people
pub mod demo;
pub mod error_page;
pub mod new_provider;
pub mod provider_page;
pub mod serve;
pub mod translate;
