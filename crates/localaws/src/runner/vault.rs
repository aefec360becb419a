//! The values of the Parameter Store and Secrets Manager that the operator gave.

use std::collections::BTreeMap;

use super::{Stored, transcript::Mishap};

/// The values by the name of a parameter, or the name or ARN of a secret.
#[derive(Debug, Clone, Default)]
pub(super) struct Vault {
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) secrets: BTreeMap<String, String>,
}

impl Vault {
    /// The value of a reference, or the error that fails the build on AWS.
    pub(super) fn open(&self, stored: &Stored) -> Result<String, Mishap> {
        match stored {
            Stored::Parameter(name) => self.parameters.get(name).cloned().ok_or_else(|| {
                let message = format!("parameter does not exist: {name} ({})", missing("--parameters", name));
                Mishap::new("Decrypted Variables Error", message)
            }),
            Stored::Secret(reference) => self.secret(reference).map_err(|why| Mishap::new("Secrets Manager Error", why)),
        }
    }

    /// The value of `secret-id:json-key:version-stage:version-id`. The id may be an ARN. There are no versions here.
    fn secret(&self, reference: &str) -> Result<String, String> {
        let parts: Vec<_> = reference.split(':').collect();
        let (id, rest) = parts.split_at(if reference.starts_with("arn:") { parts.len().min(7) } else { 1 });
        let id = id.join(":");
        let secret = self.secrets.get(&id).ok_or_else(|| {
            format!("ResourceNotFoundException: Secrets Manager can't find the specified secret: {id} ({})", missing("--secrets", &id))
        })?;
        let Some(key) = rest.first().filter(|key| !key.is_empty()) else { return Ok(secret.clone()) };
        let value: serde_json::Value = serde_json::from_str(secret)
            .map_err(|_| format!("the secret {id} is not JSON, but its key {key} is asked for ({})", keyed(&id, key)))?;
        match value.get(key) {
            Some(serde_json::Value::String(text)) => Ok(text.clone()),
            Some(other) => Ok(other.to_string()),
            None => Err(format!("the secret {id} has no key {key} ({})", keyed(&id, key))),
        }
    }
}

/// Where to add a missing value, and what to write there.
fn missing(option: &str, name: &str) -> String {
    let pair = serde_json::json!({ name: "VALUE" });
    advice(option, &pair)
}

fn keyed(id: &str, key: &str) -> String {
    let pair = serde_json::json!({ id: { key: "VALUE" } });
    advice("--secrets", &pair)
}

/// The option is shown without a value, because redaction would remove a value as a secret.
fn advice(option: &str, pair: &serde_json::Value) -> String {
    format!("add {pair} to the JSON file that `slipway local` gets by {option}, and start it again")
}

#[cfg(test)]
mod tests {
    use super::Vault;

    #[test]
    fn a_secret_is_found_by_id_and_key() {
        let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:app-Ab12";
        let json = r#"{"user":"me","port":5432}"#;
        let vault = Vault {
            secrets: [("app", json), ("raw", "s3cret"), (arn, json)].map(|(id, value)| (id.into(), value.into())).into(),
            ..Vault::default()
        };
        for (reference, expected) in [
            ("raw", Ok("s3cret")),
            ("app", Ok(json)),
            ("app:user", Ok("me")),
            ("app:port:AWSCURRENT", Ok("5432")),
            ("app::AWSCURRENT", Ok(json)),
            (arn, Ok(json)),
            (&format!("{arn}:user::"), Ok("me")),
            ("app:missing", Err(r#"has no key missing (add {"app":{"missing":"VALUE"}} to the JSON file"#)),
            ("raw:user", Err(r#"add {"raw":{"user":"VALUE"}} to"#)),
            (
                "other",
                Err(
                    r#"can't find the specified secret: other (add {"other":"VALUE"} to the JSON file that `slipway local` gets by --secrets, and"#,
                ),
            ),
        ] {
            match (vault.secret(reference), expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{reference}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{reference}: {error}"),
                (found, expected) => panic!("{reference}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
