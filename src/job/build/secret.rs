//! The secrets of a job that can be read from its build's variables, for a reader of the log who does not have the job.

use std::collections::BTreeSet;

use crate::job::{
    Image,
    order::{ENV_VARIABLE, IMAGES_VARIABLE},
    variable::speaks_of_secrets,
};

/// The plain values that the log must not show: the same as [`crate::job::Job::secrets`] of the job that the build was started for.
/// `variables`: names and plain values.
pub fn of_variables(variables: &[(&str, &str)]) -> Vec<String> {
    let value = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let images: Vec<Image> = value(IMAGES_VARIABLE).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    // The names of the variables that came as data. Their values are in numbered variables.
    let names: Vec<String> = value(ENV_VARIABLE).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let as_data = names.iter().enumerate().filter_map(|(at, name)| Some((name.as_str(), value(&format!("{ENV_VARIABLE}_{at}"))?)));
    let handed: BTreeSet<&str> = images.iter().flat_map(|image| &image.secrets).map(String::as_str).collect();
    let is_secret = |name: &str| speaks_of_secrets(name) || handed.contains(name);
    let variables = variables.iter().copied().chain(as_data);
    let variables = variables.filter(|(name, _)| is_secret(name)).map(|(_, value)| value.to_owned());
    let args = images.iter().flat_map(|image| &image.build_args).filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone());
    variables.chain(args).collect()
}

#[cfg(test)]
mod tests {
    use super::of_variables;

    #[test]
    fn secrets_are_found_among_named_and_numbered_variables_and_build_arguments() {
        let images = r#"[{ "name": "a", "build_args": { "API_TOKEN": "argument-9000", "MODE": "quick" }, "secrets": ["PLAIN"] }]"#;
        let variables = [
            ("NPM_TOKEN", "by-name-9000"),
            ("MODE", "slow"),
            ("SLIPWAY_ENV", r#"["DB_PASSWORD", "COLOUR", "PLAIN"]"#),
            ("SLIPWAY_ENV_0", "by-number-9000"),
            ("SLIPWAY_ENV_1", "green"),
            ("SLIPWAY_ENV_2", "handed-9000"),
            ("SLIPWAY_IMAGES", images),
        ];
        let mut secrets = of_variables(&variables);
        secrets.sort();
        assert_eq!(secrets, ["argument-9000", "by-name-9000", "by-number-9000", "handed-9000"]);
        assert!(of_variables(&[("SLIPWAY_ENV", "no list"), ("SLIPWAY_IMAGES", "{}")]).is_empty());
    }
}
