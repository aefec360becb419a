//! The secrets and parameters that variables of type `SECRETS_MANAGER` and `PARAMETER_STORE` name, and whether a job may use them.
//!
//! A secret has several names: its name, and its ARN with or without the six characters that Secrets Manager appends, each with a JSON key,
//! a stage and a version after it. All names that a text may stand for must be allowed, and none may be one of the operator's.

use std::collections::BTreeMap;

use super::{Tenant, VariableKind, policy};
use crate::config::{Credential, Profile};

/// Parameters whose names begin like this are secrets of Secrets Manager.
const SECRETS_AS_PARAMETERS: &str = "aws/reference/secretsmanager/";

/// The names of the secret or parameter that a variable's value may stand for. The error is the rule.
fn names(kind: VariableKind, value: &str) -> Result<Vec<&str>, &'static str> {
    let is_plain = |name: &str, also: &[u8]| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || also.contains(&c));
    match kind {
        VariableKind::Plaintext => Ok(Vec::new()),
        VariableKind::SecretsManager => {
            let name = match arn(value, "secretsmanager") {
                Some(resource) => resource.strip_prefix("secret:").unwrap_or_default(),
                None => value,
            };
            let name = name.split(':').next().unwrap_or_default();
            if !is_plain(name, b"/_+=.@-") {
                return Err("must be a secret's name or ARN, then at most :JSON-KEY:STAGE:VERSION");
            }
            Ok(if value.starts_with("arn:") { vec![name, without_suffix(name)] } else { vec![name] })
        }
        VariableKind::ParameterStore => {
            let name = match arn(value, "ssm") {
                Some(resource) => resource.strip_prefix("parameter/").unwrap_or_default(),
                None => value.strip_prefix('/').unwrap_or(value),
            };
            let name = name.split(':').next().unwrap_or_default();
            if !is_plain(name, b"/_.-") || name.split('/').any(str::is_empty) {
                return Err("must be a parameter's name or ARN, then at most :VERSION or :LABEL");
            }
            if name.to_ascii_lowercase().starts_with("aws/reference") {
                return Err("must not be a secret by way of the Parameter Store: use the type SECRETS_MANAGER");
            }
            Ok(vec![name])
        }
    }
}

/// The resource of an ARN; empty if it belongs to another service. `None`: the text is no ARN.
fn arn<'a>(text: &'a str, service: &str) -> Option<&'a str> {
    let rest = text.strip_prefix("arn:")?;
    let parts: Vec<_> = rest.splitn(5, ':').collect();
    match parts[..] {
        [_, named, _, _, resource] if named == service => Some(resource),
        _ => Some(""),
    }
}

/// The name in a secret's ARN, without the dash and the six letters or digits that Secrets Manager appends.
fn without_suffix(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, suffix)) if suffix.len() == 6 && suffix.bytes().all(|c| c.is_ascii_alphanumeric()) && !name.is_empty() => name,
        _ => name,
    }
}

/// Whether the value is a valid name of its kind, without regard to permissions. The error is the rule.
pub fn check_name(kind: VariableKind, value: &str) -> Result<(), &'static str> {
    names(kind, value).map(drop)
}

/// Whether a job of the tenant may use what the value names. The error is the rule.
pub fn check(
    kind: VariableKind,
    value: &str,
    tenant: &Tenant,
    profile: &Profile,
    profiles: &BTreeMap<String, Profile>,
) -> Result<(), &'static str> {
    let names = names(kind, value)?;
    let patterns = if kind == VariableKind::ParameterStore { &profile.parameters } else { &profile.secrets };
    let allowed = |name: &&str| {
        patterns.iter().any(|pattern| policy::matches(pattern.replace("{tenant}", tenant.as_str()).as_bytes(), name.as_bytes()))
    };
    if !names.iter().all(allowed) {
        return Err(match kind {
            VariableKind::ParameterStore => {
                "is not among the parameters that the profile lets its jobs name: ask the operator to add it to the profile's `parameters`"
            }
            _ => "is not among the secrets that the profile lets its jobs name: ask the operator to add it to the profile's `secrets`",
        });
    }
    if profiles.values().flat_map(operators).any(|(its, value)| its == kind && is_one_of(kind, value, &names)) {
        return Err("is the operator's own, which no job may name");
    }
    Ok(())
}

