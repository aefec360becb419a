//! Names that senders choose and that travel through logs, subjects, URLs and shell variables: a narrow alphabet.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest job id or tenant.
pub const MAX_LENGTH: usize = 64;

const RULE: &str = "must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'";

fn check(text: &str) -> Result<(), &'static str> {
    let fits = (1..=MAX_LENGTH).contains(&text.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if fits && plain { Ok(()) } else { Err(RULE) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(#[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))] String);

        impl $name {
            /// Takes 1-64 of `[A-Za-z0-9._-]`; the error is the rule.
            pub fn parse(text: &str) -> Result<Self, &'static str> {
                check(text).map(|()| Self(text.to_owned()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// A job's id, 1-64 of `[A-Za-z0-9._-]`. Within the de-duplication window the same id is the same job.
    JobId
}
name! {
    /// On whose account a job is limited, 1-64 of `[A-Za-z0-9._-]`.
    Tenant
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_to_their_alphabet_and_length() {
        for good in ["a", "app-4711", "A.b_C-9", &"x".repeat(64), "..", "-"] {
            assert_eq!(JobId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "ä", "a\n", "$(id)", &"x".repeat(65)] {
            assert_eq!(JobId::parse(bad), Err(RULE), "{bad:?}");
            assert!(serde_json::from_value::<Tenant>(bad.into()).is_err(), "{bad:?}");
        }
    }
}
