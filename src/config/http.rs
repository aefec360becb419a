//! Where the daemon listens, and who may ask it.

use std::{net::SocketAddr, path::PathBuf};

/// The HTTP listener, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// The address on which the daemon listens.
    pub listen: SocketAddr,
    /// Whether the API and the status page are served, beside health and metrics.
    pub api: bool,
    /// Who may use them. `None`: everybody who reaches the loopback address.
    pub tokens: Option<Tokens>,
    /// The most ended jobs that are remembered.
    pub history: usize,
    /// The most memory of these, in bytes.
    pub history_bytes: usize,
}

/// The sources of the API's tokens; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The tokens that allow reading.
    pub read: Option<TokenSource>,
    /// The tokens that allow reading and changes.
    pub steer: Option<TokenSource>,
}

/// A source of tokens, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// A file.
    File(PathBuf),
    /// A variable of the environment, by its name.
    Variable(String),
}
