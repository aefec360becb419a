//! Follows one build: its phases and its log, from the beginning to the end.

use std::{io, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{output::Output, record::Record};
use crate::{
    aws::{AwsError, Class, Clients, builds::Builds, logs::Event, logs::Logs, tell_silence},
    backoff::Backoff,
    clock::Clock,
    config::default::READS_PER_SECOND,
    engine::stream::Stream,
    job::{
        JobId,
        build::{Build, Phase},
        closing::Closing,
    },
};

/// How long to wait for late lines if no configuration is known.
pub(in crate::cli) const SETTLE: Duration = Duration::from_secs(10);
/// The pauses between two reads of a log: the first while it grows, and the longest.
const LOG_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));
/// The pauses between two reads of a build's status, growing: the daemon needs the account's calls too. After the log's last lines the
/// status is read at once.
const BUILD_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// The pauses while CodeBuild throttles or does not answer.
const ERROR_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// After so long without an answer the command gives up.
const PATIENCE: Duration = Duration::from_mins(5);
/// After so long without an answer the user is told. A receive waits for events almost as long.
const SILENCE: Duration = Duration::from_secs(8);
/// The beginning of CodeBuild's log line at the end of a phase.
const PHASE_ENDS: &str = "Phase complete: ";
/// Phases that end before the log begins.
const BEFORE_THE_LOG: [&str; 3] = ["SUBMITTED", "QUEUED", "PROVISIONING"];

/// Follows builds.
#[derive(Debug)]
pub(in crate::cli) struct Follower {
    builds: Builds,
    logs: Logs,
    clock: Clock,
    /// How long to wait for late lines after a build's end.
    settle: Duration,
    pub(in crate::cli) output: Output,
    /// The build that is followed now.
    pub(in crate::cli) current: Option<String>,
}

/// A build as far as it was followed.
#[derive(Debug)]
pub(in crate::cli) struct Followed {
    pub(in crate::cli) build: Build,
    /// Whether the end of its log was seen.
    pub(in crate::cli) complete: bool,
}

impl Follower {
    pub(in crate::cli) fn new(clients: &Clients, settle: Duration, output: Output) -> Self {
        let pace = usize::try_from(READS_PER_SECOND).unwrap_or(1);
        let (builds, logs) = (clients.builds(), clients.logs().paced(pace));
        Self { builds, logs, clock: Clock::system(), settle, output, current: None }
    }

    /// Reports a failure, unless it is the one that was reported last.
    pub(in crate::cli) fn tell_once(&mut self, told: &mut String, trouble: String) -> anyhow::Result<()> {
        if *told != trouble {
            self.output.note(&trouble)?;
            *told = trouble;
        }
        Ok(())
    }

    /// Shows a build's phases and its log: to the end, or without `keep_on` only what is there now.
    pub(in crate::cli) async fn follow(&mut self, mut build: Build, keep_on: bool) -> anyhow::Result<Followed> {
        self.current = (!build.has_ended()).then(|| build.id.to_string());
        self.output.tell(&Record::Build {
            build: &build.id,
            job: build.job.as_ref().map(JobId::as_str),
            attempt: build.attempt,
            number: build.number,
        })?;
        let (mut stream, mut phases) = (None::<Stream>, Phases::default());
        let (mut log_pauses, mut build_pauses) = (backoff(LOG_PAUSES), backoff(BUILD_PAUSES));
        let mut next_look = Instant::now() + build_pauses.pause();
        loop {
            if let Some(location) = &build.log
                && stream.is_none()
            {
                stream = Some(Stream::new(self.logs.clone(), location.clone()));
            }
            phases.note(&build);
            phases.tell(&mut self.output, &build.id, |phase| BEFORE_THE_LOG.contains(&&*phase.name))?;
            if let Some(stream) = &mut stream
                && self.read(stream, &mut build, &mut phases).await?
            {
                log_pauses = backoff(LOG_PAUSES);
            }
            if build.has_ended() || !keep_on {
                break;
            }
            let closed = is_closed(stream.as_ref(), &build);
            let pause = if stream.is_some() { log_pauses.pause() } else { Duration::MAX };
            sleep(pause.min(next_look.saturating_duration_since(Instant::now()))).await;
            if closed || Instant::now() >= next_look {
                build = self.look(&build.id).await?;
                next_look = Instant::now() + build_pauses.pause();
            }
        }
        phases.tell(&mut self.output, &build.id, |_| true)?;
        let complete = is_closed(stream.as_ref(), &build);
        if build.has_ended() && !complete {
            let exists = stream.as_ref().is_some_and(Stream::exists);
            self.output.note(if exists {
                "the log does not end as CodeBuild ends one: lines may be missing"
            } else {
                "the build has no log"
            })?;
        }
        self.output.flush()?;
        self.current = self.current.take().filter(|_| !build.has_ended());
        Ok(Followed { build, complete })
    }

