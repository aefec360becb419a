//! Sends a job and follows it, and clears away what that took.

use std::{path::Path, time::Duration};

use serde_json::json;

use super::{
    body::Body,
    journey::{Ending, Journey},
};
use crate::{
    aws::{Clients, subscription::Subscription},
    cli::{
        Exit,
        logs::{SETTLE, follow::Follower, leave::way_back, output::Output},
        site::Site,
    },
    clock::Clock,
    config::Config,
    job::message,
};

/// The daemon's own defaults, where no configuration says otherwise: the window of de-duplication, and the attempts at a job.
const DEDUPLICATION: Duration = Duration::from_hours(1);
const ATTEMPTS: u32 = 3;

/// A job that is followed.
#[derive(Debug)]
pub(super) struct Follow<'a> {
    clients: &'a Clients,
    site: &'a Site,
    follower: Follower,
    /// To be closed.
    events: Option<Subscription>,
    /// The job's id, once it has been sent.
    sent: Option<String>,
}

impl<'a> Follow<'a> {
    pub(super) fn new(clients: &'a Clients, site: &'a Site, output: Output) -> Self {
        let settle = site.config.as_ref().map_or(SETTLE, |config| config.log.settle);
        Self { clients, site, follower: Follower::new(clients, settle, output), events: None, sent: None }
    }

    /// Sends the job, and follows it to its end.
    pub(super) async fn run(&mut self, queue: &str, body: &Body) -> anyhow::Result<Exit> {
        let config = self.site.config.as_ref();
        match self.listen(body).await {
            Ok(events) => self.events = Some(events),
            Err(why) => {
                self.follower.output.note(&format!("following by the job's builds alone: {why}"))?;
                // Nobody would tell of a rejection: what the daemon will say has to be known now.
                if let Some(rejected) = config.and_then(|config| rejected(body, config)) {
                    rejected.tell(body.id.as_ref().map_or("the message", |id| id.as_str()), &mut self.follower)?;
                    return Ok(rejected.exit());
                }
            }
        }
        let message = super::send(&self.clients.queue(queue), &body.text).await?;
        let job = self.sent.insert(body.id.as_ref().map_or(message, ToString::to_string)).clone();
        let window = config.map_or(DEDUPLICATION, |config| config.limits.deduplication);
        let mut journey = Journey {
            job,
            since: Clock::system().now().checked_sub(window).unwrap_or_default(),
            projects: &self.site.projects,
            builds: self.clients.builds(),
            events: self.events.as_ref(),
            attempts: config.map_or(ATTEMPTS, |config| config.retry.attempts),
            follower: &mut self.follower,
            followed: Vec::new(),
            last: None,
            end: None,
        };
        journey.follow().await
    }

    /// Subscribes to what the topic tells of the job; the error says why that cannot be.
    async fn listen(&self, body: &Body) -> Result<Subscription, String> {
        if self.site.config.as_ref().is_some_and(|config| !(config.topic.finished && config.topic.rejected)) {
            return Err("the topic does not get the events of jobs that finished and of those that were rejected".to_owned());
        }
        let policy = match &body.id {
            Some(id) => json!({ "job_id": [id] }),
            // It can only be rejected, under the message's id, which nobody knows yet.
            None => json!({ "type": ["slipway.job.rejected"] }),
        };
        let name = format!("slipway-follow-{:016x}", fastrand::u64(..));
        self.clients.subscribe(&self.site.topic, &name, &policy).await.map_err(|error| error.to_string())
    }

    /// Clears away. If it was interrupted, says what goes on, and how to come back to it.
    pub(super) async fn close(mut self, interrupted: bool, config: Option<&Path>) {
        let closed = match self.events.take() {
            Some(events) => events.close().await,
            None => Ok(()),
        };
        let mut words = Vec::new();
        if let Err(error) = closed {
            words.push(format!("could not remove the queue by which the job was followed: {error}"));
        }
        match (self.sent, &self.follower.current) {
            (Some(_), Some(build)) if interrupted => {
                words.push(format!("\nThe build goes on. To come back to it: {}", way_back(build, None)));
            }
            (Some(job), None) if interrupted => {
                words.push(format!("\nThe job stays where it is. Once it is built: {}", way_back(&job, config)));
            }
            _ => {}
        }
        // Where stderr is closed too there is nobody left to tell.
        words.iter().try_for_each(|words| self.follower.output.note(words)).ok();
    }
}

/// What a daemon with this configuration would say to the message.
fn rejected(body: &Body, config: &Config) -> Option<Ending> {
    let rejection = message::read(&body.text, "submit", &config.profiles).err()?;
    Some(Ending::rejected(rejection.problems))
}
