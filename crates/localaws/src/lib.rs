//! An embedded AWS endpoint: SQS, SNS, CodeBuild, CloudWatch Logs and STS over AWS's own wire protocols.
//!
//! It knows nothing of who uses it and works in memory. Builds really run ([`runner`]). Time is tokio's ([`clock`]), so a
//! paused runtime drives it through hours in milliseconds. [`server`] puts it on a socket; `connector`, a feature, gives it to the AWS SDK
//! without one. `store`, the feature `data`, keeps everything in a folder over restarts.

// The invariants that the fuzz target shares know this crate by its name.
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
