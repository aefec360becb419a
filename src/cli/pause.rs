//! `slipway pause` and `slipway resume`: stops starting jobs, and starts them again.

use std::fmt::Write;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Exit,
    client::{Client, Daemon, Failure},
    deployment::Deployment,
    logs::leave::quoted,
    note,
    site::Location,
    stdout, variable, wording,
};
use crate::{
    aws::Clients,
    clock::Clock,
    engine::pause::{Store, made},
    http::api::LimitsNow,
    job::{
        plain::plain,
        standing::{Pause as Paused, PauseScope},
    },
};

/// Stop starting jobs: all, or those of a tenant, a profile or a queue
#[derive(Debug, Args)]
#[command(after_help = "\
What runs goes on, and is told when it ends. A paused queue, and with everything
paused every queue, is not received from: its messages, and cancellations among
them, stay where they are and lose no receive; what a receive brings that was
under way is held and waits. A paused tenant's or profile's jobs are received
and wait: each restart of the daemon, and each 12 hours, as SQS hides no message
for longer, costs such a job one of the queue's maxReceiveCount receives.
slipway limits warns before one is lost to that.

A pause is a tag of the jobs queue: it outlives the daemon, and every daemon of
the queue hears of it within a minute. The daemon is asked where --daemon says,
and sets the tag at once. Where none answers, the tag is set from here, which
takes sqs:TagQueue on the queue. The AWS CLI can do it too:
  aws sqs tag-queue --queue-url URL \\
    --tags '{\"slipway:pause:tenant:team-a\": \"\"}'
  aws sqs untag-queue --queue-url URL --tag-keys slipway:pause:tenant:team-a

Exit codes: 0 paused; 1 no daemon answers and no deployment is named; 64 wrong
usage; 78 the configuration is wrong.

Examples:
  slipway pause --reason \"Docker Hub is down\"
  slipway pause --tenant team-a
  slipway pause --profile arm --reason \"no capacity until Monday\"
  slipway limits    (shows what is paused)")]
pub(super) struct Pause {
    #[command(flatten)]
    scope: Scope,

    /// Why, for those whose jobs wait
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    through: Through,
}

/// Start again what is paused
#[derive(Debug, Args)]
#[command(after_help = "\
Resumes what a pause with the same arguments has stopped: without any the pause
of everything. Pauses of tenants, profiles and queues stay, and it says which.
Where pauses are kept, slipway pause --help tells.

Exit codes: 0 resumed; 1 it was not paused, or no daemon answers and no
deployment is named; 64 wrong usage; 78 the configuration is wrong.

Examples:
  slipway resume
  slipway resume --tenant team-a
  slipway resume --queue slipway-jobs")]
pub(super) struct Resume {
    #[command(flatten)]
    scope: Scope,

    #[command(flatten)]
    through: Through,
}

/// The scope; without an argument all jobs.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Scope {
    /// The jobs of a tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,

    /// The jobs of a profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// The jobs of a queue, by its name
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
}

/// Whom to ask, and how to answer.
#[derive(Debug, Args)]
struct Through {
    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    daemon: Daemon,

    #[command(flatten)]
    location: Location,
}

/// The daemon's answer to a resume.
#[derive(Debug, Serialize, Deserialize)]
struct Resumed {
    was_paused: bool,
}

impl From<Scope> for PauseScope {
    fn from(scope: Scope) -> Self {
        let tenant = scope.tenant.map(Self::Tenant);
        tenant.or(scope.profile.map(Self::Profile)).or(scope.queue.map(Self::Queue)).unwrap_or(Self::All)
    }
}

impl Through {
    /// The tags of the queues. `failure`: why the daemon did not answer, and `instead`: what is done now; both are told to the user.
    async fn store(&self, failure: &Failure, instead: &str) -> anyhow::Result<Store> {
        let found = Deployment::find(&self.location, Some(failure))?;
        note(&format!("{failure}; {instead}"))?;
        Ok(Store::new(&found.queues, &Clients::from_environment(variable).await?))
    }
}

