//! The facts of a job beside its state: source, images, settings.

use maud::{Markup, html};
use serde_json::Value;

use super::whole_seconds;
use crate::{
    http::page::{
        Scene,
        row::{self, address, id, tenant},
        sign::Sign,
        text::{Name, boxed, encoded, https, spelled},
        time,
    },
    job::{
        outcome::Status,
        standing::{JobDetail, JobStanding},
    },
};

pub(super) fn all(detail: &JobDetail, before: &[&JobStanding], scene: Scene<'_>) -> Markup {
    html! {
        (asked(detail))
        (place(detail))
        (labels(&detail.standing))
        (elsewhere(detail))
        (branch(&detail.standing, before, scene))
    }
}

fn outward(url: &str, text: &Markup) -> Markup {
    html! { a href=(url) rel="noreferrer" { (text) " " (Sign::Elsewhere.bare()) } }
}

fn asked(detail: &JobDetail) -> Markup {
    let job = &*detail.standing;
    let source = job.job.source.as_ref();
    let failed = matches!(job.status, Some(Status::Failed | Status::TimedOut | Status::Errored));
    let images = detail.message["images"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        section { h2 { "Asked for" } dl {
            @if let Some(source) = source {
                dt { "Source" }
                dd { @match https(&source.url) { Some(url) => (outward(url, &boxed(&job.repository))), None => (Name(&source.url)) } }
                dt { "Revision" } dd { @match &source.revision { Some(revision) => code { (Name(revision)) }, None => "the default branch" } }
                @if let Some(commit) = &source.commit { dt { "Commit" } dd { (commit_link(&source.url, commit)) } }
            }
            @if !images.is_empty() {
                dt { "Images" }
                dd {
                    @for image in images { code { (boxed(&image_name(image))) } br; }
                    @if failed && detail.images.is_empty() { span.fail { (Sign::Failed.bare()) " not pushed" } }
                }
            }
            @if let Some(minutes) = detail.message["timeout_minutes"].as_u64() { dt { "Timeout" } dd { (minutes) " min" } }
        } }
    }
}

fn image_name(image: &Value) -> String {
    let tags: Vec<_> = image["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("{}:{}", image["name"].as_str().unwrap_or_default(), tags.join(", :"))
}

fn commit_link(url: &str, commit: &str) -> Markup {
    let short = commit.get(..12).unwrap_or(commit);
    let forge = url.starts_with("https://github.com/") || url.starts_with("https://gitlab.com/");
    let is_commit = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    match https(url) {
        Some(url) if forge && is_commit => {
            html! { a href={ (url.strip_suffix(".git").unwrap_or(url)) "/commit/" (commit) } rel="noreferrer" { code { (short) } } }
        }
        _ => html! { code { (boxed(short)) } },
    }
}

fn place(detail: &JobDetail) -> Markup {
    let job = &*detail.standing;
    html! {
        section { h2 { "Place in line" } dl {
            dt { "Tenant" } dd { a href={ "/jobs?tenant=" (encoded(tenant(job))) } { (Name(tenant(job))) } }
            @if let Some(profile) = &job.job.profile { dt { "Profile" } dd { a href={ "/jobs?profile=" (encoded(profile)) } { (Name(profile)) } } }
            @if let Some(priority) = detail.message["priority"].as_str() { dt { "Priority" } dd { (boxed(priority)) } }
            @if let Some(group) = &job.job.group { dt { "Group" } dd { a href={ "/jobs?group=" (encoded(group)) } { (Name(group)) } } }
            @if !job.queue.is_empty() { dt { "Queue" } dd { (Name(&job.queue)) } }
            @if let Some(waited) = detail.timings.as_ref().and_then(|timings| timings.waiting_seconds) { dt { "Waited" } dd { (time::duration(whole_seconds(waited))) } }
        } }
    }
}

fn labels(job: &JobStanding) -> Markup {
    html! {
        @if !job.job.labels.is_empty() {
            section { h2 { "Labels" } dl {
                @for (name, value) in &job.job.labels {
                    dt { (Name(name)) } dd { a href={ "/jobs?label=" (encoded(&format!("{name}={value}"))) } { (Name(value)) } }
                }
            } }
        }
    }
}

fn elsewhere(detail: &JobDetail) -> Markup {
    let build = detail.builds.last();
    let console = build.and_then(|build| https(build.console_url.as_deref()?));
    let log = detail.log.as_ref().and_then(|log| https(log.url.as_deref()?));
    html! {
        section { h2 { "Elsewhere" } ul {
            @if let Some(url) = console { li { (outward(url, &html! { "Build " @if let Some(number) = build.and_then(|build| build.number) { (number) " " } "in CodeBuild" })) } }
            @if let Some(url) = log { li { (outward(url, &html! { "Log in CloudWatch" })) } }
            li { a href={ "/api/v1" (address(&detail.standing)) } { "Job as JSON" } }
        } }
    }
}

fn branch(job: &JobStanding, before: &[&JobStanding], scene: Scene<'_>) -> Markup {
    html! {
        @if !before.is_empty() {
            section { h2 { "This branch before" } ul {
                @for other in before {
                    @let same = job.decisive_line.is_some() && other.decisive_line == job.decisive_line;
                    li data-key={ "before:" (spelled(id(other))) } {
                        (Sign::of(other).named()) " " a href=(address(other)) { (Name(id(other))) } " "
                        span.muted {
                            @if let Some(ended) = other.ended_at.as_deref().and_then(time::parse) { (time::at_minute(ended, scene.now)) }
                            @if same { ", same line" } @else if other.status == Some(Status::Succeeded) { ", " (row::took(other)) }
                        }
                    }
                }
            } }
        } @else { (first_of_branch(job)) }
    }
}

/// The text for a branch of which no earlier build is remembered.
fn first_of_branch(job: &JobStanding) -> Markup {
    html! { @if job.job.source.is_some() { p.muted.small { "No earlier job of this branch is remembered." } } }
}
