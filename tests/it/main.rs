//! The tests from outside: a real server on real sockets. The ATS side is `sandbox/` or a plain HTTP client,
//! the vendor side a small receiver; neither shares code with the translators. Time is injected.

mod ats_bodies;
mod ats_face;
mod greenhouse_flow;
mod harness;
mod list_url;
mod packages;
mod results;
mod results_read;
mod translation;
mod vendor_face;
mod vendor_integrations;
mod vendor_webhooks;
