//! Slipway turns one AWS CodeBuild project into a build service for any number of repositories.
//!
//! The modules in layer order; imports run downward only.

// The ground floor.
pub mod config;
pub mod telemetry;

// The vocabulary: pure decisions.
pub mod job;

// On top: the command line.
pub mod cli;
