//! The daemon as a whole, against the embedded endpoint on tokio's paused clock.

mod carry;
mod world;