/// The secrets and parameters that the operator's configuration names, for builds and for fetching sources.
fn operators(profile: &Profile) -> impl Iterator<Item = (VariableKind, &str)> {
    let env = profile.env.iter().map(|variable| {
        let kind = VariableKind::of(&variable.kind);
        match secret_by_reference(&variable.value).filter(|_| kind == VariableKind::ParameterStore) {
            Some(secret) => (VariableKind::SecretsManager, secret),
            None => (kind, variable.value.as_str()),
        }
    });
    let hosts = profile.hosts.iter().filter_map(|host| match &host.credential {
        Credential::Secret(id) => Some((VariableKind::SecretsManager, id.as_str())),
        _ => None,
    });
    env.chain(hosts)
}

/// The secret that a parameter's name or ARN stands for.
fn secret_by_reference(value: &str) -> Option<&str> {
    let name = match arn(value, "ssm") {
        Some(resource) => resource.strip_prefix("parameter")?,
        None => value,
    };
    // Read like a job's value: with or without the first slash, in any case.
    let name = name.strip_prefix('/').unwrap_or(name);
    let (reference, secret) = name.split_at_checked(SECRETS_AS_PARAMETERS.len())?;
    reference.eq_ignore_ascii_case(SECRETS_AS_PARAMETERS).then_some(secret)
}

