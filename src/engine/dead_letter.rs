//! Dead letters: people list them, move them back to their jobs queue (redrive), or delete them. SQS cannot list messages, only deliver
//! them: each look receives them, which hides them from others while it lasts, and makes them visible again.

mod admin;
mod error;
mod hold;
mod queue;
mod reading;
mod selection;

pub use self::{
    admin::{Admin, Look},
    error::Error,
    selection::{Done, Refused, Selection},
};