    /// Reads the new lines; of a build that has ended also the late ones. The answer is whether there were any.
    async fn read(&mut self, stream: &mut Stream, build: &mut Build, phases: &mut Phases) -> anyhow::Result<bool> {
        let since_end = build.ended_at().and_then(|end| self.clock.now().duration_since(end).try_into().ok());
        let deadline = Instant::now() + self.settle.saturating_sub(since_end.unwrap_or_default());
        let mut any = false;
        loop {
            let closing = Closing::of(build);
            let next = async { if build.has_ended() { stream.rest(&closing, deadline).await } else { stream.next().await.map(Some) } };
            let read = patient(&mut self.output, next).await??;
            let Some(read) = read else { return Ok(any) };
            any |= !read.events.is_empty();
            if !build.has_ended() && read.events.iter().any(|event| event.message.contains(PHASE_ENDS)) {
                *build = self.look(&build.id).await?;
                phases.note(build);
            }
            for event in &read.events {
                phases.tell(&mut self.output, &build.id, |phase| phase.ended_at().is_some_and(|end| end < event.at))?;
                self.tell(&build.id, event)?;
            }
            self.output.flush()?;
            if read.at_end && !build.has_ended() {
                return Ok(any);
            }
        }
    }

    fn tell(&mut self, build: &str, event: &Event) -> io::Result<()> {
        let time = format!("{:.3}", event.at);
        event.message.lines().try_for_each(|text| self.output.tell(&Record::Line { build, time: time.clone(), text }))
    }

    /// The build as it is now.
    pub(in crate::cli) async fn look(&mut self, id: &str) -> anyhow::Result<Build> {
        Ok(patient(&mut self.output, look(&self.builds, id)).await??)
    }
}

/// Runs the work, and tells the user if AWS does not answer.
pub(in crate::cli) async fn patient<T>(output: &mut Output, work: impl Future<Output = T>) -> io::Result<T> {
    // The user is told here, and not by each call.
    let mut work = Box::pin(tell_silence(|_| (), work));
    if let Ok(done) = timeout(SILENCE, &mut work).await {
        return Ok(done);
    }
    let silence = SILENCE.as_secs();
    output.note(&format!("AWS has not answered for {silence} s; trying again. Check the network, AWS_REGION and AWS_ENDPOINT_URL"))?;
    Ok(work.await)
}

/// CodeBuild may not know a build just after its start, nor always answer.
async fn look(builds: &Builds, id: &str) -> Result<Build, AwsError> {
    let mut pauses = backoff(ERROR_PAUSES);
    let give_up = Instant::now() + PATIENCE;
    loop {
        let unknown = || AwsError::local(Class::NotFound, "codebuild.BatchGetBuilds", format!("there is no build {id}"));
        let looked = builds.get(std::slice::from_ref(&id.to_owned())).await;
        match looked.and_then(|builds| builds.into_iter().next().ok_or_else(unknown)) {
            Err(error) if !matches!(error.class, Class::Denied | Class::Invalid | Class::Credentials) && Instant::now() < give_up => {
                sleep(pauses.pause()).await;
            }
            looked => return looked,
        }
    }
}

/// Whether the log was read to its end.
fn is_closed(stream: Option<&Stream>, build: &Build) -> bool {
    stream.is_some_and(|stream| Closing::of(build).is_in(stream.ending()))
}

fn backoff((first, longest): (Duration, Duration)) -> Backoff {
    Backoff::new(first, longest)
}

/// The phases of one build that are not shown yet. Each is shown at its place among the log's lines: CodeBuild knows that a phase has ended
/// before the log has arrived.
#[derive(Debug, Default)]
struct Phases {
    known: usize,
    waiting: Vec<Phase>,
}

impl Phases {
    /// Notes the phases that have ended.
    fn note(&mut self, build: &Build) {
        let ended = build.phases.iter().take_while(|phase| phase.status.is_some()).skip(self.known);
        let before = self.waiting.len();
        self.waiting.extend(ended.cloned());
        self.known += self.waiting.len() - before;
    }

    /// Shows the phases that are due, in order.
    fn tell(&mut self, output: &mut Output, build: &str, is_due: impl Fn(&Phase) -> bool) -> io::Result<()> {
        let due = self.waiting.iter().take_while(|phase| is_due(phase)).count();
        for phase in self.waiting.drain(..due) {
            let context = phase.contexts.first();
            output.tell(&Record::Phase {
                build,
                phase: &phase.name,
                status: phase.status.as_deref().unwrap_or_default(),
                seconds: phase.seconds().map(|seconds| (seconds * 1000.0).round() / 1000.0),
                ended_at: phase.ended_at().map(|at| format!("{at:.3}")),
                code: context.map(|context| context.code.as_str()).filter(|code| !code.is_empty()),
                message: context.map(|context| context.message.as_str()).filter(|message| !message.is_empty()),
            })?;
        }
        Ok(())
    }
}