/// Whether a text may stand for one of the names.
fn is_one_of(kind: VariableKind, value: &str, among: &[&str]) -> bool {
    names(kind, value).is_ok_and(|names| names.iter().any(|name| among.contains(name)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::config::{OperatorVariable, SourceHost};

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

    fn profile(secrets: &[&str], parameters: &[&str]) -> Profile {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let variable = |kind: &str, value: &str| OperatorVariable { name: "X".into(), value: value.into(), kind: kind.into() };
        let token = format!("{ARN}git/token-AbCdEf");
        Profile {
            secrets: list(secrets),
            parameters: list(parameters),
            env: vec![
                variable("SECRETS_MANAGER", "hub:password"),
                variable("PARAMETER_STORE", "/ops/key"),
                variable("PARAMETER_STORE", "/aws/reference/secretsmanager/root"),
                variable("PARAMETER_STORE", "AWS/Reference/secretsmanager/odd-root"),
                variable("PARAMETER_STORE", "arn:aws:ssm:eu-west-1:123456789012:parameter/aws/reference/secretsmanager/arn-root"),
                variable("PLAINTEXT", "npm/token"),
            ],
            hosts: [SourceHost { host: "git.test".into(), source_type: None, credential: Credential::Secret(token) }].into(),
            ..Profile::default()
        }
    }

    fn checked(profile: &Profile, kind: VariableKind, value: &str) -> Result<(), &'static str> {
        let profiles = BTreeMap::from([("default".to_owned(), profile.clone())]);
        check(kind, value, &Tenant::parse("team-a").unwrap(), profile, &profiles)
    }

    #[test]
    fn allowed_secrets_may_be_named_by_any_of_their_names() {
        let profile = profile(&["npm/token*", "{tenant}/*"], &[]);
        for good in ["npm/token", "npm/token:key", "npm/token:key:AWSCURRENT:1", "npm/token::AWSCURRENT", "team-a/x/y"] {
            assert_eq!(checked(&profile, VariableKind::SecretsManager, good), Ok(()), "{good}");
        }
        for good in ["npm/token", "npm/token-AbCdEf", "npm/token-AbCdEf:key::1", "team-a/x-AbCdEf"] {
            assert_eq!(checked(&profile, VariableKind::SecretsManager, &format!("{ARN}{good}")), Ok(()), "{good}");
        }
        for bad in ["npm/other", "team-b/x", "team-ab/x", "x:npm/token", "team-b/x:team-a/x", "NPM/token"] {
            assert!(checked(&profile, VariableKind::SecretsManager, bad).unwrap_err().contains("not among the secrets"), "{bad}");
            assert!(checked(&profile, VariableKind::SecretsManager, &format!("{ARN}{bad}-AbCdEf")).is_err(), "{bad}");
        }
        for none in [
            "",
            ":key",
            "arn:aws:ssm:eu-west-1:123456789012:parameter/npm/token",
            "arn:x",
            "npm/token ",
            "{tenant}/x",
            "npm/tok\u{ff45}n",
            ARN,
        ] {
            assert!(checked(&profile, VariableKind::SecretsManager, none).unwrap_err().contains("name or ARN"), "{none}");
        }
    }

    #[test]
    fn an_arn_is_allowed_only_if_all_that_it_may_stand_for_is() {
        // This ARN lacks the six characters at its end: it is that of the secret `db-secret`, not that of a secret `db`.
        let profile = profile(&["db"], &[]);
        assert!(checked(&profile, VariableKind::SecretsManager, &format!("{ARN}db-secret")).is_err());
        assert_eq!(checked(&profile, VariableKind::SecretsManager, "db"), Ok(()));
    }

    #[test]
    fn the_first_slash_of_a_parameter_is_ignored() {
        let profile = profile(&["*"], &["{tenant}/*", "shared"]);
        let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter";
        for good in
            ["/team-a/x", "team-a/x", "team-a/x:3", "/team-a/x:label", &format!("{arn}/team-a/x"), &format!("{arn}/shared:1"), "shared"]
        {
            assert_eq!(checked(&profile, VariableKind::ParameterStore, good), Ok(()), "{good}");
        }
        for bad in ["/team-b/x", "other", &format!("{arn}/other"), "x/team-a/x"] {
            assert!(checked(&profile, VariableKind::ParameterStore, bad).unwrap_err().contains("not among the parameters"), "{bad}");
        }
        for none in ["", "/", "//team-a/x", "team-a//x", &format!("{arn}team-a/x"), &format!("{ARN}team-a/x")] {
            assert!(checked(&profile, VariableKind::ParameterStore, none).unwrap_err().contains("name or ARN"), "{none}");
        }
    }

    #[test]
    fn secrets_and_parameters_of_the_operator_are_refused() {
        let profile = profile(&["*"], &["*"]);
        for own in [
            "hub",
            "hub:other-key",
            "root",
            "arn-root",
            "odd-root",
            "git/token",
            &format!("{ARN}hub-AbCdEf"),
            &format!("{ARN}hub"),
            &format!("{ARN}git/token-XxYyZz:k"),
        ] {
            assert!(checked(&profile, VariableKind::SecretsManager, own).unwrap_err().contains("operator's own"), "{own}");
        }
        for own in ["ops/key", "/ops/key:1", "arn:aws:ssm:eu-west-1:123456789012:parameter/ops/key"] {
            assert!(checked(&profile, VariableKind::ParameterStore, own).unwrap_err().contains("operator's own"), "{own}");
        }
        for by_reference in ["/aws/reference/secretsmanager/hub", "AWS/Reference/secretsmanager/hub"] {
            assert!(checked(&profile, VariableKind::ParameterStore, by_reference).unwrap_err().contains("by way of"), "{by_reference}");
        }
        assert_eq!(checked(&profile, VariableKind::SecretsManager, "npm/token"), Ok(()), "a plain value is no reference");
        assert_eq!(checked(&Profile::default(), VariableKind::Plaintext, "anything"), Ok(()));
    }
}
