//! Queues and their messages, and SQS's rules for them.

pub(crate) mod attribute;
pub(super) mod backlog;
pub(super) mod message;
pub(super) mod move_task;
pub(super) mod order;
pub(super) mod outgoing;
pub(super) mod queue;
pub(super) mod setting;
