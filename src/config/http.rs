//! Where the daemon listens, and who may ask it.

use std::{net::SocketAddr, path::PathBuf};

/// Health, metrics, status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where the daemon listens.
    pub listen: SocketAddr,
    /// Whether the API and the status page are served, beside health and metrics.
    pub api: bool,
    /// Who may use them. `None`: whoever reaches a loopback address.
    pub tokens: Option<Tokens>,
    /// Jobs that have ended and are remembered.
    pub history: usize,
    /// What they may take, in bytes.
    pub history_bytes: usize,
}

/// Where the tokens of the API are kept; at least one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Of those who may look.
    pub read: Option<TokenSource>,
    /// Of those who may also change what goes on.
    pub steer: Option<TokenSource>,
}

/// Where tokens are kept, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment, by its name.
    Variable(String),
}
