//! The syntax of queue URLs, topic ARNs, registries, projects, source patterns and the like.

use std::ops::RangeInclusive;

use url::{Host, Url};

/// The rule that a text breaks, for its fault.
type Rule = &'static str;

const QUEUE: Rule = "must be a queue's URL: https://HOST/ACCOUNT/NAME, the account 12 digits, like \
                     https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs; http only for an endpoint on this machine";
const TOPIC: Rule = "must be a topic's ARN: arn:aws:sns:REGION:ACCOUNT:NAME, the account 12 digits, like \
                     arn:aws:sns:eu-west-1:123456789012:slipway-events";
const PROJECT: Rule = "must be a CodeBuild project's name: 2 to 150 letters, digits, - and _, like codebuild-flex";
const REGISTRY: Rule = "must be HOST[:PORT][/PATH], in lower case and without a scheme";
const PROFILE: Rule = "the name must be 1 to 64 letters, digits, dots, - and _";
const SOURCE: Rule = "must be https://HOST/PATH, s3://BUCKET/KEY or file:///PATH";
const SOURCE_HOST: Rule = "must name one host: * may stand in what follows it, or at the host's beginning as in *.example.com";

const CONNECTION: Rule = "must be a connection's ARN: arn:aws:codeconnections:REGION:ACCOUNT:connection/ID";

/// SQS's limit on a queue's name, `.fifo` included.
const QUEUE_NAME: RangeInclusive<usize> = 1..=80;
/// SNS's limit on a topic's name, `.fifo` included.
const TOPIC_NAME: RangeInclusive<usize> = 1..=256;
/// CodeBuild's limit on a project's name.
const PROJECT_NAME: RangeInclusive<usize> = 2..=150;
/// S3's limit on a bucket's name.
const BUCKET_NAME: RangeInclusive<usize> = 3..=63;

/// Checks a queue's URL: at AWS, or at an endpoint on this machine. This and the functions that follow answer the rule that is broken.
pub fn queue(text: &str) -> Result<(), Rule> {
    let url = Url::parse(text).map_err(|_| QUEUE)?;
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let path = url.path().strip_prefix('/').and_then(|path| path.split_once('/'));
    let path = path.is_some_and(|(account, name)| is_account(account) && is_name(name, QUEUE_NAME));
    rule(scheme && bare && path, QUEUE)
}

/// Whether two URLs are of the same queue. AWS has several host names for one queue.
pub(super) fn is_same_queue(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let url = Url::parse(text).ok()?;
        let host = if is_loopback(&url) { "localhost".to_owned() } else { url.host_str()?.to_owned() };
        Some((region(text).map_or(host, str::to_owned), url.port(), url.path().to_owned()))
    };
    parts(one) == parts(other)
}

/// The region in a queue's URL or an ARN. `None`: it has none, as the URL of another endpoint.
pub fn region(address: &str) -> Option<&str> {
    if address.starts_with("arn:") {
        return address.split(':').nth(3).filter(|region| !region.is_empty());
    }
    let host = address.strip_prefix("https://")?.split('/').next()?;
    let domains = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn", ".vpce.amazonaws.com"];
    let host = domains.iter().rev().find_map(|domain| host.strip_suffix(domain))?;
    let mut labels = host.rsplit('.');
    // sqs.REGION, sqs-fips.REGION, VPCE.sqs.REGION; and REGION.queue, as it once was.
    match labels.next()? {
        "queue" => labels.next(),
        region => labels.next().is_some_and(|service| service.starts_with("sqs")).then_some(region),
    }
}

/// A topic's ARN, in any partition.
pub fn topic(text: &str) -> Result<(), Rule> {
    let parts: Vec<&str> = text.split(':').collect();
    let [arn, partition, service, region, account, name] = parts[..] else { return Err(TOPIC) };
    let aws = arn == "arn" && partition.starts_with("aws") && service == "sns" && !region.is_empty();
    rule(aws && consists_of(region, "-") && is_account(account) && is_name(name, TOPIC_NAME), TOPIC)
}

/// A project's name.
pub fn project(text: &str) -> Result<(), Rule> {
    let first = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    rule(first && PROJECT_NAME.contains(&text.len()) && consists_of(text, "-_"), PROJECT)
}

/// A registry, with an optional path before the images' names.
pub(super) fn registry(text: &str) -> Result<(), Rule> {
    let (host, path) = text.split_once('/').unwrap_or((text, "a"));
    let part =
        |part: &str| !part.is_empty() && consists_of(part, "._-") && !part.starts_with(['.', '_', '-']) && !part.ends_with(['.', '_', '-']);
    let lower = !text.contains(|letter: char| letter.is_ascii_uppercase());
    rule(lower && is_host(host) && path.split('/').all(part), REGISTRY)
}

/// A profile's name.
pub(super) fn profile(text: &str) -> Result<(), Rule> {
    rule((1..=64).contains(&text.len()) && consists_of(text, "._-"), PROFILE)
}

