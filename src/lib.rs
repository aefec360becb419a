//! Slipway turns one AWS CodeBuild project into a build service for any number of repositories.
//!
//! The modules in layer order; imports run downward only.

// The ground floor.
pub mod config;

// The vocabulary: pure decisions.
pub mod job;
