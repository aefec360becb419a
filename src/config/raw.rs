//! The file as it is written: every key, its type and its default. Names are said here once; the reader, the overrides and
//! `slipway schema config` all follow the schema that is derived from these types.

use std::collections::BTreeMap;

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, RestrictFormats},
};
use serde::Deserialize;
use serde_json::Value;

use super::default;

/// The configuration of the Slipway daemon. Durations are written "90s", "2m", "1h30m"; sizes "32KiB".
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Slipway configuration")]
pub struct Raw {
    /// Where jobs come from; at least one queue.
    #[schemars(required)]
    pub queues: Option<Vec<Queue>>,
    /// Where events go.
    #[schemars(required)]
    pub topic: Option<Topic>,
    /// How much at once.
    #[schemars(required)]
    pub limits: Option<Limits>,
    /// How builds are followed.
    pub watch: Option<Watch>,
    /// How a job is carried through faults of the platform.
    pub retry: Option<Retry>,
    /// What of a build's log goes into its event.
    pub log: Option<Log>,
    /// The daemon's own log.
    pub telemetry: Option<Telemetry>,
    /// What jobs may ask for, by name; at least one profile.
    #[schemars(required)]
    pub profiles: Option<BTreeMap<String, Profile>>,
    /// How sources are fetched, by their host; the first entry that fits counts.
    pub hosts: Option<Vec<Host>>,
    /// Health, metrics, status.
    pub http: Option<Http>,
    /// How the daemon leaves.
    pub shutdown: Option<Shutdown>,
}

/// A job queue.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The queue's URL.
    #[schemars(required)]
    pub url: Option<String>,
    /// Where rejected messages go. Left out: the queue's own redrive target, if it has one.
    pub dead_letter_url: Option<String>,
    /// How long a message stays the daemon's without an extension, 30s to 12h; it is extended at a third of it.
    #[schemars(extend("default" = default::VISIBILITY))]
    pub visibility: Option<String>,
    /// How long one receive waits for messages, 1s to 20s.
    #[schemars(extend("default" = default::WAIT))]
    pub wait: Option<String>,
    /// What senders' messages are wrapped in: "sns" or "eventbridge". Messages that are not wrapped are read as they are.
    pub envelope: Option<String>,
    /// Whether jobs that SQS moved to the dead-letter queue, as they were received too often, are told as errored.
    #[schemars(extend("default" = false))]
    pub report_dead_letters: Option<bool>,
    /// The share of build time of this queue's jobs beside other queues'. Left out everywhere: queues make no difference.
    pub weight: Option<i64>,
}

/// The topic, and which events it gets.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// The topic's ARN; a FIFO topic's ends in ".fifo".
    #[schemars(required)]
    pub arn: Option<String>,
    /// Which events are published: "queued", "started", "finished", "rejected".
    #[schemars(extend("default" = default::EVENTS))]
    pub events: Option<Vec<String>>,
    /// The largest message that the topic takes, attributes included.
    #[schemars(extend("default" = default::MAX_BYTES))]
    pub max_bytes: Option<String>,
}

/// How much at once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Builds at once.
    #[schemars(required)]
    pub running: Option<i64>,
    /// Builds at once for one tenant. Left out: as many as `running`.
    pub per_tenant: Option<i64>,
    /// Builds at once of one repository. Left out: no limit of its own.
    pub per_repository: Option<i64>,
    /// A job that has waited so long goes before all others of its tenant. A tenant whose oldest job has waited so long, or of which nothing
    /// was built for so long, goes before all other tenants, once in that time.
    #[schemars(extend("default" = default::AGING))]
    pub aging: Option<String>,
    /// Of build time that lies back so far, half counts in a tenant's share.
    #[schemars(extend("default" = default::HALF_LIFE))]
    pub half_life: Option<String>,
    /// Tenants that differ; the first entry that fits counts.
    pub tenants: Option<Vec<TenantLimits>>,
    /// Repositories that differ; the first entry that fits counts.
    pub repositories: Option<Vec<RepositoryLimits>>,
    /// Jobs held that could start and wait for their turn. What waits for its own tenant, profile or group is not counted.
    #[schemars(extend("default" = default::WAITING))]
    pub waiting: Option<i64>,
    /// What all messages that are held may take: an ordinary job takes about 3 KiB.
    #[schemars(extend("default" = default::WAITING_BYTES))]
    pub waiting_bytes: Option<String>,
    /// Within this time the same job id is the same job.
    #[schemars(extend("default" = default::DEDUPLICATION))]
    pub deduplication: Option<String>,
}

