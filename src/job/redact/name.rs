//! The names that speak of secrets, of variables and of whatever else a value is given to.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// A part of every name that speaks of secrets: most names have none, and need no closer look.
const STEMS: [&str; 11] = ["pass", "kennwort", "secret", "token", "cred", "key", "pw", "pat", "auth", "bearer", "signature"];
#[expect(clippy::expect_used, reason = "the stems are constants, and the tests build it")]
static STEM: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(STEMS).expect("an automaton of some words"));

/// A word that ends with one of these is a secret's, such as `PGPASSWORD` or `authToken`.
const SECRET: &str = concat!(
    "password passwd passwort kennwort passphrase passcode secret token credential credentials apikey secretkey privatekey",
    " accesskey authkey signingkey masterkey deploykey licensekey licencekey encryptionkey sshkey storepass keypass",
    " userpass dbpass",
);

/// The same of whole words.
const SECRET_WORD: &str = "pass pwd passw pw pat creds cred secrets passwords";

/// Secrets where nothing follows them: `npm_config__auth`, but not `auth_url`.
const SECRET_AT_END: &str = "auth bearer signature";

/// Words before `key`.
const KEY_OF: &str = concat!(
    "access account admin aes api app application auth authorization cipher client consumer cookie crypto decryption deploy",
    " deployment encrypt encryption function functions gpg hmac host ingest ingestion integration jwt licence license",
    " master pgp private registration root rsa sas secret service session shared sign signing ssh ssl storage subscription",
    " team tls webhook write",
);

/// Words before the `KEY` of a variable whose value everybody may know.
const OPEN_KEY_OF: &str = concat!(
    "bucket cache composite config dedup deduplication foreign group hash idempotency index lookup map natural object",
    " partition primary pub public range restore routing row s3 sort state unique",
);

/// What follows is about the secret: `TOKEN_URL`, `secretName`, `password-stdin`.
const ABOUT: &str = concat!(
    "address age algorithm alias arn at attempts audience bytes chars class count created dir directory enabled endpoint",
    " env error exists expiration expired expires expiry field file filename format handler header hint host id ids in",
    " index invalid issuer kind label len length level limit list location manager max method min missing mode name names",
    " param path policy port prefix prompt provider ref regex region required reset rotation scheme scope scopes server",
    " service size source status stdin store strength suffix ttl type unit uri url usage used user username valid var",
    " variable version",
);

/// Words before it that make a count or an open value of it.
const OPEN: &str = "max min num n total public prompt completion input output next page continuation";

/// Whether a value of this name is likely to be a secret: `DB_PASSWORD`, `npm_config__auth`, `apiKey`, `signing-key`, `PAT`.
pub fn speaks_of_secrets(name: &str) -> bool {
    if !STEM.is_match(name) {
        return false;
    }
    let mut parts = [""; 12];
    let mut count = 0;
    for word in words(name) {
        if count == parts.len() {
            parts.copy_within(1.., 0);
            count -= 1;
        }
        parts[count] = word;
        count += 1;
    }
    let parts = &parts[..count];
    let is_variable = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    parts.iter().enumerate().any(|(at, word)| {
        let (before, after) = (at.checked_sub(1).and_then(|at| parts.get(at)), parts.get(at + 1));
        let is = |list: &str, word: Option<&&str>| word.is_some_and(|word| has(list, word));
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_key = word.eq_ignore_ascii_case("key") && (is(KEY_OF, before) || (is_variable && at > 0 && !is(OPEN_KEY_OF, before)));
        let is_secret = is_key || ends(word) || has(SECRET_WORD, word) || (after.is_none() && has(SECRET_AT_END, word));
        is_secret && !is(ABOUT, parts.last().filter(|_| after.is_some())) && (is_variable || !is(OPEN, before))
    })
}

/// Whether a list has a word, in whatever case.
fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a word ends as a secret's does.
fn ends(word: &str) -> bool {
    let end = |secret: &str| word.len().checked_sub(secret.len()).and_then(|from| word.get(from..));
    SECRET.split(' ').any(|secret| end(secret).is_some_and(|end| end.eq_ignore_ascii_case(secret)))
}

/// Whether it is the name of a key that everybody may know: `cacheKey`, `PRIMARY_KEY`.
pub(super) fn names_open_key(name: &str) -> bool {
    words(name).any(|word| has(OPEN_KEY_OF, word))
}

/// The words of `SNAKE_CASE`, `kebab-case`, `dotted.names` (the last part alone) and `camelCase`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let last = name.rsplit('.').next().unwrap_or_default();
    // `master.key` says of what.
    let last = if last.eq_ignore_ascii_case("key") { name } else { last };
    last.split(['_', '-', ' ', '.']).flat_map(camels).filter(|word| !word.is_empty())
}

/// `apiKey` is two words; `APIKey` too.
fn camels(word: &str) -> impl Iterator<Item = &str> {
    let bytes = word.as_bytes();
    let begins = move |&at: &usize| {
        let (upper, lower) =
            (|at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase), |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase));
        at == 0 || (upper(at) && lower(at - 1)) || (upper(at) && upper(at - 1) && lower(at + 1))
    };
    let mut starts = (0..word.len()).filter(begins).peekable();
    std::iter::from_fn(move || {
        let from = starts.next()?;
        word.get(from..starts.peek().copied().unwrap_or(word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_secret_has_a_stem() {
        for word in [SECRET, SECRET_WORD, SECRET_AT_END].into_iter().flat_map(|list| list.split(' ')) {
            assert!(STEM.is_match(word), "{word}");
        }
    }

    #[test]
    fn names_tell_which_values_are_secret() {
        for secret in [
            "NPM_TOKEN",
            "token",
            "DB_PASSWORD",
            "PGPASSWORD",
            "API_KEY",
            "APIKEY",
            "apiKey",
            "APIKey",
            "AUTH",
            "_auth",
            "master.key",
            "_authToken",
            "GH_PAT",
            "CLIENT_SECRET",
            "PRIVATE_KEY",
            "DB_PASS",
            "MYSQL_PWD",
            "SIGNING_KEY",
            "MASTER_KEY",
            "DEPLOY_KEY",
            "LICENSE_KEY",
            "SENTRY_KEY",
            "secret_key_base",
            "SECRET_KEY_BASE",
            "spring.datasource.password",
            "AccountKey",
            "SharedAccessKey",
            "client-secret",
            "x-api-key",
            "TOKEN_GITHUB",
            "JWT_SECRET",
            "PASSWORD2",
            "aws_secret_access_key",
            "gradle.publish.secret",
        ] {
            assert!(speaks_of_secrets(secret), "{secret}");
        }
        for open in [
            "RUST_VERSION",
            "PATH",
            "KEYBOARD",
            "AUTHOR",
            "MONKEY_COUNT",
            "COMPASS",
            "TOKEN_URL",
            "SECRET_NAME",
            "secretName",
            "token_type",
            "password-stdin",
            "PUBLIC_KEY",
            "CACHE_KEY",
            "max_tokens",
            "tokens",
            "key",
            "KEY",
            "SSH_AUTH_SOCK",
            "auth-service",
            "token.rs",
            "passed",
            "tokenizer",
            "primary_key",
            "keyring",
            "authority",
            "AUTH_URL",
            "SECRET_ARN",
            "passes",
            "",
        ] {
            assert!(!speaks_of_secrets(open), "{open}");
        }
    }
}
