//! What the environment changes.

use std::time::Duration;

use super::{LEAST, read_with};

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
