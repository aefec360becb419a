//! Runners of builds: [`shell`] runs commands on this machine, [`scripted`] follows the script of a test.

mod buildspec;
mod mask;
mod report;
pub mod scripted;
pub mod shell;
mod transcript;
mod vault;

pub use crate::codebuild::runner::{Assignment, Ending, Runner, Source, Stored};
