//! The tests from outside: a real server on real sockets. The ATS side is `sandbox/` or a plain HTTP client,
//! the vendor side a small receiver; neither shares code with the translators. Time is injected.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod address_guard;
mod ats_bodies;
mod ats_face;
mod claims;
mod compatible_signatures;
mod conformance;
mod connect;
mod contracts;
mod deliveries;
mod demo;
mod disabled_integrations;
mod document;
mod durability;
mod fuzzing;
mod greenhouse_flow;
mod harness;
mod house;
mod idempotency;
mod in_order;
mod inquiries;
mod isolation;
mod keys;
mod list_url;
mod metrics;
mod migrations;
mod one_vendor;
mod outages;
mod package_changes;
mod packages;
mod pressure;
mod projects;
mod pushes;
mod rate_limit;
mod replays;
mod replicas;
mod request_logs;
mod results;
mod results_read;
mod rotation;
mod schedules;
mod secrecy;
mod set_up;
mod store;
mod translation;
mod translation_greenhouse;
mod vendor_accounts;
mod vendor_face;
mod vendor_integrations;
mod vendor_orders;
mod vendor_webhooks;
