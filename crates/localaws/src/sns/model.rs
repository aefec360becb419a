//! Topics, subscriptions and messages, and SNS's rules for them.

pub(super) mod filter;
pub(super) mod message;
pub(super) mod notification;
pub(super) mod post;
pub(super) mod subscription;
pub(super) mod topic;