/// A pattern of source URLs. The host ends with a slash and may have a wildcard only for subdomains, so that
/// `https://github.com*` cannot allow `https://github.com.evil.example/`.
pub(super) fn source(text: &str) -> Result<(), Rule> {
    let (scheme, rest) = text.split_once("://").ok_or(SOURCE)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match host.strip_prefix("*.") {
        Some(parent) if scheme == "https" && parent.contains('.') => parent,
        _ => host,
    };
    if host.contains('*') {
        return Err(SOURCE_HOST);
    }
    let host = match scheme {
        "https" => is_host(host) && !host.contains(|letter: char| letter.is_ascii_uppercase()),
        "s3" => BUCKET_NAME.contains(&host.len()) && consists_of(host, ".-"),
        "file" => host.is_empty() && rest.starts_with('/'),
        _ => false,
    };
    rule(host && !path.is_empty() && !path.contains(|letter: char| letter.is_whitespace() || letter.is_control()), SOURCE)
}

/// A CloudWatch log group's name.
pub(super) fn log_group(text: &str) -> Result<(), Rule> {
    rule((1..=512).contains(&text.len()) && consists_of(text, "_-/.#"), "must be a log group's name: letters, digits and _ - / . #")
}

/// A build image, as CodeBuild takes it.
pub(super) fn build_image(text: &str) -> Result<(), Rule> {
    rule(!text.is_empty() && text.len() <= 512 && consists_of(text, "._-/:@"), "must be an image, like \"aws/codebuild/standard:7.0\"")
}

/// One of CodeBuild's constants.
pub(super) fn constant(text: &str) -> Result<(), Rule> {
    let upper = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    rule(!text.is_empty() && upper, "must be one of CodeBuild's names, like BUILD_GENERAL1_SMALL or ARM_CONTAINER")
}

/// A file in the source.
pub(super) fn path_in_source(text: &str) -> Result<(), Rule> {
    let inside = !text.starts_with('/') && text.split('/').all(|part| !part.is_empty() && part != "..");
    rule(inside && !text.contains(['\n', ':']), "must be a path in the source, like \"ci/buildspec.yml\"")
}

/// The variables that every build has.
const EVERY_BUILD: [&str; 10] = [
    "SLIPWAY_JOB_ID",
    "SLIPWAY_ATTEMPT",
    "SLIPWAY_IMAGES",
    "SLIPWAY_REGISTRY",
    "SLIPWAY_TENANT",
    "SLIPWAY_PROFILE",
    "SLIPWAY_GROUP",
    "SLIPWAY_RECORD",
    "SLIPWAY_ENV",
    "SLIPWAY_GIT_PATHS",
];
/// Prefixes of further variables that the daemon sets.
const FAMILIES: [&str; 3] = ["SLIPWAY_SOURCE_", "SLIPWAY_ENV_", "CODEBUILD"];

/// A variable's name. The operator may set variables of the central buildspec, but not those that the daemon sets.
pub(super) fn operator_variable(text: &str) -> Result<(), Rule> {
    let first = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let taken = EVERY_BUILD.contains(&text) || FAMILIES.iter().any(|family| text.starts_with(family));
    rule(first && consists_of(text, "_") && !taken, "must be a variable's name, and none that CodeBuild or the daemon sets")
}

/// A host of sources, or all its subdomains.
pub(super) fn source_host(text: &str) -> Result<(), Rule> {
    let host = text.strip_prefix("*.").unwrap_or(text);
    let lower = !host.contains(|letter: char| letter.is_ascii_uppercase());
    rule(lower && is_host(host), "must be a host in lower case, like \"git.example.com\" or \"*.example.com\"")
}

/// A CodeConnections connection.
pub(super) fn connection(text: &str) -> Result<(), Rule> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, name] = parts[..] else { return Err(CONNECTION) };
    let service = matches!(service, "codeconnections" | "codestar-connections");
    let is_one = arn == "arn" && partition.starts_with("aws") && service && !region.is_empty() && is_account(account);
    rule(is_one && name.strip_prefix("connection/").is_some_and(|id| !id.is_empty() && consists_of(id, "-")), CONNECTION)
}

/// A pattern of names of secrets or parameters.
pub(super) fn stored(text: &str) -> Result<(), Rule> {
    let named = text.replace("{tenant}", "").replace('*', "");
    let is_one = (1..=2048).contains(&text.len()) && consists_of(&named, "/_+=.@-");
    rule(is_one, "must be a pattern of names, not of ARNs, like \"npm/*\" or \"{tenant}/*\"")
}

/// A pattern of revisions.
pub(super) fn revision(text: &str) -> Result<(), Rule> {
    let is_one = (1..=255).contains(&text.len()) && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    rule(is_one, "must be a pattern of branches, tags and commits, like \"main\", \"release/*\" or \"*\"")
}

/// A secret's name or ARN.
pub(super) fn secret(text: &str) -> Result<(), Rule> {
    rule((1..=2048).contains(&text.len()) && consists_of(text, "/_+=.@-:"), "must be a secret's name or ARN")
}

fn rule(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `HOST[:PORT]`
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let labels = name.split('.').all(|label| !label.is_empty() && consists_of(label, "-"));
    labels && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// A queue's or a topic's name; that of a FIFO one ends in `.fifo`.
fn is_name(text: &str, length: RangeInclusive<usize>) -> bool {
    let stem = text.strip_suffix(".fifo").unwrap_or(text);
    !stem.is_empty() && length.contains(&text.len()) && consists_of(stem, "-_")
}

fn consists_of(text: &str, also: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || also.contains(letter))
}

#[cfg(test)]
mod tests;
