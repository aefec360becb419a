//! Job ids and tenants. They appear in logs, subjects, URLs and shell variables, so their alphabet is narrow.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest job id or tenant, in characters.
pub const MAX_LENGTH: usize = 64;

const RULE: &str = "must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'";

fn check(text: &str) -> Result<(), &'static str> {
    let fits = (1..=MAX_LENGTH).contains(&text.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if fits && plain { Ok(()) } else { Err(RULE) }
}

/// The text is shared: it appears in many places while its job is held.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(extend("pattern" = "^[A-Za-z0-9._-]{1,64}$"))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes 1 to 64 characters of `[A-Za-z0-9._-]`. The error is the rule.
            pub fn parse(text: &str) -> Result<Self, &'static str> {
                check(text).map(|()| Self(text.into()))
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
                check(&text).map(|()| Self(text.into()))
            }
        }
    };
}

name! {
    /// A job's id: 1 to 64 characters of `[A-Za-z0-9._-]`. Within the deduplication window the same id is the same job.
    JobId
}
name! {
    /// The tenant whose limits a job counts towards: 1 to 64 characters of `[A-Za-z0-9._-]`.
    Tenant
}

/// Two hexadecimal digits for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Tenant {
    /// The tenant for any text: the text itself if it is valid, else its valid part and a part of its hash, so that different texts become
    /// different tenants.
    pub fn fitting(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            let hash = hex(&Sha256::digest(text)[..4]);
            let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
            let start: String = text.chars().map(plain).take(MAX_LENGTH - hash.len() - 1).collect();
            Self(format!("{start}-{hash}").into())
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn ids_have_a_fixed_alphabet_and_a_bounded_length() {
        for good in ["a", "app-4711", "A.b_C-9", &"x".repeat(64), "..", "-"] {
            assert_eq!(JobId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "ä", "a\n", "$(id)", &"x".repeat(65)] {
            assert_eq!(JobId::parse(bad), Err(RULE), "{bad:?}");
            assert!(serde_json::from_value::<Tenant>(bad.into()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn different_texts_become_different_tenants() {
        assert_eq!(Tenant::fitting("github.com-acme").as_str(), "github.com-acme");
        let long = "x".repeat(100);
        let odd =
            [Tenant::fitting("a b"), Tenant::fitting("a/b"), Tenant::fitting(""), Tenant::fitting(&long), Tenant::fitting(&long[1..])];
        for (index, tenant) in odd.iter().enumerate() {
            assert_eq!(Tenant::parse(tenant.as_str()).as_ref(), Ok(tenant));
            assert!(!odd[..index].contains(tenant), "{tenant}");
        }
    }
}
