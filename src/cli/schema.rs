//! `slipway schema`: the JSON Schemas of what others write and read.

use clap::{Args, ValueEnum};

use super::{Exit, stdout};
use crate::{config, http, job};

/// Print the JSON Schema of jobs, events, the configuration or the HTTP API
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slipway schema job > job.schema.json
  slipway schema config | jq .properties.limits")]
pub(super) struct Schema {
    /// Whose schema
    of: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    /// The body of a message on the job queue
    Job,
    /// A message on the topic
    Event,
    /// The configuration file
    Config,
    #[value(help = "The daemon's HTTP API, as OpenAPI")]
    Api,
}

impl Schema {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let schema = match self.of {
            Of::Job => job::schema::job(),
            Of::Event => job::schema::event(),
            Of::Config => config::raw::schema(),
            Of::Api => http::api::openapi::openapi(),
        };
        stdout::print(&format!("{schema:#}\n"))?;
        Ok(Exit::Done)
    }
}