/// What holds for some tenants.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantLimits {
    /// The tenants, "*" for any characters.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub pattern: Option<String>,
    /// Builds at once. Left out: as `limits.per_tenant` says.
    pub running: Option<i64>,
    /// Builds at once while nobody else waits. Left out: no more than `running`.
    pub burst: Option<i64>,
    /// The share of build time beside other tenants, 1 to 1000.
    #[schemars(extend("default" = default::WEIGHT))]
    pub weight: Option<i64>,
    /// Jobs that may wait. Left out: any number.
    pub waiting: Option<i64>,
    /// What becomes of further ones: "wait" or "reject".
    #[schemars(extend("default" = default::WHEN_FULL))]
    pub when_full: Option<String>,
}

/// What holds for some repositories.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryLimits {
    /// The repositories, by host, owner and name, "*" for any characters.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub pattern: Option<String>,
    /// Builds at once.
    #[schemars(required)]
    pub running: Option<i64>,
}

/// How builds are followed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The time between two looks at every running build.
    #[schemars(extend("default" = default::INTERVAL))]
    pub interval: Option<String>,
    /// A queue that EventBridge feeds with "CodeBuild Build State Change"; such events only make the next look sooner.
    pub events_queue_url: Option<String>,
}

/// How a job is carried through faults of the platform.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts at a job altogether when the platform fails it; the sender's failures are never tried again.
    #[schemars(extend("default" = default::ATTEMPTS))]
    pub attempts: Option<i64>,
    /// Between a fault of the platform and the second attempt; each further pause is twice as long.
    #[schemars(extend("default" = default::PAUSE))]
    pub pause: Option<String>,
    /// The longest of these pauses.
    #[schemars(extend("default" = default::LONGEST_PAUSE))]
    pub longest_pause: Option<String>,
}

/// What of a build's log goes into its event.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Lines at most.
    #[schemars(extend("default" = default::LINES))]
    pub lines: Option<i64>,
    /// Bytes at most, as serialised in the event.
    #[schemars(extend("default" = default::BYTES))]
    pub bytes: Option<String>,
    /// How long to wait for late lines after a build's end.
    #[schemars(extend("default" = default::SETTLE))]
    pub settle: Option<String>,
    /// Reads of logs in one second, over all builds; CloudWatch throttles an account above 10 in some regions.
    #[schemars(extend("default" = default::READS_PER_SECOND))]
    pub reads_per_second: Option<i64>,
    /// Regular expressions of what else is a secret and is taken out, as the `regex` crate for Rust reads them.
    #[schemars(extend("default" = []))]
    pub redact: Option<Vec<String>>,
}

/// The daemon's own log.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// What is logged: "info", "debug", "info,slipway=debug", ... The variables `SLIPWAY_LOG` and `RUST_LOG` win over it.
    #[schemars(extend("default" = default::LOG))]
    pub log: Option<String>,
}

/// What the operator allows under one name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("if" = { "not": { "required": ["extends"], "properties": { "extends": {} } } }, "then" = { "required": ["project", "sources"], "properties": { "project": {}, "sources": {} } }))]
pub struct Profile {
    /// Another profile's name: every key that is not set here is as it is there. What is set here replaces it whole, lists and tables too.
    pub extends: Option<String>,
    /// The CodeBuild project. Required, here or where the profile extends another.
    pub project: Option<String>,
    /// The registry that images are pushed to: `HOST[:PORT][/PATH]`.
    pub registry: Option<String>,
    /// Patterns of the source URLs that are allowed; "*" stands for any characters of the path. Required as `project` is.
    pub sources: Option<Vec<String>>,
    /// The longest that a build may take, and what it gets when the job names no time, 5 to 2160 minutes.
    #[schemars(extend("default" = default::TIMEOUT_MINUTES))]
    pub timeout_minutes: Option<i64>,
    /// How long a build may wait in CodeBuild's own queue, 5 to 480 minutes. Left out: the project's time.
    pub queued_timeout_minutes: Option<i64>,
    /// Builds of the profile at once. Left out: as many as `limits.running`.
    pub running: Option<i64>,
    /// Tenants that may use the profile. Left out: every tenant.
    pub tenants: Option<Vec<String>>,
    /// For a tenant by name, the patterns that hold instead of `sources`.
    pub tenant_sources: Option<BTreeMap<String, Vec<String>>>,
    /// Patterns of the revisions that are allowed, HEAD for the default branch. Left out: all but those of pull and merge requests.
    pub revisions: Option<Vec<String>>,
    /// Patterns of the secrets in Secrets Manager that jobs may name, by the secret's name; "{tenant}" stands for the job's tenant.
    #[schemars(extend("default" = []))]
    pub secrets: Option<Vec<String>>,
    /// Patterns of the parameters in the Parameter Store that jobs may name; "{tenant}" stands for the job's tenant.
    #[schemars(extend("default" = []))]
    pub parameters: Option<Vec<String>>,
    /// Platforms of images that jobs may ask for. Left out: "linux/amd64", and "linux/arm64" where there is an arm environment.
    pub platforms: Option<Vec<String>>,
    /// The build image. Left out: the project's.
    pub image: Option<String>,
    /// The compute type, such as `BUILD_GENERAL1_SMALL`. Left out: the project's.
    pub compute_type: Option<String>,
    /// The environment type, such as `LINUX_CONTAINER`. Left out: the project's.
    pub environment_type: Option<String>,
    /// Where images for linux/arm64 are built, if that is elsewhere.
    pub arm: Option<Environment>,
    /// Whether builds may use Docker. Left out: as the project says.
    pub privileged: Option<bool>,
    /// A buildspec on this machine, given to every build as its text; relative to the configuration file.
    pub buildspec_file: Option<String>,
    /// A buildspec in the source, by its path there: the sender's choice of commands under the project's role.
    pub buildspec_path: Option<String>,
    /// The buildspec of jobs with images: "central", "project", or a file on this machine. Left out: `buildspec_file`, else "central".
    pub images_buildspec: Option<String>,
    /// The CloudWatch log group. Left out: the project's.
    pub log_group: Option<String>,
    /// Variables for every build of the profile.
    pub env: Option<Vec<Variable>>,
}

