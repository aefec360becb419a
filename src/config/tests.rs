//! The rules by table: what a file with a fault is told, and what the environment changes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod buildspec;
mod example;
mod inheritance;
mod limits;
mod overrides;
mod queue;
mod rule;

use std::{path::Path, time::Duration};

use super::{Config, Error, load, parse, raw};

/// As little as a configuration can be.
const LEAST: &str = r#"
[[queues]]
url = "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs"
[topic]
arn = "arn:aws:sns:eu-west-1:123456789012:slipway-events"
[limits]
running = 40
[profiles.default]
project = "codebuild-flex"
sources = ["https://github.com/acme/*"]
"#;

const LOCAL: &str = include_str!("../../config/local.toml");

fn read(text: &str) -> Result<Config, String> {
    read_with(text, &[])
}

/// The faults as printed, without the heading.
fn read_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    parse(text, "slipway.toml", environment).map_err(|faults| {
        let lines: Vec<String> = faults.faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

/// The least configuration with some of its text replaced.
fn least_with(replaced: &str, by: &str) -> String {
    assert!(LEAST.contains(replaced), "{replaced}");
    LEAST.replacen(replaced, by, 1)
}

#[test]
fn local_mode_has_a_quick_configuration_of_its_own() {
    let local = read(LOCAL).unwrap();
    assert_eq!(local.queues[0].name(), "slipway-jobs");
    assert_eq!((local.watch.interval, local.log.settle), (Duration::from_secs(1), Duration::from_secs(2)));
    assert_eq!(local.log.reads_per_second, 1000);
    assert_eq!((local.limits.running, local.limits.per_tenant), (4, 4));
    assert!(local.topic.queued && !local.topic.is_fifo());
}

#[test]
fn what_else_is_a_secret_is_checked_expression_by_expression() {
    let with = |list: &str| read(&format!("{LEAST}[log]\nredact = {list}\n")).map(|config| config.log.redact);
    let found = with("['ACME-[0-9]{6}', 'x']").unwrap();
    assert_eq!(found.iter().map(|found| found.regex().as_str()).collect::<Vec<_>>(), ["ACME-[0-9]{6}", "x"]);
    for (list, fault) in [
        ("['x', '(']", "log.redact[1] = \"(\" (line 12): must be a regular expression: unclosed group"),
        ("['(?<!x)y']", "must be a regular expression: look-around, including look-ahead"),
        ("['x*']", "log.redact[0] = \"x*\" (line 12): must not match the empty text, which is everywhere"),
        (r"['(\pL{99}){99}']", "must be a smaller regular expression: compiled it takes more than"),
        (&format!("{:?}", ["x"; 51]), "(line 12): must have at most 50 expressions"),
    ] {
        let faults = with(list).unwrap_err();
        assert!(faults.contains(fault), "{list}: {faults}");
    }
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let faults = parse(
        r#"
        [[queues]]
        wait = "1m"
        [topic]
        arn = "events"
        events = ["started", 7, "begun"]
        [limits]
        running = "many"
        per_tenant = 0
        colour = "red"
        [profiles.one]
        sources = ["ftp://host/x", 5, "https://git*.example.com/*"]
        [profiles.two]
        project = "codebuild-flex"
        timeout_minutes = 1
        "#,
        "slipway.toml",
        [("SLIPWAY__WATCH__INTERVAL".to_owned(), "soon".to_owned())],
    );
    let lines = [
        "slipway.toml: 15 faults",
        "  queues[0].url (line 2): is missing",
        "  queues[0].wait = \"1m\" (line 3): must be 1s to 20s",
        "  topic.arn = \"events\" (line 5): must be a topic's ARN: arn:aws:sns:REGION:ACCOUNT:NAME, the account 12 digits, like \
         arn:aws:sns:eu-west-1:123456789012:slipway-events",
        "  topic.events[1] = 7 (line 6): must be a string",
        "  topic.events[2] = \"begun\" (line 6): must be one of queued, started, finished, rejected",
        "  limits.running = \"many\" (line 8): must be a whole number",
        "  limits.per_tenant = 0 (line 9): must be 1 to 120000",
        "  limits.colour = \"red\" (line 10): there is no such key",
        "  profiles.one.project (line 11): is missing",
        "  profiles.one.sources[0] = \"ftp://host/x\" (line 12): must be https://HOST/PATH, s3://BUCKET/KEY or file:///PATH",
        "  profiles.one.sources[1] = 5 (line 12): must be a string",
        "  profiles.one.sources[2] = \"https://git*.example.com/*\" (line 12): must name one host: * may stand in what follows it, or at the host's beginning as in *.example.com",
        "  profiles.two.sources (line 13): must have at least one pattern, like \"https://github.com/acme/*\"",
        "  profiles.two.timeout_minutes = 1 (line 15): must be 5 to 2160",
        "  watch.interval = \"soon\" (SLIPWAY__WATCH__INTERVAL): must be a duration, like \"90s\", \"2m\" or \"1h30m\"",
    ];
    assert_eq!(faults.unwrap_err().to_string(), lines.join("\n"));
}

#[test]
fn the_committed_schema_is_current() {
    let committed = include_str!("../../docs/schemas/config.schema.json");
    assert_eq!(committed, format!("{:#}\n", raw::schema()), "run: slipway schema config > docs/schemas/config.schema.json");
}

#[test]
fn a_file_that_is_not_there_is_an_error_with_its_path() {
    let error = load(Path::new("/nowhere/slipway.toml"), []).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }));
    assert_eq!(error.to_string(), "cannot read the configuration file /nowhere/slipway.toml (--config or SLIPWAY_CONFIG names it)");
}
