//! Runners of builds: commands on this machine ([`shell`]), or a script of a test ([`scripted`]).

mod buildspec;
mod mask;
mod report;
pub mod scripted;
pub mod shell;
mod transcript;
mod vault;

pub use crate::codebuild::runner::{Assignment, Ending, Runner, Source, Stored};
