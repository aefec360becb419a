//! A job from arguments.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Map, Value, json};

const SOURCE: &str = "The source: https://HOST/PATH of a git repository, s3://BUCKET/KEY.zip, or file:///PATH where the profile allows it";

/// The arguments of `--url` and its companions.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The job")]
pub(super) struct Arguments {
    #[arg(long, value_name = "URL", conflicts_with = "file", help = SOURCE)]
    url: Option<String>,

    /// A branch, tag or commit; on GitHub also pr/25, where the profile allows it. Left out: the default branch
    #[arg(long, value_name = "REVISION", requires = "url", conflicts_with = "file")]
    revision: Option<String>,

    /// Commits of history that are fetched; 0 is all, left out it is 1
    #[arg(long, value_name = "COMMITS", value_parser = commits, allow_negative_numbers = true, requires = "url", conflicts_with = "file")]
    depth: Option<u32>,

    /// Fetch the git submodules too
    #[arg(long, requires = "url", conflicts_with = "file")]
    submodules: bool,

    /// An image to build, NAME[:TAG]; once for each, and once for each tag of a name
    #[arg(long = "image", value_name = "NAME:TAG", requires = "url", conflicts_with = "file")]
    images: Vec<String>,

    /// The images' Dockerfile, relative to the checkout
    #[arg(long, value_name = "PATH", requires = "images", conflicts_with = "file")]
    dockerfile: Option<String>,

    /// The images' build context, relative to the checkout
    #[arg(long, value_name = "PATH", requires = "images", conflicts_with = "file")]
    context: Option<String>,

    /// A build argument of the images; once for each
    #[arg(long = "build-arg", value_name = "NAME=VALUE", value_parser = pair, requires = "images", conflicts_with = "file")]
    build_args: Vec<(String, String)>,

    /// The stage of the Dockerfile that is built
    #[arg(long, value_name = "STAGE", requires = "images", conflicts_with = "file")]
    target: Option<String>,

    /// The images' platform; left out, the build machine's
    #[arg(long, value_parser = ["linux/amd64", "linux/arm64"], hide_possible_values = true, value_name = "linux/amd64|linux/arm64", requires = "images", conflicts_with = "file")]
    platform: Option<String>,

    /// A variable for the build, not secret; once for each
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair, requires = "url", conflicts_with = "file")]
    env: Vec<(String, String)>,

    /// A variable that the Secrets Manager keeps, and with --image a secret of docker build; once for each
    #[arg(long = "secret", value_name = "NAME=SECRET", value_parser = pair, requires = "url", conflicts_with = "file")]
    secrets: Vec<(String, String)>,

    /// The same from the Parameter Store; once for each
    #[arg(long = "parameter", value_name = "NAME=PARAMETER", value_parser = pair, requires = "url", conflicts_with = "file")]
    parameters: Vec<(String, String)>,

    /// One of the profiles that the operator defines; left out, default
    #[arg(long, value_name = "NAME", requires = "url", conflicts_with = "file")]
    profile: Option<String>,

    /// Whose limits and turns the job counts towards; left out, the source's host and owner
    #[arg(long, value_name = "NAME", requires = "url", conflicts_with = "file")]
    tenant: Option<String>,

    /// Jobs of high priority go before normal ones, those before low ones; left out, normal
    #[arg(long, value_parser = ["high", "normal", "low"], hide_possible_values = true, value_name = "high|normal|low", requires = "url", conflicts_with = "file")]
    priority: Option<String>,

    /// Jobs with the same key run one at a time
    #[arg(long, value_name = "KEY", requires = "url", conflicts_with = "file")]
    group: Option<String>,

    /// What becomes of an older job of the group: it goes first, or it is cancelled
    #[arg(long, value_parser = ["queue", "supersede"], hide_possible_values = true, value_name = "queue|supersede", requires = "group", conflicts_with = "file")]
    on_conflict: Option<String>,

    /// The job's id: for an hour the same id is the same job. Left out: the message's
    #[arg(long, value_name = "ID", requires = "url", conflicts_with = "file")]
    id: Option<String>,

    /// A label that every event of the job repeats; once for each
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = pair, requires = "url", conflicts_with = "file")]
    labels: Vec<(String, String)>,

    /// The longest that the build may take, in minutes
    #[arg(long, value_name = "MINUTES", value_parser = minutes, allow_negative_numbers = true, requires = "url", conflicts_with = "file")]
    timeout: Option<u32>,
}