impl Pause {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let scope = PauseScope::from(self.scope);
        let body = json!({ "scope": scope, "reason": self.reason });
        let paused = match Client::new(&self.through.daemon)?.post::<Paused>("/pause", &body).await {
            Err(failure @ Failure::Unreachable { .. }) => {
                let store = self.through.store(&failure, "the tag is set from here, and daemons hear of it within a minute").await?;
                let pause = made(scope, self.reason, Clock::system());
                store.pause(&pause).await?;
                pause
            }
            answer => answer?,
        };
        let text = if self.through.json {
            format!("{}\n", serde_json::to_string(&paused)?)
        } else {
            format!("{} is paused\n", plain(&paused.scope.to_string()))
        };
        stdout::print(&text)?;
        if matches!(paused.scope, PauseScope::Tenant(_) | PauseScope::Profile(_)) {
            note(
                "each restart of the daemon, and each 12 hours, costs its jobs that wait one receive; slipway limits warns before SQS moves \
                one to the dead-letter queue",
            )?;
        }
        Ok(Exit::Done)
    }
}

impl Resume {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let scope = PauseScope::from(self.scope);
        let client = Client::new(&self.through.daemon)?;
        let (resumed, pauses) = match client.post::<Resumed>("/resume", &json!({ "scope": scope })).await {
            Err(failure @ Failure::Unreachable { .. }) => {
                let store = self.through.store(&failure, "the tag is removed from here, and daemons hear of it within a minute").await?;
                let was_paused = store.resume(&scope).await?;
                let tags = store.read().await.into_iter().filter_map(|(_, tags)| tags.ok());
                (Resumed { was_paused }, tags.flat_map(|tags| tags.pauses).collect())
            }
            // Other pauses are a note on stderr.
            answer => (answer?, client.get::<LimitsNow>("/limits").await.map(|now| now.limits.pauses).unwrap_or_default()),
        };
        let mut text = String::new();
        let (resumed_scope, scope) = (scope.clone(), scope.to_string());
        match (self.through.json, resumed.was_paused) {
            (true, _) => writeln!(text, "{}", serde_json::to_string(&resumed)?)?,
            (false, true) => writeln!(text, "{} is resumed", plain(&scope))?,
            (false, false) => writeln!(text, "{} was not paused", plain(&scope))?,
        }
        stdout::print(&text)?;
        if !self.through.json {
            still_paused(&pauses, &resumed_scope).iter().try_for_each(|line| note(line))?;
        }
        Ok(if resumed.was_paused { Exit::Done } else { Exit::Failed })
    }
}

/// The note about the pauses that remain, and how to resume them.
fn still_paused(pauses: &[Paused], resumed: &PauseScope) -> Vec<String> {
    let others = pauses.iter().filter(|pause| pause.scope != *resumed);
    others
        .map(|pause| plain(&format!("still {}; to resume it: slipway resume{}", wording::paused(pause), named(&pause.scope))).into_owned())
        .collect()
}

/// The arguments that name a scope.
fn named(scope: &PauseScope) -> String {
    let (option, name) = match scope {
        PauseScope::All => return String::new(),
        PauseScope::Tenant(name) => ("--tenant", name),
        PauseScope::Profile(name) => ("--profile", name),
        PauseScope::Queue(name) => ("--queue", name),
    };
    format!(" {option} {}", quoted(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_resumes_is_told_what_is_still_paused_and_how_to_resume_it() {
        let pause =
            |scope, reason: &str| Paused { scope, since: None, reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()) };
        let pauses = [
            pause(PauseScope::All, ""),
            pause(PauseScope::Tenant("team-a".to_owned()), "too\u{1b}[2J many"),
            pause(PauseScope::Profile("arm".to_owned()), ""),
            pause(PauseScope::Queue("jobs".to_owned()), ""),
        ];
        let told = still_paused(&pauses, &PauseScope::All);
        assert_eq!(
            told,
            [
                "still paused: tenant team-a: too many; to resume it: slipway resume --tenant team-a",
                "still paused: profile arm; to resume it: slipway resume --profile arm",
                "still paused: queue jobs; to resume it: slipway resume --queue jobs",
            ]
        );
        assert_eq!(
            still_paused(&pauses[..1], &PauseScope::Queue("jobs".to_owned())),
            ["still paused: everything; to resume it: slipway resume"]
        );
    }
}
