//! The references of a repository, and the one that a source's version means.

use std::collections::BTreeMap;

/// The output of `git ls-remote`.
#[derive(Debug)]
pub(super) struct Refs {
    /// Object ids by full names of references.
    ids: BTreeMap<String, String>,
}

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A reference's full name.
    Reference(String),
    /// A commit's full id.
    Commit(String),
    /// The beginning of a commit's id. All commits have to be searched.
    Abbreviated(String),
}

/// git accepts no shorter abbreviation.
const SHORTEST: usize = 4;

/// The lengths of SHA-1 and SHA-256 in hexadecimal.
const FULL: [usize; 2] = [40, 64];

impl Refs {
    /// Reads lines with an id, a tab and a name.
    pub(super) fn parse(listing: &str) -> Self {
        let pairs = listing.lines().filter_map(|line| line.split_once('\t'));
        Self { ids: pairs.map(|(id, name)| (name.to_owned(), id.to_owned())).collect() }
    }

    /// The meaning of a version: a pull request, a full reference, a branch, a tag or a commit. No version means the default branch.
    pub(super) fn locate(&self, version: Option<&str>) -> Option<Wanted> {
        let version = version.filter(|version| !version.is_empty()).unwrap_or("HEAD");
        // `branch^{commit}` names both. The commit counts.
        if let Some((_, commit)) = version.strip_suffix('}').and_then(|version| version.rsplit_once("^{")) {
            return commit_id(commit);
        }
        if let Some(commit @ Wanted::Commit(_)) = commit_id(version) {
            return Some(commit);
        }
        let pull = version.strip_prefix("pr/").filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let candidates = [
            pull.map(|number| format!("refs/pull/{number}/head")),
            Some(version.to_owned()).filter(|name| name == "HEAD" || name.starts_with("refs/")),
            Some(format!("refs/heads/{version}")),
            Some(format!("refs/tags/{version}")),
        ];
        candidates.into_iter().flatten().find(|name| self.ids.contains_key(name)).map(Wanted::Reference).or_else(|| commit_id(version))
    }
}

fn commit_id(text: &str) -> Option<Wanted> {
    let id = text.to_ascii_lowercase();
    match id.len() {
        _ if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) => None,
        length if FULL.contains(&length) => Some(Wanted::Commit(id)),
        length if (SHORTEST..FULL[1]).contains(&length) => Some(Wanted::Abbreviated(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_located() {
        let full = "0123456789abcdef0123456789abcdef01234567";
        let refs = Refs::parse(&format!(
            "{full}\tHEAD\n{full}\trefs/heads/main\n{full}\trefs/heads/feature/x\n{full}\trefs/heads/cafe\n\
             {full}\trefs/tags/v1\n{full}\trefs/tags/v1^{{}}\n{full}\trefs/tags/main\n{full}\trefs/pull/7/head\n"
        ));
        let reference = |name: &str| Some(Wanted::Reference(name.into()));
        for (version, expected) in [
            (None, reference("HEAD")),
            (Some(""), reference("HEAD")),
            (Some("main"), reference("refs/heads/main")),
            (Some("refs/tags/main"), reference("refs/tags/main")),
            (Some("feature/x"), reference("refs/heads/feature/x")),
            (Some("v1"), reference("refs/tags/v1")),
            (Some("pr/7"), reference("refs/pull/7/head")),
            (Some("pr/8"), None),
            (Some("cafe"), reference("refs/heads/cafe")),
            (Some("BEEF"), Some(Wanted::Abbreviated("beef".into()))),
            (Some(full), Some(Wanted::Commit(full.into()))),
            (Some(&format!("refs/heads/main^{{{full}}}")), Some(Wanted::Commit(full.into()))),
            (Some("abc"), None),
            (Some("missing"), None),
            (Some("refs/heads/missing"), None),
            (Some("--upload-pack=touch /tmp/x"), None),
            (Some("v1^{--all}"), None),
        ] {
            assert_eq!(refs.locate(version), expected, "{version:?}");
        }
        assert_eq!(Refs::parse("").locate(None), None);
    }
}
