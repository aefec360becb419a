//! How people name a job: by its id, or by one of its builds as CodeBuild's console, events and logs name it.

use url::form_urlencoded::byte_serialize;

use super::JobId;

/// A job, by its id or by one of its builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By its own id. An id that looks like the last part of a build's ARN may mean the build instead.
    Job(JobId),
    /// By a build's id, `project:uuid`.
    Build(String),
}

const RULE: &str = "must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-', or name a build by its id (project:uuid) or by its ARN";
/// Ids that cannot stand in a path as they are, and how they are written there before the path is encoded. Clients read the first two as
/// folders, even if they are encoded once; the last is the path of the form for a new job.
const WRITTEN: [(&str, &str); 3] = [(".", "%2E"), ("..", "%2E%2E"), ("new", "%6Eew")];
/// The longest project name, in characters: the limit in CodeBuild's API is 255.
const PROJECT: usize = 255;

impl Reference {
    /// Takes a job's id, or a build's id, ARN, or part of its ARN. The error is the rule.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = bare(text);
        let text = WRITTEN.iter().find(|(_, written)| *written == text).map_or(text, |(id, _)| id);
        match text.split_once(':') {
            Some((project, uuid)) if is_project(project) && is_uuid(uuid) => Ok(Self::Build(text.to_owned())),
            Some(_) => Err(RULE),
            None => JobId::parse(text).map(Self::Job).map_err(|_| RULE),
        }
    }

    /// Whether this names the build with an id.
    pub fn names_build(&self, id: &str) -> bool {
        match self {
            Self::Job(last) => id.rsplit_once(':').is_some_and(|(_, uuid)| uuid == last.as_str()),
            Self::Build(build) => build == id,
        }
    }

    /// The ids of builds in these projects that this may name.
    pub fn builds<'a>(&self, projects: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        match self {
            Self::Job(last) if is_uuid(last.as_str()) => projects.into_iter().map(|project| format!("{project}:{last}")).collect(),
            Self::Job(_) => Vec::new(),
            Self::Build(build) => {
                let of = |project: &&str| build.split_once(':').is_some_and(|(name, _)| name == *project);
                projects.into_iter().find(of).map(|_| build.clone()).into_iter().collect()
            }
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Job(id) => id.fmt(f),
            Self::Build(id) => f.write_str(id),
        }
    }
}

/// A job's name as a part of a URL's path.
pub fn segment(name: &str) -> String {
    let written = WRITTEN.iter().find(|(id, _)| *id == name).map_or(name, |(_, written)| written);
    byte_serialize(written.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The part after `build/` of a build's ARN (`arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:UUID`). Any other text is returned unchanged.
pub fn bare(text: &str) -> &str {
    match text.split_once("build/") {
        Some((before, id)) if before.is_empty() || (before.starts_with("arn:") && before.contains(":codebuild:")) => id,
        _ => text,
    }
}

fn is_project(text: &str) -> bool {
    (1..=PROJECT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let parts = text.split('-').map(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(part.len()));
    parts.eq([8, 4, 4, 4, 12].map(Some))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const UUID: &str = "0f3c1a2b-4d5e-6f70-8192-a3b4c5d6e7f8";

    #[test]
    fn a_job_is_named_by_its_id_or_by_a_builds_id_arn_or_last_part() {
        let build = format!("flex-1:{UUID}");
        let arn = format!("arn:aws-cn:codebuild:cn-north-1:123456789012:build/{build}");
        for name in [build.as_str(), &format!("build/{build}"), &arn] {
            let read = Reference::parse(name).unwrap();
            assert_eq!(read, Reference::Build(build.clone()), "{name}");
            assert!(read.names_build(&build) && !read.names_build(&format!("other:{UUID}")));
            assert_eq!((read.builds(["other", "flex-1"]), read.builds(["flex"])), (vec![build.clone()], Vec::new()));
        }
        let last = Reference::parse(UUID).unwrap();
        assert_eq!(last, Reference::Job(JobId::parse(UUID).unwrap()), "an SQS message's id looks the same");
        assert!(last.names_build(&build) && !last.names_build(UUID));
        assert_eq!(last.builds(["a", "b"]), [format!("a:{UUID}"), format!("b:{UUID}")]);
        let job = Reference::parse("app-4711").unwrap();
        assert!(job.builds(["a"]).is_empty() && !job.names_build(&build));
    }

    #[test]
    fn every_id_can_be_written_in_a_path() {
        for (id, path) in [(".", "%252E"), ("..", "%252E%252E"), ("new", "%256Eew"), ("...", "..."), ("app-1", "app-1")] {
            assert_eq!(segment(id), path);
            assert_eq!(Reference::parse(&path.replace("%25", "%")), Ok(Reference::Job(JobId::parse(id).unwrap())));
        }
        assert_eq!(segment("flex:1"), "flex%3A1");
    }

    #[test]
    fn other_texts_are_not_references() {
        for wrong in [
            "",
            "a b",
            "a/b",
            "flex:1",
            &format!(":{UUID}"),
            &format!("a/b:{UUID}"),
            &format!("flex:{UUID}x"),
            &format!("x/build/flex:{UUID}"),
        ] {
            assert!(Reference::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Reference::parse(&"x".repeat(65)).unwrap_err().starts_with("must be 1 to 64 characters"));
    }
}
