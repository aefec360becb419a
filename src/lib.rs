//! Slipway turns one AWS CodeBuild project into a build service for any number of repositories.
//!
//! The modules are in the order of the layers: each imports only those above it in this list.

// Configuration, log, metrics, tasks, time.
pub mod backoff;
pub mod clock;
pub mod config;
pub mod loopback;
pub mod observe;
pub mod pulse;
pub mod shutdown;
pub mod supervise;
pub mod telemetry;

// What a job is, and every decision: pure functions.
pub mod job;

// AWS.
pub mod aws;

// The daemon, its HTTP, and local mode.
pub mod engine;
pub mod http;
#[cfg(feature = "local")]
pub mod local;

// The command line.
pub mod cli;
