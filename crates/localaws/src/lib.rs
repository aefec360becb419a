//! An embedded AWS endpoint: SQS, SNS, CodeBuild, CloudWatch Logs and STS over AWS's own wire protocols.
//!
//! It does not depend on its users, and works in memory. Builds really run ([`runner`]). Time is tokio's ([`clock`]), so hours pass in
//! milliseconds in a paused runtime. [`server`] serves it on a socket; `connector`, a feature, connects the AWS SDK to it without one.
//! `store`, the feature `data`, keeps all data in a folder over restarts.

// The invariants that are shared with the fuzz target use this crate by its name.
#[cfg(test)]
extern crate self as localaws;

mod api;
mod batch;
mod change;
pub mod clock;
pub mod codebuild;
#[cfg(feature = "connector")]
pub mod connector;
mod deduplication;
mod endpoint;
pub mod fault;
mod journal;
mod lock;
pub mod logs;
mod random;
pub mod runner;
pub mod server;
mod sns;
mod sqs;
#[cfg(feature = "data")]
pub mod store;
mod sts;
mod wire;

pub use api::ApiError;
pub use endpoint::{LocalAws, Options};
