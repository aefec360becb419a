//! `slipway show`: shows one job with all that is known of it.

use std::io;

use clap::Args;
use jiff::Timestamp;

use super::{
    Exit,
    client::{Client, Daemon, Failure},
    paint::{Paint, Tone},
    record::Records,
    stdout, wording,
};
use crate::{
    clock::Clock,
    job::{
        event::Run,
        outcome::Failure as JobFailure,
        plain::plain,
        reference::{Reference, segment},
        standing::{JobDetail, State},
    },
};

/// Show one job: where it stands, why, and what happened to it
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon is asked where --daemon says. Where none answers, CodeBuild is asked
for the job's builds: then nothing is known of a job that waits, nor of what
happened before its build.

Exit codes: 0 shown; 1 there is no such job, or no daemon answers and no
deployment is named; 64 wrong usage; 78 the configuration is wrong.

Examples:
  slipway show app-4711
  slipway show codebuild-flex:0f3c1a2b-4d5e-6f70-8192-a3b4c5d6e7f8
  slipway show app-4711 --json | jq .failure
  slipway show app-4711 --daemon http://127.0.0.1:9191")]
pub(super) struct Show {
    /// The job's id, or a build's id, ARN, or the ARN's last part
    #[arg(value_name = "JOB", value_parser = job)]
    job: Reference,

    /// As JSON, as GET /api/v1/jobs/JOB gives it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    daemon: Daemon,

    #[command(flatten)]
    records: Records,
}

/// Reads a job of the command line.
pub(super) fn job(text: &str) -> Result<Reference, &'static str> {
    Reference::parse(text)
}

impl Show {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let detail = match Client::new(&self.daemon)?.get::<JobDetail>(&format!("/jobs/{}", segment(&self.job.to_string()))).await {
            Ok(detail) => detail,
            Err(failure @ Failure::Unreachable { .. }) => self.records.job(&self.job, &failure).await?,
            Err(failure) => return Err(failure.into()),
        };
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&detail)?)
        } else {
            text(&detail, Paint::on(&io::stdout()), Clock::system().now())
        };
        stdout::print(&text)?;
        Ok(Exit::Done)
    }
}

/// The job for people.
fn text(detail: &JobDetail, paint: Paint, now: Timestamp) -> String {
    let mut page = Page { text: String::new(), paint };
    let job = &detail.standing;
    let about = &job.job;
    let (state, tone) = wording::state(job);
    let id = about.id.as_deref().unwrap_or(&about.message_id);
    let age = wording::age(job, now);
    let age = if job.state >= State::Reporting { format!("took {age}") } else { format!("for {age}") };
    page.line(&format!("{}  {}  {}", page.paint.paint(Tone::Bold, &plain(id)), page.paint.paint(tone, state), age));
    if detail.from_record {
        page.dim("from CodeBuild's record: what happened before the build, and who sent the job, are not known");
    }
    if job.state == State::Waiting {
        let wait = job.wait.clone().unwrap_or_default();
        page.field(
            "waits",
            if wait.reasons.is_empty() { "is about to start, or looks for an earlier build".to_owned() } else { String::new() },
        );
        for reason in &wait.reasons {
            page.line(&format!("  {}", plain(&reason.to_string())));
        }
        page.some("place", wait.position.map(|position| format!("#{position} of those that wait")));
        page.some("starts", wait.estimate_seconds.map(|range| format!("in {}", wording::span(range))));
    }
    if job.state == State::Running {
        page.some("phase", job.phase.clone());
        page.some("left", job.left_seconds.map(wording::span));
    }
    page.some(
        "usually",
        job.usual_seconds.map(|[median, most]| format!("{}, nine of ten below {}", wording::seconds(median), wording::seconds(most))),
    );
    page.some("cancelled", job.cancel_reason.clone().filter(|_| job.superseded_by.is_none()));
    page.some("superseded", job.superseded_by.as_ref().map(|by| format!("by {by}")));
    if let Some(failure) = &detail.failure {
        page.failure(failure);
    }
    page.some("tenant", about.tenant.as_ref().map(ToString::to_string));
    page.some("profile", about.profile.clone());
    if let Some(source) = &about.source {
        page.some("source", Some(source.url.clone()));
        page.some("revision", source.revision.clone());
        page.some("commit", source.commit.clone());
    }
    page.some("group", about.group.as_deref().map(str::to_owned));
    for (name, value) in &about.labels {
        page.field("label", format!("{name}={value}"));
    }
    page.some("sent", about.enqueued_at.clone());
    for image in &detail.images {
        page.field("pushed", format!("{} {}", image.reference, image.digest.as_deref().unwrap_or_default()));
    }
    for (name, value) in &detail.outputs {
        page.field("output", format!("{name}={value}"));
    }
    page.some("artifacts", detail.artifacts.as_ref().map(|artifacts| artifacts.location.clone()));
    for build in &detail.builds {
        page.build(build);
    }
    if !detail.history.is_empty() {
        page.head("What happened");
        for entry in &detail.history {
            page.line(&format!("  {}  {}", page.paint.paint(Tone::Dim, &entry.time), plain(&entry.text)));
        }
    }
    if let Some(log) = detail.log.as_ref().filter(|log| !log.excerpt.is_empty()) {
        page.head("The log's part that matters");
        let decisive: Vec<&str> = log.highlights.iter().map(|highlight| highlight.text.as_str()).collect();
        for line in log.excerpt.lines() {
            let line = plain(line);
            let is_decisive = decisive.iter().any(|text| line.contains(text));
            page.line(&page.paint.paint(if is_decisive { Tone::Bad } else { Tone::Plain }, &line));
        }
    }

    page.text
}

