//! Who is next.

mod ticket;

pub use ticket::{Age, Ticket};
