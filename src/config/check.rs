//! The rules: raw values become a [`Config`] or faults. Every section is read to its end, so that all faults are found.

mod http;
mod inheritance;
mod limits;
mod place;
mod profile;
mod queue;
mod source;
mod value;

use std::time::Duration;

use super::{
    Config, LogExcerpt, Retry, Shutdown, Telemetry, Topic, Watch, address, default,
    document::Document,
    expression::Expression,
    raw::{self, Raw},
};

/// The most regular expressions of secrets.
const EXPRESSIONS: usize = 50;

/// Checks every rule. Each broken rule is a fault of the document. With `None` there is at least one.
pub(super) fn check(document: &mut Document, raw: Raw) -> Option<Config> {
    let queues = queue::queues(document, raw.queues);
    let topic = topic(document, raw.topic.unwrap_or_default());
    let limits = limits::limits(document, raw.limits.unwrap_or_default());
    if limits.as_ref().is_some_and(|limits| limits.waiting < queues.len()) {
        document.fault("limits.waiting", "must be at least the number of queues: each receive holds a place");
    }
    let watch = watch(document, raw.watch.unwrap_or_default());
    place::check(document, &queues, watch.as_ref().and_then(|watch| watch.events_queue_url.as_deref()), topic.as_ref());
    let retry = retry(document, &raw.retry.unwrap_or_default());
    let log = log(document, &raw.log.unwrap_or_default(), topic.as_ref());
    let telemetry = telemetry(document, raw.telemetry.unwrap_or_default());
    let hosts = source::hosts(document, raw.hosts.unwrap_or_default());
    let profiles = profile::profiles(document, raw.profiles.unwrap_or_default(), &hosts, limits.as_ref());
    let http = http::http(document, &raw.http.unwrap_or_default());
    let grace = raw.shutdown.unwrap_or_default().grace;
    let grace = document.duration("shutdown.grace", grace.as_deref().unwrap_or(default::GRACE), Duration::ZERO, Duration::from_hours(1));
    Some(Config {
        queues: queues.into_iter().collect::<Option<_>>()?,
        topic: topic?,
        limits: limits?,
        watch: watch?,
        retry: retry?,
        log: log?,
        telemetry,
        profiles: profiles?,
        http: http?,
        shutdown: Shutdown { grace: grace? },
    })
}

fn topic(document: &mut Document, raw: raw::Topic) -> Option<Topic> {
    const EVENTS: [&str; 4] = ["queued", "started", "finished", "rejected"];
    let arn = document.required("topic.arn", raw.arn, address::topic);
    let events = raw.events.unwrap_or_else(|| default::EVENTS.map(String::from).to_vec());
    for (index, event) in events.iter().enumerate() {
        let path = format!("topic.events[{index}]");
        if !EVENTS.contains(&event.as_str()) {
            document.fault(&path, format!("must be one of {}", EVENTS.join(", ")));
        } else if events[..index].contains(event) {
            document.fault(&path, "is in the list already");
        }
    }
    // From an event without its excerpt, to the largest message that SQS takes from a topic.
    let max_bytes = document.size("topic.max_bytes", raw.max_bytes.as_deref().unwrap_or(default::MAX_BYTES), ("8KiB", "1MiB"));
    let has = |name: &str| events.iter().any(|event| event == name);
    Some(Topic {
        arn: arn?,
        queued: has("queued"),
        started: has("started"),
        finished: has("finished"),
        rejected: has("rejected"),
        max_bytes: max_bytes?,
    })
}

fn retry(document: &mut Document, raw: &raw::Retry) -> Option<Retry> {
    let attempts = document.number("retry.attempts", raw.attempts.or(Some(default::ATTEMPTS)), (1, 10));
    let mut duration = |key, text: &Option<String>, default| {
        document.duration(key, text.as_deref().unwrap_or(default), Duration::from_secs(1), Duration::from_hours(1))
    };
    let pause = duration("retry.pause", &raw.pause, default::PAUSE);
    let longest_pause = duration("retry.longest_pause", &raw.longest_pause, default::LONGEST_PAUSE);
    if pause.zip(longest_pause).is_some_and(|(pause, longest)| pause > longest) {
        document.fault("retry.pause", "must be at most retry.longest_pause");
    }
    Some(Retry { attempts: attempts?, pause: pause?, longest_pause: longest_pause? })
}

fn watch(document: &mut Document, raw: raw::Watch) -> Option<Watch> {
    let interval = raw.interval.as_deref().unwrap_or(default::INTERVAL);
    let interval = document.duration("watch.interval", interval, Duration::from_millis(100), Duration::from_mins(10));
    let events_queue_url = document.optional("watch.events_queue_url", raw.events_queue_url, address::queue);
    Some(Watch { interval: interval?, events_queue_url })
}

fn log(document: &mut Document, raw: &raw::Log, topic: Option<&Topic>) -> Option<LogExcerpt> {
    let lines = document.number("log.lines", raw.lines.or(Some(default::LINES)), (1, 1000));
    let bytes = document.size("log.bytes", raw.bytes.as_deref().unwrap_or(default::BYTES), ("1KiB", "1MiB"));
    if bytes.zip(topic).is_some_and(|(bytes, topic)| bytes >= topic.max_bytes) {
        document.fault("log.bytes", "must be less than topic.max_bytes, as the excerpt is a part of the event");
    }
    let settle = raw.settle.as_deref().unwrap_or(default::SETTLE);
    let settle = document.duration("log.settle", settle, Duration::ZERO, Duration::from_mins(5));
    let reads_per_second = raw.reads_per_second.or(Some(default::READS_PER_SECOND));
    let reads_per_second = document.number("log.reads_per_second", reads_per_second, (1, 1000));
    let redact = expressions(document, "log.redact", raw.redact.as_deref().unwrap_or_default());
    Some(LogExcerpt { lines: lines?, bytes: bytes?, settle: settle?, reads_per_second: reads_per_second?, redact })
}

fn telemetry(document: &mut Document, raw: raw::Telemetry) -> Telemetry {
    let log = raw.log.unwrap_or_else(|| default::LOG.to_owned());
    if !crate::telemetry::is_filter(&log) {
        document.fault("telemetry.log", "must be a log filter, like \"info\" or \"info,slipway=debug\"");
    }
    Telemetry { log }
}

/// Entries with faults are left out; their faults are noted.
fn expressions(document: &mut Document, path: &str, raw: &[String]) -> Vec<Expression> {
    if raw.len() > EXPRESSIONS {
        document.fault(path, format!("must have at most {EXPRESSIONS} expressions, as each is looked for in every line"));
    }
    let mut parse = |(index, text): (usize, &String)| {
        let parsed = Expression::parse(text);
        parsed.map_err(|rule| document.fault(&format!("{path}[{index}]"), rule)).ok()
    };
    raw.iter().enumerate().filter_map(&mut parse).collect()
}
