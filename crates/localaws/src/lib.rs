//! An embedded AWS endpoint: SQS, SNS, CodeBuild, CloudWatch Logs and STS over AWS's own wire protocols.
//!
//! It knows nothing of who uses it and holds everything in memory. Builds really run ([`runner`]). Time is tokio's ([`clock`]), so a
//! paused runtime drives it through hours in milliseconds.

mod api;
pub mod clock;
pub mod codebuild;
pub mod logs;
pub mod runner;