/// The text, as it is made.
struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn dim(&mut self, text: &str) {
        let text = self.paint.paint(Tone::Dim, text);
        self.line(&text);
    }

    fn head(&mut self, text: &str) {
        let text = self.paint.paint(Tone::Bold, text);
        self.line("");
        self.line(&text);
    }

    /// Adds a value. It may come from the job, so control characters are removed from each line.
    fn field(&mut self, name: &str, value: impl AsRef<str>) {
        let value: Vec<_> = value.as_ref().lines().map(plain).collect();
        let text = format!("  {name:<11}{}", value.join(" "));
        self.line(&text);
    }

    fn some(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    fn failure(&mut self, failure: &JobFailure) {
        let message: Vec<_> = failure.message.lines().map(plain).collect();
        let text = format!("  {:<11}{}", "broke", self.paint.paint(Tone::Bad, &message.join(" ")));
        self.line(&text);
        let place = [failure.phase.as_deref(), failure.code.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        self.some("where", Some(place).filter(|place| !place.is_empty()));
        self.some("command", failure.command.as_deref());
    }

    fn build(&mut self, build: &Run) {
        self.head(&format!("Build {}", build.id));
        self.some("console", build.console_url.as_deref());
        for phase in &build.phases {
            let seconds = phase.seconds.map(|seconds| format!("{seconds:>9.1}s")).unwrap_or_default();
            let status = phase.status.as_deref().unwrap_or(if build.ended_at.is_none() { "runs" } else { "" });
            self.line(&format!("  {:<18}{status:<12}{seconds}", phase.name));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hostile_job_is_shown_without_moving_the_terminal() {
        let evil = "a\u{1b}]0;title\u{7}\u{1b}[2Jb\r\n\u{202e}c";
        let detail: JobDetail = serde_json::from_value(json!({
            "id": "app-1", "message_id": "m", "tenant": "team-a", "group": evil, "labels": { evil: evil }, "queue": "jobs", "repository": evil,
            "source": { "url": "https://github.com/acme/app", "revision": evil }, "state": "ended", "status": "failed",
            "received_at": "2026-11-22T10:00:00Z", "ended_at": "2026-11-22T10:03:05Z", "cancel_reason": evil, "message": null,
            "builds": [{ "id": "flex:1", "arn": "", "project": "flex", "phases": [{ "name": "BUILD", "status": "FAILED", "seconds": 71.5 }] }],
            "images": [{ "reference": evil }], "outputs": { "X": evil },
            "failure": { "kind": "build", "phase": "BUILD", "code": "X", "message": evil, "command": evil },
            "log": { "excerpt": evil, "group": "", "stream": "", "lines": 1, "truncated": false, "complete": true, "redactions": 0,
                     "highlights": [{ "line": 7, "text": evil }] },
            "history": [{ "time": "2026-11-22T10:00:00Z", "text": evil }], "from_record": false,
        }))
        .unwrap();
        let text = text(&detail, Paint { colours: false }, "2026-11-22T11:00:00Z".parse().unwrap());
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{text:?}");
        for part in ["app-1  failed  took 3m 05s", "broke", "BUILD", "71.5s", "<U+202E>c", "What happened"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
