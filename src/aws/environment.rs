//! Finds faults in the AWS environment before the first call: the SDK's own errors name neither the variable nor what to do.

use aws_config::{SdkConfig, profile};
use aws_types::os_shim_internal::{Env, Fs};

use crate::config::{Fault, Faults};

const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const PROFILE: &str = "AWS_PROFILE";
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Checks the region, the pair of keys and the profile.
pub(super) async fn check(config: &SdkConfig, variable: impl Fn(&str) -> Option<String>) -> Result<(), Faults> {
    let mut faults: Vec<Fault> = region(config.region().map(AsRef::as_ref), &variable).into_iter().chain(half_a_pair(&variable)).collect();
    if let Some(name) = variable(PROFILE).filter(|_| variable(KEY).is_none()) {
        #[expect(clippy::default_trait_access, reason = "the type's name is deprecated here, and its own crate is no dependency")]
        let known = profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await;
        // The SDK reports a file that cannot be read, with its path.
        if known.is_ok_and(|known| known.get_profile(&name).is_none()) {
            let rule = "no such profile in ~/.aws/config or ~/.aws/credentials (or AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)";
            faults.push(fault(PROFILE, Some(&name), rule));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Faults { file: "the AWS environment".to_owned(), faults }) }
}

/// Checks the region: calls are signed for it, and it is part of the host's name.
fn region(region: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Option<Fault> {
    let Some(region) = region else {
        return Some(fault(
            REGIONS[0],
            None,
            "no region: set AWS_REGION, or `region` in the AWS profile, to that of the queue and the project",
        ));
    };
    let is_label = |part: char| part.is_ascii_alphanumeric() || part == '-';
    let key = REGIONS.into_iter().find(|name| variable(name).as_deref() == Some(region)).unwrap_or("region of the AWS profile");
    (!region.chars().all(is_label)).then(|| fault(key, Some(region), "must be a region's name, like eu-west-1"))
}

/// Checks that both keys are set or none: with one of them the SDK silently looks elsewhere for credentials.
fn half_a_pair(variable: impl Fn(&str) -> Option<String>) -> Option<Fault> {
    // The SDK also takes an older name of the secret key.
    let secret = variable(SECRET).or_else(|| variable("SECRET_ACCESS_KEY"));
    match (variable(KEY), secret) {
        (Some(_), None) => Some(fault(SECRET, None, "is missing beside AWS_ACCESS_KEY_ID: set both, or neither")),
        (None, Some(_)) if variable(SECRET).is_some() => {
            Some(fault(KEY, None, "is missing beside AWS_SECRET_ACCESS_KEY: set both, or neither"))
        }
        _ => None,
    }
}

fn fault(key: &str, value: Option<&str>, rule: &str) -> Fault {
    Fault { key: key.to_owned(), value: value.map(|value| format!("{value:?}")), origin: None, rule: rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_told_with_the_variable_that_mends_it() {
        let elsewhere = Some("eu_west_1");
        for (called, set, expected) in [
            (Some("eu-west-1"), &[(KEY, "a"), (SECRET, "b")][..], ""),
            (Some("eu-west-1"), &[(KEY, "a"), ("SECRET_ACCESS_KEY", "b")], ""),
            (Some("eu-west-1"), &[("SECRET_ACCESS_KEY", "b")], ""),
            (Some("eu-west-1"), &[(KEY, "a")], "AWS_SECRET_ACCESS_KEY: is missing beside AWS_ACCESS_KEY_ID: set both, or neither"),
            (Some("eu-west-1"), &[(SECRET, "b")], "AWS_ACCESS_KEY_ID: is missing beside AWS_SECRET_ACCESS_KEY: set both, or neither"),
            (None, &[], "AWS_REGION: no region: set AWS_REGION, or `region` in the AWS profile, to that of the queue and the project"),
            (elsewhere, &[(REGIONS[0], "eu_west_1")], "AWS_REGION = \"eu_west_1\": must be a region's name, like eu-west-1"),
            (elsewhere, &[(REGIONS[1], "eu_west_1")], "AWS_DEFAULT_REGION = \"eu_west_1\": must be a region's name, like eu-west-1"),
            (elsewhere, &[], "region of the AWS profile = \"eu_west_1\": must be a region's name, like eu-west-1"),
        ] {
            let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let told = region(called, variable).into_iter().chain(half_a_pair(variable)).map(|fault| fault.to_string());
            assert_eq!(told.collect::<String>(), expected);
        }
    }
}
