//! Names that many builds have, kept once.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// A name that many builds have, such as a phase's. It takes 8 bytes, and its text is shared where it is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Word(Arc<Box<str>>);

static WORDS: LazyLock<[Word; KNOWN.len()]> = LazyLock::new(|| KNOWN.map(Word::new));

const KNOWN: [&str; 19] = [
    "SUCCEEDED",
    "IN_PROGRESS",
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
    "FAILED",
    "FAULT",
    "TIMED_OUT",
    "STOPPED",
    "CLIENT_ERROR",
    "",
];

/// The names of the operator's account: projects, log groups and the beginnings of ARNs.
static OF_ACCOUNT: Mutex<Vec<Word>> = Mutex::new(Vec::new());

/// As many of them as are shared; more are kept by each build.
const MOST_OF_ACCOUNT: usize = 64;

impl Word {
    fn new(text: &str) -> Self {
        Self(Arc::new(text.into()))
    }

    /// A name of the operator's account, which its other builds have too.
    pub fn of_account(text: &str) -> Self {
        let mut shared = OF_ACCOUNT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared.iter().find(|known| &***known == text) {
            return known.clone();
        }
        let new = Self::new(text);
        if shared.len() < MOST_OF_ACCOUNT {
            shared.push(new.clone());
        }
        new
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        WORDS.iter().find(|known| &***known == text).map_or_else(|| Self::new(text), Self::clone)
    }
}

impl Default for Word {
    fn default() -> Self {
        Self::from("")
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_are_shared_and_unknown_words_are_kept() {
        assert!(["DOWNLOAD_SOURCE", "SUCCEEDED"].iter().all(|text| Arc::ptr_eq(&Word::from(*text).0, &Word::from(*text).0)));
        assert_eq!(&*Word::from("TOMORROWS_PHASE"), "TOMORROWS_PHASE");
        assert!(Arc::ptr_eq(&Word::of_account("flex").0, &Word::of_account("flex").0));
        let more = (0..2 * MOST_OF_ACCOUNT).map(|number| Word::of_account(&number.to_string())).next_back();
        assert_eq!(more.as_deref(), Some("127"));
        assert!(OF_ACCOUNT.lock().unwrap_or_else(PoisonError::into_inner).len() <= MOST_OF_ACCOUNT);
    }
}
