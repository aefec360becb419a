//! The faults of a configuration: each with its key, its value, where it was set and the rule that it breaks.

use std::{fmt, io, path::PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The named file cannot be read.
    #[error("cannot read {file} {path} ({})", file.named_by())]
    Unreadable {
        /// The kind of the file.
        file: File,
        /// The file, as it was named.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file was read and has faults.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The operator's configuration.
    Configuration,
    /// The file for senders.
    Client,
}

impl File {
    fn named_by(self) -> &'static str {
        match self {
            Self::Configuration => "--config or SLIPWAY_CONFIG names it",
            Self::Client => "--client or SLIPWAY_CLIENT names it; the operator hands it out, an output of the deployment",
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "the configuration file",
            Self::Client => "the file for senders",
        })
    }
}

/// Every fault of one configuration; at least one.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults {
    /// The file, as it was named.
    pub file: String,
    /// The faults, in the order of the file as far as it is known.
    pub faults: Vec<Fault>,
}

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        write!(f, "{}: {count} {}", self.file, if count == 1 { "fault" } else { "faults" })?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key's path, such as `queues[0].url`; the variable if it names no key; empty if the text is not TOML.
    pub key: String,
    /// The value as TOML writes it.
    pub value: Option<String>,
    /// Where the value was set.
    pub origin: Option<Origin>,
    /// The rule that is broken.
    pub rule: String,
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A line of the file, from 1.
    Line(usize),
    /// A variable of the environment.
    Variable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        match &self.origin {
            Some(origin) if self.key.is_empty() => write!(f, "{origin}")?,
            Some(origin) => write!(f, " ({origin})")?,
            None => {}
        }
        write!(f, ": {}", self.rule)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Variable(name) => f.write_str(name),
        }
    }
}
