//! Sends a job and follows it, and removes the temporary queue afterwards.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::{body::Body, journey::Journey};
use crate::{
    aws::{Clients, subscription::Subscription},
    cli::{
        Exit,
        logs::{
            follow::{Follower, SETTLE},
            inquiry::Inquiry,
            leave::way_back,
            output::Output,
            record::Record,
        },
        site::{Location, Site},
    },
    clock::Clock,
};

/// The daemon's defaults for the de-duplication window and the attempts, if no configuration is known.
const DEDUPLICATION: Duration = Duration::from_hours(1);
const ATTEMPTS: u32 = 3;

/// A job that is followed.
#[derive(Debug)]
pub(in crate::cli) struct Follow<'a> {
    clients: &'a Clients,
    site: &'a Site,
    pub(in crate::cli) follower: Follower,
    /// The temporary queue. It must be closed.
    events: Option<Subscription>,
    /// The job's id, once it is on the queue.
    sent: Option<String>,
}

impl<'a> Follow<'a> {
    pub(in crate::cli) fn new(clients: &'a Clients, site: &'a Site, output: Output) -> Self {
        let settle = site.config.as_ref().map_or(SETTLE, |config| config.log.settle);
        Self { clients, site, follower: Follower::new(clients, settle, output), events: None, sent: None }
    }

    /// Sends the job, and follows it to its end.
    pub(super) async fn send(&mut self, queue: &str, body: &Body) -> anyhow::Result<Exit> {
        let job = body.id.to_string();
        self.listen(&job).await?;
        let window = self.site.config.as_ref().map_or(DEDUPLICATION, |config| config.limits.deduplication);
        let since = Clock::system().now().checked_sub(window).unwrap_or_default();
        let journey = self.journey(job.clone(), since);
        // Only an id that the sender chose may be in use already.
        let earlier = if body.is_named { journey.latest().await.unwrap_or_default() } else { None };
        let message = super::send(&self.clients.queue(queue), &body.text).await?;
        self.sent = Some(job.clone());
        let mut journey = self.journey(job, since);
        journey.message = Some(message);
        journey.follower.output.tell(&Record::Waiting { job: &journey.job })?;
        journey.earlier(earlier)?;
        journey.follow().await
    }

    /// Waits for the first build of a job that somebody else has sent, and follows the job to its end.
    pub(in crate::cli) async fn wait(&mut self, job: &str, inquiry: Inquiry) -> anyhow::Result<Exit> {
        self.listen(job).await?;
        self.sent = Some(job.to_owned());
        let mut journey = self.journey(job.to_owned(), Timestamp::MIN);
        journey.inquiry = Some(inquiry);
        journey.follow().await
    }

    fn journey(&mut self, job: String, since: Timestamp) -> Journey<'_> {
        Journey {
            job,
            message: None,
            since,
            projects: &self.site.projects,
            builds: self.clients.builds(),
            events: self.events.as_ref(),
            attempts: self.site.config.as_ref().map_or(ATTEMPTS, |config| config.retry.attempts),
            follower: &mut self.follower,
            followed: Vec::new(),
            last: None,
            end: None,
            earlier: None,
            inquiry: None,
        }
    }

    /// Subscribes to the job's events. If that is not possible, the job is followed by its builds.
    async fn listen(&mut self, job: &str) -> anyhow::Result<()> {
        match self.subscribe(job).await {
            Ok(events) => self.events = Some(events),
            Err(why) => self.follower.output.note(&format!(
                "following by the job's builds alone: {why}\n  if the daemon rejects the job, or it ends without a build, that is not seen here"
            ))?,
        }
        Ok(())
    }

    /// Subscribes to the job's events. The error says why that is not possible.
    async fn subscribe(&self, job: &str) -> Result<Subscription, String> {
        let Some(topic) = &self.site.topic else { return Err("no topic is named (--topic-arn)".to_owned()) };
        if self.site.config.as_ref().is_some_and(|config| !(config.topic.finished && config.topic.rejected)) {
            return Err("the topic does not get the events of jobs that finished and of those that were rejected".to_owned());
        }
        let name = format!("slipway-follow-{:016x}", fastrand::u64(..));
        self.clients.subscribe(topic, &name, &json!({ "job_id": [job] })).await.map_err(|error| error.to_string())
    }

    /// Removes the temporary queue. After an interruption tells the user what goes on, and how to follow it again.
    pub(in crate::cli) async fn close(mut self, interrupted: bool, location: &Location) {
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
                words.push(format!("\nThe build goes on. To come back to it: {}", way_back(build, &Location::default())));
            }
            (Some(job), None) if interrupted => {
                words.push(format!("\nThe job stays where it is. To come back to it: {}", way_back(&job, location)));
            }
            _ => {}
        }
        // If stderr is closed too, nobody reads it.
        words.iter().try_for_each(|words| self.follower.output.note(words)).ok();
    }
}
