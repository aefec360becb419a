//! The rules by table: what a file with a fault is told, and what the environment changes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod inheritance;
mod limits;
mod queue;

use std::{path::Path, time::Duration};

use serde_json::Value as Schema;

use super::{Buildspec, Config, Envelope, Error, central, load, parse, raw};

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

const EXAMPLE: &str = include_str!("../../config/slipway.toml");
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
fn the_example_is_the_least_configuration_with_every_default_spelled_out() {
    assert_eq!(read(EXAMPLE).unwrap(), read(LEAST).unwrap());
}

#[test]
fn the_example_has_every_key() {
    let mut expected = Vec::new();
    keys(&raw::schema(), "", "", &mut expected);
    assert!(expected.len() > 20, "{expected:?}");
    // What is commented out counts, whole sections included.
    let example = EXAMPLE.replace("\n# [", "\n[");
    for (section, key) in expected {
        // It takes a second profile to extend the first.
        let section = if key == "extends = " { "[profiles.small]".to_owned() } else { section };
        let after = example.split_once(&format!("\n{section}\n")).unwrap_or_else(|| panic!("no {section}")).1;
        let body = after.split("\n[").next().unwrap();
        let said = body.lines().any(|line| line.trim_start_matches("# ").starts_with(&key));
        assert!(said, "{section} {key}");
    }
}

/// Every key by the header of its section; of a table with free names, one entry that any of its keys answers.
fn keys(schema: &Schema, path: &str, header: &str, found: &mut Vec<(String, String)>) {
    for (key, schema) in schema["properties"].as_object().unwrap() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match schema {
            schema if schema["items"]["properties"].is_object() => keys(&schema["items"], &path, &format!("[[{path}]]"), found),
            schema if schema["additionalProperties"]["properties"].is_object() => {
                keys(&schema["additionalProperties"], &format!("{path}.default"), &format!("[{path}.default]"), found);
            }
            schema if schema["additionalProperties"].is_object() => found.push((format!("[{path}]"), String::new())),
            schema if schema["properties"].is_object() => keys(schema, &path, &format!("[{path}]"), found),
            _ => found.push((header.to_owned(), format!("{key} = "))),
        }
    }
}

#[test]
fn what_the_example_comments_out_is_right_as_well() {
    // Of two keys that exclude each other one stays a comment.
    let alternatives = ["buildspec_file", "secret"];
    let all = EXAMPLE.lines().filter(|line| alternatives.iter().all(|key| !line.starts_with(&format!("# {key} ="))));
    let all: Vec<&str> = all.map(uncommented).collect();
    let all = read(&all.join("\n")).unwrap();
    assert_eq!(all.limits.per_tenant, 10);
    let profile = &all.profiles["default"];
    assert_eq!(all.queues[0].envelope, Some(Envelope::Sns));
    assert!(all.queues[0].dead_letter_url.is_some() && all.watch.events_queue_url.is_some() && profile.registry.is_some());
    assert_eq!(profile.arm.as_ref().unwrap().environment_type.as_deref(), Some("ARM_CONTAINER"));
    assert_eq!((profile.env.len(), profile.tenant_sources.len(), profile.hosts.len()), (1, 1, 1));
}

/// The line without its comment sign if it sets a key or opens a section.
fn uncommented(line: &str) -> &str {
    let set = |rest: &&str| rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    line.strip_prefix("# ").filter(set).unwrap_or(line)
}

