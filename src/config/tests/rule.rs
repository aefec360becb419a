//! Each rule with the text of its fault.

use super::{least_with, read};

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