impl Arguments {
    /// The job message. It has only the fields that were given.
    pub(super) fn to_json(&self) -> Value {
        let stored = |kind: &'static str| move |(name, value): &(String, String)| json!({ "name": name, "value": value, "type": kind });
        let plain = self.env.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let secrets = self.secrets.iter().map(stored("SECRETS_MANAGER"));
        let env: Vec<Value> = plain.chain(secrets).chain(self.parameters.iter().map(stored("PARAMETER_STORE"))).collect();
        let group = self.group.as_ref().map(|key| without_nulls(json!({ "key": key, "on_conflict": self.on_conflict })));
        without_nulls(json!({
            "version": 1,
            "id": self.id,
            "source": without_nulls(json!({
                "url": self.url,
                "revision": self.revision,
                "depth": self.depth,
                "submodules": Some(true).filter(|_| self.submodules),
            })),
            "images": some(self.images()),
            "profile": self.profile,
            "env": some(env),
            "timeout_minutes": self.timeout,
            "tenant": self.tenant,
            "priority": self.priority,
            "group": group,
            "labels": object(&self.labels),
        }))
    }

    /// One image for each name, in the order of their first mention, with all its tags.
    fn images(&self) -> Vec<Value> {
        let mut images: Vec<(&str, Vec<&str>)> = Vec::new();
        for image in &self.images {
            let (name, tag) = image.rsplit_once(':').map_or((image.as_str(), None), |(name, tag)| (name, Some(tag)));
            match images.iter_mut().find(|(known, _)| *known == name) {
                Some((_, tags)) => tags.extend(tag),
                None => images.push((name, tag.into_iter().collect())),
            }
        }
        let secrets = || some(self.secrets.iter().chain(&self.parameters).map(|(name, _)| name).collect());
        let image = |(name, tags): (&str, Vec<&str>)| {
            without_nulls(json!({
                "name": name,
                "tags": some(tags),
                "context": self.context,
                "dockerfile": self.dockerfile,
                "target": self.target,
                "platform": self.platform,
                "build_args": object(&self.build_args),
                "secrets": secrets(),
            }))
        };
        images.into_iter().map(image).collect()
    }
}

fn commits(text: &str) -> Result<u32, &'static str> {
    let number = text.parse().ok().filter(|number| i32::try_from(*number).is_ok());
    number.ok_or("must be a whole number of commits: 1 or more, or 0 for the whole history, like --depth 50")
}

/// The range is CodeBuild's.
fn minutes(text: &str) -> Result<u32, &'static str> {
    let number = text.parse().ok().filter(|number| (5..=2_160).contains(number));
    number.ok_or("must be whole minutes from 5 to 2160, like --timeout 20")
}

