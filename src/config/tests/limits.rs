//! The rules of limits by tenant, repository and queue.

use super::{least_with, read};
use crate::config::{RepositoryLimits, TenantLimits, WhenFull};

#[test]
fn tenants_and_repositories_may_differ() {
    let text = r#"running = 40
per_repository = 4
[[limits.tenants]]
match = "team-*"
running = 4
burst = 20
weight = 3
waiting = 500
when_full = "reject"
[[limits.tenants]]
match = "*"
[[limits.repositories]]
match = "github.com/acme/mono*"
running = 2"#;
    let limits = read(&least_with("running = 40", text)).unwrap().limits;
    let of_team = TenantLimits {
        pattern: "team-*".to_owned(),
        running: Some(4),
        burst: Some(20),
        weight: 3,
        waiting: Some(500),
        when_full: WhenFull::Reject,
    };
    let of_all = TenantLimits { pattern: "*".to_owned(), running: None, burst: None, weight: 1, waiting: None, when_full: WhenFull::Wait };
    assert_eq!(limits.tenants, [of_team, of_all]);
    assert_eq!(limits.per_repository, Some(4));
    assert_eq!(limits.repositories, [RepositoryLimits { pattern: "github.com/acme/mono*".to_owned(), running: 2 }]);
}

#[test]
fn a_limit_that_cannot_hold_is_a_fault() {
    let tenant = |rest: &str| format!("running = 40\n[[limits.tenants]]\n{rest}");
    let named = |rest: &str| tenant(&format!("match = \"a\"\n{rest}"));
    let repository = |rest: &str| format!("running = 40\n[[limits.repositories]]\n{rest}");
    let table = [
        (tenant("running = 3"), "limits.tenants[0].match (line 8): is missing"),
        (tenant("match = \"team a\""), "must be a tenant or a pattern of tenants"),
        (named("running = 41"), "limits.tenants[0].running = 41 (line 10): must be 1 to 40"),
        (named("running = 4\nburst = 3"), "limits.tenants[0].burst = 3 (line 11): must be 4 to 40"),
        (named("weight = 0"), "limits.tenants[0].weight = 0 (line 10): must be 1 to 1000"),
        (named("waiting = 5\nwhen_full = \"drop\""), "must be \"wait\" or \"reject\""),
        (named("when_full = \"reject\""), "says what happens beyond `waiting`, which is missing"),
        (named("per_tenant = 1"), "there is no such key"),
        (repository("match = \"https://github.com/acme/*\"\nrunning = 1"), "must be a repository or a pattern of repositories"),
        (repository("match = \"*\""), "limits.repositories[0].running (line 8): is missing"),
        ("running = 40\nper_repository = 41".to_owned(), "limits.per_repository = 41 (line 8): must be 1 to 40"),
        ("running = 40\naging = \"0s\"".to_owned(), "limits.aging = \"0s\" (line 8): must be 1s to 7days"),
        ("running = 40\nhalf_life = \"1s\"".to_owned(), "limits.half_life = \"1s\" (line 8): must be 1m to 7days"),
    ];
    for (text, expected) in table {
        let faults = read(&least_with("running = 40", &text)).map(|_| "nothing");
        assert!(faults.as_ref().is_err_and(|faults| faults.contains(expected)), "{text}\n  expected {expected}\n  got {faults:?}");
    }
    let url = "slipway-jobs\"";
    let weightless = read(&least_with(url, &format!("{url}\nweight = 0"))).map(|_| "nothing");
    assert!(weightless.as_ref().is_err_and(|faults| faults.contains("queues[0].weight = 0 (line 4): must be 1 to 1000")), "{weightless:?}");
}