/// A build environment; what is left out is the project's.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The build image.
    pub image: Option<String>,
    /// The compute type, such as `BUILD_GENERAL1_SMALL`.
    pub compute_type: Option<String>,
    /// The environment type, such as `ARM_CONTAINER`.
    pub environment_type: Option<String>,
}

/// A variable for builds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The variable's name.
    #[schemars(required)]
    pub name: Option<String>,
    /// The value, or the name of the parameter or secret.
    #[schemars(required)]
    pub value: Option<String>,
    /// `PLAINTEXT`, `PARAMETER_STORE` or `SECRETS_MANAGER`.
    #[serde(rename = "type")]
    #[schemars(extend("default" = default::VARIABLE_TYPE))]
    pub kind: Option<String>,
}

/// How sources of a host are fetched.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The host, or "*.example.com" for its subdomains.
    #[schemars(required)]
    pub host: Option<String>,
    /// CodeBuild's source type; `NO_SOURCE`: the central buildspec clones it. Left out: as the host's name says.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The ARN of a CodeConnections connection that opens it.
    pub connection: Option<String>,
    /// The secret in Secrets Manager that opens it, by its name or ARN.
    pub secret: Option<String>,
}

/// Health, metrics, status.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where the daemon listens: ADDRESS:PORT.
    #[schemars(extend("default" = default::LISTEN))]
    pub listen: Option<String>,
    /// Whether the API and the status page are served, beside health and metrics.
    #[schemars(extend("default" = true))]
    pub api: Option<bool>,
    /// Who may use them. Left out: whoever reaches a loopback address; on any other address tokens must be there.
    pub tokens: Option<Tokens>,
    /// Jobs that have ended and are remembered for the API and the status page.
    #[schemars(extend("default" = default::HISTORY))]
    pub history: Option<i64>,
    /// What the remembered jobs may take. When it is used up, or `history` is reached, the tenant with the most of it gives up its oldest.
    #[schemars(extend("default" = default::HISTORY_BYTES))]
    pub history_bytes: Option<String>,
}

/// Where the API's tokens are kept, each "<file:PATH>" or "env:NAME"; one a line, each of 20 characters or more.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Of those who may look.
    pub read: Option<String>,
    /// Of those who may also change what goes on.
    pub steer: Option<String>,
}

/// How the daemon leaves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// How long running builds may still end and be reported after the first signal.
    #[schemars(extend("default" = default::GRACE))]
    pub grace: Option<String>,
}

/// The JSON Schema of the file, without references.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RestrictFormats::default())
        .into_generator()
        .into_root_schema_for::<Raw>();
    schema.insert("$id".to_owned(), "urn:slipway:schema:config".into());
    schema.to_value()
}

/// TOML has no null: an optional key is one that may be left out, nothing more.
fn without_null(schema: &mut Schema) {
    let Some(keys) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = keys.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            keys.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = keys.remove("anyOf") {
        let sections = choices.into_iter().filter(|choice| choice["type"] != "null");
        for (key, value) in sections.filter_map(|choice| choice.as_object().cloned()).flatten() {
            keys.entry(key).or_insert(value);
        }
    }
}
