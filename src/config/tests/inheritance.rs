//! Profiles that extend others.

use std::fmt::Write;

use super::{LEAST, read};

fn with(profiles: &str) -> Result<crate::config::Config, String> {
    read(&format!("{LEAST}{profiles}"))
}

#[test]
fn a_profile_has_what_it_does_not_set_from_the_one_that_it_extends() {
    let config = with(
        r#"
        registry = "registry.test"
        timeout_minutes = 30
        secrets = ["a/*", "b/*"]
        buildspec_path = "ci.yml"
        env = [{ name = "A", value = "1" }, { name = "B", value = "2" }]
        arm = { image = "arm:1", compute_type = "BUILD_GENERAL1_LARGE" }
        [profiles.large]
        extends = "small"
        compute_type = "BUILD_GENERAL1_LARGE"
        [profiles.small]
        extends = "default"
        compute_type = "BUILD_GENERAL1_SMALL"
        secrets = ["c/*"]
        arm = { image = "arm:2" }
        [profiles.tiny]
        extends = "default"
        compute_type = "BUILD_LAMBDA_1GB"
        environment_type = "LINUX_LAMBDA_CONTAINER"
        "#,
    );
    let profiles = config.unwrap().profiles;
    let (default, small, large, tiny) = (&profiles["default"], &profiles["small"], &profiles["large"], &profiles["tiny"]);
    for profile in [small, large, tiny] {
        assert_eq!((&profile.project, &profile.registry, &profile.sources), (&default.project, &default.registry, &default.sources));
        assert_eq!((&profile.env, &profile.buildspec, &profile.hosts), (&default.env, &default.buildspec, &default.hosts));
    }
    assert_eq!((large.name.as_str(), large.timeout_minutes), ("large", 30));
    let sizes = [default, small, large].map(|profile| profile.environment.compute_type.as_deref());
    assert_eq!(sizes, [None, Some("BUILD_GENERAL1_SMALL"), Some("BUILD_GENERAL1_LARGE")]);
    // Lists and tables are replaced whole, by the closest profile that sets them.
    assert_eq!(
        (small.secrets.as_slice(), large.secrets.as_slice(), tiny.secrets.len()),
        (&["c/*".to_owned()][..], &["c/*".to_owned()][..], 2)
    );
    let arm = large.arm.as_ref().unwrap();
    assert_eq!((arm.image.as_deref(), arm.compute_type.as_deref()), (Some("arm:2"), None));
    assert_eq!(tiny.timeout_minutes, 60, "a time is refused on Lambda, and so not inherited");
}

#[test]
fn of_two_keys_that_exclude_each_other_the_one_that_is_set_keeps_the_other_out() {
    let config = with("buildspec_path = \"ci.yml\"\n[profiles.other]\nextends = \"default\"\nbuildspec_path = \"nightly.yml\"\n");
    assert_eq!(config.unwrap().profiles["other"].buildspec.spec.as_deref(), Some("nightly.yml"));
    let error =
        with("buildspec_path = \"ci.yml\"\n[profiles.other]\nextends = \"default\"\nbuildspec_file = \"missing.yml\"\n").unwrap_err();
    assert!(error.contains("profiles.other.buildspec_file") && !error.contains("buildspec_path"), "{error}");
}

#[test]
fn each_fault_of_a_chain_is_told_once_where_it_is_set() {
    let faults = |profiles: &str| with(profiles).map(drop).unwrap_err();
    // What is inherited is wrong at one place only.
    assert_eq!(
        faults("timeout_minutes = 1\nsecrets = [\"arn:x\"]\n[profiles.a]\nextends = \"default\"\n[profiles.z]\nextends = \"a\"\n"),
        "profiles.default.timeout_minutes = 1 (line 11): must be 5 to 2160\n\
         profiles.default.secrets[0] = \"arn:x\" (line 12): must be a pattern of names, not of ARNs, like \"npm/*\" or \"{tenant}/*\""
    );
    // What nobody in the chain sets is missing in the profile; what an unknown one may set is not.
    let error = faults("[profiles.a]\nextends = \"b\"\n[profiles.b]\nproject = \"p\"\n[profiles.c]\nextends = \"defualt\"\nrunning = 0\n");
    for expected in [
        "profiles.a.sources (line 11): must have at least one pattern",
        "profiles.c.extends = \"defualt\" (line 16): names no profile; did you mean default?",
        "profiles.c.running = 0 (line 17): must be 1 to 40",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    assert!(!error.contains("profiles.c.project"), "{error}");
    let error = faults("[profiles.a]\nextends = \"nightly\"\n");
    assert!(error.contains("names no profile; there are a, default"), "{error}");
}

#[test]
fn a_circle_and_a_chain_too_long_are_refused_with_their_place() {
    let error =
        with("[profiles.a]\nextends = \"b\"\n[profiles.b]\nextends = \"c\"\n[profiles.c]\nextends = \"a\"\n").map(drop).unwrap_err();
    assert!(error.contains("profiles.c.extends = \"a\" (line 16): goes round in a circle: a extends b extends c extends a"), "{error}");
    let error = with("[profiles.own]\nextends = \"own\"\n").map(drop).unwrap_err();
    assert!(error.contains("profiles.own.extends = \"own\" (line 12): goes round in a circle: own extends own"), "{error}");
    let mut chain = String::new();
    for n in 1..8 {
        let before = if n == 1 { "default".to_owned() } else { format!("p{}", n - 1) };
        writeln!(chain, "[profiles.p{n}]\nextends = \"{before}\"").unwrap();
    }
    assert_eq!(with(&chain).unwrap().profiles["p7"].project, "codebuild-flex");
    let error = with(&format!("{chain}[profiles.p8]\nextends = \"p7\"\n")).map(drop).unwrap_err();
    assert!(error.contains("profiles.p8.extends = \"p7\" (line 26): begins a chain of more than 8 profiles"), "{error}");
}