/// `NAME=VALUE`; the value may be empty and may have a `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "must be NAME=VALUE, the name not empty".to_owned())
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn object(pairs: &[(String, String)]) -> Option<BTreeMap<&str, &str>> {
    let object: BTreeMap<&str, &str> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Some(object).filter(|object| !object.is_empty())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};
    use serde_json::{Value, json};

    use crate::cli::{Cli, Command};

    /// The body that a command line makes, or clap's refusal.
    fn body(arguments: &str) -> Option<Value> {
        let line = format!("slipway submit {arguments}");
        // Without the environment: a developer's shell may have set variables.
        let command = Cli::command().mut_subcommand("submit", |submit| submit.mut_args(|argument| argument.env(None)));
        let matches = command.try_get_matches_from(line.split(' ')).ok()?;
        match Cli::from_arg_matches(&matches).ok()?.command {
            Command::Submit(submit) => serde_json::from_str(&submit.message.body().ok()?).ok(),
            _ => None,
        }
    }

    #[test]
    fn the_least_says_nothing_but_where_the_source_is() {
        let least = json!({ "version": 1, "source": { "url": "https://github.com/acme/app" } });
        assert_eq!(body("--url https://github.com/acme/app"), Some(least));
    }

    #[test]
    fn every_argument_has_its_place() {
        let all = body(
            "--url https://github.com/acme/app --revision main --image team/app:latest --image team/tool --image team/app:1.4.2 \
             --dockerfile docker/Dockerfile --context . --build-arg A=1 --build-arg B=x=y --env MODE=fast --profile arm \
             --tenant team-a --priority high --id app-4711 --label release=1.4.2 --timeout 20 --depth 0 --submodules \
             --target runtime --platform linux/arm64 --secret TOKEN=npm/token --parameter LEVEL=/app/level \
             --group app@main --on-conflict supersede"
                .replace("             ", "")
                .as_str(),
        );
        let image = |name: &str, tags: Option<&[&str]>| {
            let mut image = json!({
                "name": name, "context": ".", "dockerfile": "docker/Dockerfile", "build_args": { "A": "1", "B": "x=y" },
                "target": "runtime", "platform": "linux/arm64", "secrets": ["TOKEN", "LEVEL"]
            });
            if let Some(tags) = tags {
                image["tags"] = tags.into();
            }
            image
        };
        let expected = json!({
            "version": 1,
            "id": "app-4711",
            "source": { "url": "https://github.com/acme/app", "revision": "main", "depth": 0, "submodules": true },
            "images": [image("team/app", Some(&["latest", "1.4.2"])), image("team/tool", None)],
            "profile": "arm",
            "env": [
                { "name": "MODE", "value": "fast" },
                { "name": "TOKEN", "value": "npm/token", "type": "SECRETS_MANAGER" },
                { "name": "LEVEL", "value": "/app/level", "type": "PARAMETER_STORE" }
            ],
            "group": { "key": "app@main", "on_conflict": "supersede" },
            "timeout_minutes": 20,
            "tenant": "team-a",
            "priority": "high",
            "labels": { "release": "1.4.2" }
        });
        assert_eq!(all, Some(expected));
        let known = all.map(|all| crate::job::message::check(&all.to_string()));
        assert_eq!(known, Some(Vec::new()), "and it is a valid job");
    }

    #[test]
    fn a_wrong_value_is_told_with_its_rule_and_an_example() {
        for (arguments, rule) in [
            ("--depth -1", "--depth 50"),
            ("--depth 1.5", "--depth 50"),
            ("--timeout 5.5", "from 5 to 2160, like --timeout 20"),
            ("--timeout -5", "from 5 to 2160, like --timeout 20"),
            ("--timeout 3000", "from 5 to 2160, like --timeout 20"),
            ("--env =fast", "must be NAME=VALUE"),
            ("--queue-url nonsense", "like https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs"),
            ("--queue-url ", "like https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs"),
            ("--topic-arn nonsense", "like arn:aws:sns:eu-west-1:123456789012:slipway-events"),
            ("--topic-arn ", "like arn:aws:sns:eu-west-1:123456789012:slipway-events"),
            ("--project a,", "like codebuild-flex"),
        ] {
            let line = format!("slipway submit --url https://github.com/acme/app {arguments}");
            let told = Cli::command().try_get_matches_from(line.split(' ')).map(drop).map_err(|error| error.to_string());
            let option = arguments.split(' ').next().unwrap_or_default();
            assert!(told.as_ref().is_err_and(|told| told.contains(rule) && told.contains(option)), "{arguments}: {told:?}");
        }
    }

    #[test]
    fn what_makes_no_job_is_wrong_usage() {
        let url = "--url https://github.com/acme/app";
        for arguments in [
            "--revision main".to_owned(),
            format!("{url} --file job.json"),
            format!("{url} --env MODE"),
            format!("{url} --env =fast"),
            format!("{url} --dockerfile Dockerfile"),
            format!("{url} --target runtime"),
            format!("{url} --on-conflict queue"),
            format!("{url} --image team/app --platform windows"),
            format!("{url} --priority urgent"),
            format!("{url} --timeout long"),
            format!("{url} --timeout 4"),
            format!("{url} --depth 2147483648"),
        ] {
            assert_eq!(body(&arguments), None, "{arguments}");
        }
    }
}
