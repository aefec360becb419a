//! Slipway turns one AWS CodeBuild project into a build service for any number of repositories.
//!
//! The modules in layer order; imports run downward only.

// The ground floor.
pub mod backoff;
pub mod clock;
pub mod config;
pub mod loopback;
pub mod observe;
pub mod pulse;
pub mod shutdown;
pub mod supervise;
pub mod telemetry;

// The vocabulary: pure decisions.
pub mod job;

// AWS.
pub mod aws;

// The daemon, and what stands beside it.
pub mod engine;
pub mod http;
#[cfg(feature = "local")]
pub mod local;

// On top: the command line.
pub mod cli;
