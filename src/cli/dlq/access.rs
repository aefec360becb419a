//! Handles dead letters through the daemon, or without one on AWS.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::Place;
use crate::{
    aws::Clients,
    cli::{
        client::{Client, Failure},
        deployment::Deployment,
        note, variable,
    },
    clock::Clock,
    config::{Config, Current, Profile},
    engine::dead_letter::{Admin, Done, Look, Refused, Selection},
    supervise::Jobs,
};

/// Handles dead letters.
#[derive(Debug)]
pub(super) enum Access {
    Daemon(Box<Client>),
    Own { admin: Admin, config: Option<Arc<Config>> },
}

impl Access {
    pub(super) async fn open(place: &Place) -> anyhow::Result<Self> {
        if place.dead_letter_url.is_some() {
            return Self::own(place, None).await;
        }
        let client = Client::new(&place.daemon)?;
        match client.get::<Value>("/limits").await {
            Err(failure @ Failure::Unreachable { .. }) => Self::own(place, Some(failure)).await,
            answer => answer.map(|_| Self::Daemon(Box::new(client))).map_err(Into::into),
        }
    }

    async fn own(place: &Place, failure: Option<Failure>) -> anyhow::Result<Self> {
        let mut found = Deployment::find(&place.location, failure.as_ref())?;
        if let Some(failure) = failure {
            note(&format!("{failure}; SQS is asked from here"))?;
        }
        if let Some(url) = &place.dead_letter_url {
            found.queues.iter_mut().for_each(|queue| queue.dead_letter_url = Some(url.clone()));
        }
        let clients = Clients::from_environment(variable).await?;
        let current = found.config.clone().map(Current::from);
        let admin = Admin::new(&found.queues, &clients, current, Clock::system(), Jobs::default());
        Ok(Self::Own { admin, config: found.config })
    }

    pub(super) async fn look(&self) -> anyhow::Result<Arc<Look>> {
        Ok(match self {
            Self::Daemon(client) => Arc::new(client.get("/dead-letters").await?),
            Self::Own { admin, .. } => admin.look().await?,
        })
    }

    pub(super) async fn redrive(&self, selection: &Selection) -> anyhow::Result<Done> {
        Ok(match self {
            Self::Daemon(client) => client.post("/dead-letters/redrive", selection).await?,
            Self::Own { admin, .. } => admin.redrive(selection.clone()).await?,
        })
    }

    pub(super) async fn redrive_edited(&self, id: &str, body: String) -> anyhow::Result<Done> {
        Ok(match self {
            Self::Daemon(client) => match client.post(&format!("/dead-letters/{id}/redrive"), &json!({ "body": body })).await {
                Err(Failure::Refused(problem)) if !problem.problems.is_empty() => {
                    Done { refused: vec![Refused { id: id.to_owned(), problems: problem.problems }], ..Done::default() }
                }
                answer => answer?,
            },
            Self::Own { admin, .. } => admin.redrive_edited(id, body).await?,
        })
    }

    pub(super) async fn delete(&self, selection: &Selection) -> anyhow::Result<Done> {
        Ok(match self {
            Self::Daemon(client) => client.post("/dead-letters/delete", selection).await?,
            Self::Own { admin, .. } => admin.delete(selection.clone()).await?,
        })
    }

    /// The profiles by which a message is checked here. `None`: the daemon checks it, or it cannot be checked.
    pub(super) fn profiles(&self) -> Option<&BTreeMap<String, Profile>> {
        match self {
            Self::Own { config: Some(config), .. } => Some(&config.profiles),
            _ => None,
        }
    }
}