#[test]
fn a_buildspec_file_is_read_from_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slipway.toml");
    let text = "version: 0.2\nenv: { exported-variables: [SLIPWAY_RESULT] }\n";
    std::fs::write(folder.path().join("central.yml"), text).unwrap();
    std::fs::write(folder.path().join("plain.yml"), "version: 0.2\n# exports no SLIPWAY_RESULT\n").unwrap();
    let with = |line: &str| {
        std::fs::write(&path, format!("{LEAST}{line}\n")).unwrap();
        load(&path, []).map_err(|error| error.to_string())
    };
    let config = with("buildspec_file = \"central.yml\"").unwrap();
    let operators = Buildspec { spec: Some(text.into()), is_operators: true };
    assert_eq!((&config.profiles["default"].buildspec, &config.profiles["default"].images_buildspec), (&operators, &operators));
    assert!(with("buildspec_file = \"missing.yml\"").unwrap_err().contains("cannot be read"));
    // Images are the central buildspec's to build, unless the operator says otherwise.
    let registry = "registry = \"registry.test\"";
    for (lines, spec, is_operators) in [
        ("", None, false),
        (registry, Some(central::text()), true),
        (&format!("{registry}\nbuildspec_path = \"ci.yml\""), Some(central::text()), true),
        (&format!("{registry}\nbuildspec_file = \"central.yml\""), Some(text), true),
        (&format!("{registry}\nimages_buildspec = \"central.yml\""), Some(text), true),
        (&format!("{registry}\nimages_buildspec = \"project\""), None, true),
        ("images_buildspec = \"central\"", Some(central::text()), true),
    ] {
        let found = &with(lines).unwrap().profiles["default"].images_buildspec;
        assert_eq!((found.spec.as_deref(), found.is_operators), (spec, is_operators), "{lines}");
    }
    // A registry is for images, and without a report of them no job with images succeeds.
    for lines in ["buildspec_file = \"plain.yml\"", "images_buildspec = \"plain.yml\""] {
        let error = with(&format!("{registry}\n{lines}")).unwrap_err();
        assert!(error.contains("images_buildspec") && error.contains("SLIPWAY_RESULT"), "{error}");
    }
    assert!(with("buildspec_file = \"plain.yml\"").is_ok(), "without a registry no job asks for images");
    assert!(with(&format!("{registry}\nbuildspec_file = \"plain.yml\"\nimages_buildspec = \"project\"")).is_ok());
    assert_eq!(
        with(&format!("{registry}\nimages_buildspec = \"central.yml\"")).unwrap().profiles["default"].buildspec,
        Buildspec::default()
    );
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
fn each_rule_says_its_key_value_line_and_what_is_right() {
    let url = "url = \"https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs\"";
    let sources = "sources = [\"https://github.com/acme/*\"]";
    let queue = |rest: &str| format!("{url}\n{rest}");
    let limit = |rest: &str| format!("running = 40\n{rest}");
    let profile = |rest: &str| format!("{sources}\n{rest}");
    let section = |rest: &str| format!("{rest}\n[limits]");
    let table: &[(&str, &str, &str)] = &[
        // Keys and types.
        ("running = 40", "runing = 40", "limits.running (line 6): is missing"),
        ("running = 40", "running = \"40\"", "limits.running = \"40\" (line 7): must be a whole number"),
        ("running = 40", "running = 40.5", "limits.running = 40.5 (line 7): must be a whole number"),
        ("running = 40", &limit("per_tenat = 4"), "limits.per_tenat = 4 (line 8): there is no such key; did you mean per_tenant?"),
        ("running = 40", &limit("zzz = 4"), "limits.zzz = 4 (line 8): there is no such key"),
        ("[limits]", "[limit]", "limit (line 6): there is no such key; did you mean limits?"),
        ("[limits]", "[limit]", "limits.running: is missing"),
        ("[limits]\nrunning = 40", &section("[retry]\nattempts = 40"), "retry.attempts = 40 (line 7): must be 1 to 10"),
        (url, "url = 3", "queues[0].url = 3 (line 3): must be a string"),
        (url, "wait = \"20s\"", "queues[0].url (line 2): is missing"),
        ("[[queues]]\n", "[queues]\n", "queues (line 2): must be a list"),
        (
            sources,
            "sources = \"https://github.com/acme/*\"",
            "profiles.default.sources = \"https://github.com/acme/*\" (line 10): must be a list",
        ),
        (sources, "sources = [1]", "profiles.default.sources[0] = 1 (line 10): must be a string"),
        ("[profiles.default]", "[profile.default]", "profiles: must have at least one profile, as in [profiles.default]"),
        ("running = 40", "running = ", "line 7: string values must be quoted, expected literal string"),
        // Queues.
        (url, &queue("visibility = 120"), "queues[0].visibility = 120 (line 4): must be a string, like \"2m\""),
        (
            url,
            &queue("visibility = \"120\""),
            "queues[0].visibility = \"120\" (line 4): must be a duration, like \"90s\", \"2m\" or \"1h30m\"",
        ),
        (url, &queue("visibility = \"29s\""), "queues[0].visibility = \"29s\" (line 4): must be 30s to 12h"),
        (url, &queue("visibility = \"12h1s\""), "queues[0].visibility = \"12h1s\" (line 4): must be 30s to 12h"),
        (url, &queue("visibility = \"30500ms\""), "queues[0].visibility = \"30500ms\" (line 4): must be whole seconds"),
        (url, &queue("wait = \"21s\""), "queues[0].wait = \"21s\" (line 4): must be 1s to 20s"),
        (url, &queue("dead_letter_url = \"slipway-dlq\""), "queues[0].dead_letter_url = \"slipway-dlq\" (line 4): must be a queue's URL"),
        // Topic.
        (
            "slipway-events\"",
            "slipway-events\"\nevents = [\"begun\"]",
            "topic.events[0] = \"begun\" (line 6): must be one of queued, started, finished, rejected",
        ),
        (
            "slipway-events\"",
            "slipway-events\"\nevents = [\"started\", \"started\"]",
            "topic.events[1] = \"started\" (line 6): is in the list already",
        ),
        (
            "slipway-events\"",
            "slipway-events\"\nmax_bytes = \"much\"",
            "topic.max_bytes = \"much\" (line 6): must be a size, like \"32KiB\"",
        ),
        ("slipway-events\"", "slipway-events\"\nmax_bytes = \"2MiB\"", "topic.max_bytes = \"2MiB\" (line 6): must be 8KiB to 1MiB"),
        (
            "slipway-events\"",
            "slipway-events\"\nmax_bytes = \"32KiB\"",
            "log.bytes: must be less than topic.max_bytes, as the excerpt is a part of the event",
        ),
        ("arn:aws:sns", "arn:aws:sqs", "must be a topic's ARN"),
        // Limits.
        ("running = 40", "running = 0", "limits.running = 0 (line 7): must be 1 to 120000"),
        ("running = 40", &limit("per_tenant = 0"), "limits.per_tenant = 0 (line 8): must be 1 to 120000"),
        ("running = 40", &limit("per_tenant = 41"), "limits.per_tenant = 41 (line 8): must be at most limits.running"),
        ("running = 40", &limit("waiting = 0"), "limits.waiting = 0 (line 8): must be 1 to 120000"),
        (
            "running = 40",
            &limit("waiting = 119961"),
            "limits.waiting = 119961 (line 8): must be at most 120000 together with limits.running",
        ),
        ("running = 40", &limit("deduplication = \"8days\""), "limits.deduplication = \"8days\" (line 8): must be 0s to 7days"),
        // Watch, log, http, shutdown.
        ("[limits]", &section("[watch]\ninterval = \"99ms\""), "watch.interval = \"99ms\" (line 7): must be 100ms to 10m"),
        ("[limits]", &section("[log]\nlines = 0"), "log.lines = 0 (line 7): must be 1 to 1000"),
        ("[limits]", &section("[log]\nsettle = \"6m\""), "log.settle = \"6m\" (line 7): must be 0s to 5m"),
        ("[limits]", &section("[log]\nreads_per_second = 0"), "log.reads_per_second = 0 (line 7): must be 1 to 1000"),
        ("[limits]", &section("[http]\nlisten = \"localhost\""), "http.listen = \"localhost\" (line 7): must be ADDRESS:PORT"),
        ("[limits]", &section("[shutdown]\ngrace = \"2h\""), "shutdown.grace = \"2h\" (line 7): must be 0s to 1h"),
        // Profiles.
        ("codebuild-flex", "-", "profiles.default.project = \"-\" (line 9): must be a CodeBuild project's name"),
        ("[profiles.default]", "[profiles.\"a b\"]", "profiles.\"a b\" (line 8): the name must be 1 to 64 letters, digits, dots, - and _"),
        (sources, "sources = []", "profiles.default.sources = [] (line 10): must have at least one pattern"),
        (sources, "", "profiles.default.sources (line 8): must have at least one pattern"),
        (sources, &profile("timeout_minutes = 4"), "profiles.default.timeout_minutes = 4 (line 11): must be 5 to 2160"),
        (sources, &profile("revisions = []"), "profiles.default.revisions = [] (line 11): must have at least one pattern"),
        (sources, &profile("revisions = [\"a b\"]"), "profiles.default.revisions[0] = \"a b\" (line 11): must be a pattern of branches"),
        (
            sources,
            &profile("secrets = [\"arn:aws:secretsmanager:x\"]"),
            "profiles.default.secrets[0] = \"arn:aws:secretsmanager:x\" (line 11): must be a pattern of names, not of ARNs",
        ),
        (
            sources,
            &profile("parameters = [\"{user}/*\"]"),
            "profiles.default.parameters[0] = \"{user}/*\" (line 11): must be a pattern of names",
        ),
        (
            sources,
            &profile("environment_type = \"LINUX_LAMBDA_CONTAINER\"\nprivileged = true"),
            "profiles.default.privileged = true (line 12): must be left out: on Lambda",
        ),
        (
            sources,
            &profile("compute_type = \"BUILD_LAMBDA_1GB\"\ntimeout_minutes = 15"),
            "profiles.default.timeout_minutes = 15 (line 12): must be left out: on Lambda",
        ),
        (sources, &profile("timeout_minutes = 2161"), "profiles.default.timeout_minutes = 2161 (line 11): must be 5 to 2160"),
        (
            sources,
            &profile("registry = \"https://ghcr.io\""),
            "profiles.default.registry = \"https://ghcr.io\" (line 11): must be HOST[:PORT][/PATH]",
        ),
    ];
    for (replaced, by, expected) in table {
        let faults = read(&least_with(replaced, by)).map(|_| "nothing");
        assert!(faults.as_ref().is_err_and(|faults| faults.contains(expected)), "{by}\n  expected {expected}\n  got {faults:?}");
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
fn the_environment_overrides_single_keys() {
    let file = LEAST.replace("profiles.default", "profiles.arm-64");
    let config = read_with(
        &file,
        &[
            ("SLIPWAY__LIMITS__RUNNING", "20"),
            ("SLIPWAY__SHUTDOWN__GRACE", "1m"),
            ("SLIPWAY__TOPIC__EVENTS", "[\"finished\"]"),
            ("SLIPWAY__QUEUES__0__URL", "http://localhost:4566/000000000000/jobs"),
            ("SLIPWAY__PROFILES__ARM_64__PROJECT", "123"),
            ("SLIPWAY_CONFIG", "elsewhere.toml"),
            ("HOME", "/root"),
        ],
    );
    let config = config.unwrap();
    assert_eq!((config.limits.running, config.limits.per_tenant), (20, 20));
    assert_eq!(config.shutdown.grace, Duration::from_mins(1));
    assert!(config.topic.finished && !config.topic.started);
    assert_eq!(config.queues[0].url, "http://localhost:4566/000000000000/jobs");
    assert_eq!(config.profiles["arm-64"].project, "123");
}

#[test]
fn an_override_that_names_nothing_is_a_fault_of_its_variable() {
    let table = [
        ("SLIPWAY__LIMITS__RUNING", "20", "there is no such key; did you mean RUNNING?"),
        ("SLIPWAY__LIMITS", "20", "names a whole section; an override sets one key of it"),
        ("SLIPWAY__QUEUES", "20", "names a whole list; an override sets one key of an entry"),
        ("SLIPWAY__QUEUES__1__URL", "20", "names no entry of queues, which has 1, counted from 0"),
        ("SLIPWAY__LIMITS__RUNNING__MAX", "20", "names a part of limits.running, which has none"),
        ("SLIPWAY__PROFILES__NIGHTLY__PROJECT", "20", "names none of default"),
    ];
    for (variable, value, rule) in table {
        let faults = read_with(LEAST, &[(variable, value)]).unwrap_err();
        assert_eq!(faults, format!("{variable} = \"{value}\" (environment): {rule}"));
    }
    let faults = read_with(LEAST, &[("SLIPWAY__LIMITS__RUNNING", "lots")]).unwrap_err();
    assert_eq!(faults, "limits.running = \"lots\" (SLIPWAY__LIMITS__RUNNING): must be a whole number");
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
