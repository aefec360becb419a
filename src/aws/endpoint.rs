//! Checks the endpoints that the environment names. Requests carry credentials and job messages, so plain http is allowed only on this
//! machine.

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, environment::EnvironmentVariableRegionProvider, meta::region::RegionProviderChain,
    profile::ProfileFileRegionProvider,
};
use aws_credential_types::Credentials;
use aws_types::service_config::ServiceConfigKey;
use url::Url;

use crate::{
    config::{Fault, Faults},
    loopback::is_loopback,
};

/// The services that are called, STS for credentials: their names in the SDK, and in their variable `AWS_ENDPOINT_URL_...`.
const SERVICES: [(&str, &str); 5] = [
    ("SQS", "AWS_ENDPOINT_URL_SQS"),
    ("SNS", "AWS_ENDPOINT_URL_SNS"),
    ("CodeBuild", "AWS_ENDPOINT_URL_CODEBUILD"),
    ("CloudWatch Logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
    ("STS", "AWS_ENDPOINT_URL_STS"),
];
/// The region if none is set.
const LOCAL_REGION: &str = "us-east-1";
/// The variable for all services, and the key in an AWS profile.
const VARIABLE: &str = "AWS_ENDPOINT_URL";
const KEY: &str = "endpoint_url";
const RULE: &str = "must be https://HOST, or http:// on this machine (localhost, 127.0.0.0/8, ::1): requests carry credentials";

/// Checks every endpoint that the SDK takes from the environment's variables and from the AWS profile.
pub async fn check(variable: impl Fn(&str) -> Option<String>) -> Result<(), Faults> {
    // This makes no network call.
    let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::from_static("none")).no_credentials().load().await;
    let mut faults: Vec<Fault> = Vec::new();
    let empty: Vec<&str> =
        SERVICES.into_iter().filter(|(service, _)| endpoint(&config, service).as_deref() == Some("")).map(|(_, own)| own).collect();
    let variables = if empty.len() == SERVICES.len() { vec![VARIABLE] } else { empty };
    faults.extend(variables.into_iter().map(|name| Fault {
        key: name.to_owned(),
        value: Some("\"\"".to_owned()),
        origin: None,
        rule: format!("is empty: unset it to call AWS itself; else it {RULE}"),
    }));
    for (service, _) in SERVICES {
        let Some(url) = endpoint(&config, service).filter(|url| !url.is_empty() && !is_allowed(url)) else { continue };
        let key = named(&config, service, &variable).unwrap_or_default();
        let fault = Fault { key, value: Some(format!("{url:?}")), origin: None, rule: RULE.to_owned() };
        // One variable may be for several services.
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Faults { file: "the AWS environment".to_owned(), faults }) }
}

/// Sets credentials and a region where they are missing, for an endpoint on this machine: it accepts any, and the SDK must not ask a
/// cloud's metadata service for them. What the environment sets stays.
pub(super) fn on_this_machine(loader: ConfigLoader, variable: impl Fn(&str) -> Option<String>) -> ConfigLoader {
    let endpoint = variable(VARIABLE).and_then(|url| Url::parse(&url).ok());
    if !endpoint.is_some_and(|url| url.host_str().is_some_and(is_loopback)) {
        return loader;
    }
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
    let loader = loader.region(region.or_else(ProfileFileRegionProvider::new()).or_else(Region::from_static(LOCAL_REGION)));
    let is_named = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"].iter().any(|name| variable(name).is_some());
    if is_named {
        loader
    } else {
        loader.credentials_provider(Credentials::new("local", "local", None, None, "an endpoint on this machine"))
    }
}

/// The variable or the key that names a service's endpoint. `None`: it is AWS's own.
pub(super) fn named(config: &SdkConfig, service: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let url = endpoint(config, service)?;
    let own = SERVICES.iter().find_map(|(known, own)| (*known == service).then_some(*own));
    let named = own.into_iter().chain([VARIABLE]).find(|name| variable(name).as_deref() == Some(&url));
    Some(named.unwrap_or("endpoint_url of the AWS profile").to_owned())
}

/// The endpoint of one service, as the SDK's clients choose it. `None`: AWS's own.
fn endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service).env(VARIABLE).profile(KEY).build().ok()?;
    let own = config.service_config().and_then(|config| config.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

fn is_allowed(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for url in [
            "https://sqs.eu-west-1.amazonaws.com",
            "https://10.0.0.1:8443/",
            "http://localhost:4566",
            "http://127.0.0.1",
            "http://[::1]:4566/",
        ] {
            assert!(is_allowed(url), "{url}");
        }
        for url in [
            "",
            "localhost:4566",
            "http://10.1.2.3:4566",
            "http://sqs.eu-west-1.amazonaws.com",
            "http://127.0.0.1@10.1.2.3/",
            "http://127.0.0.1.example.com",
            "http://[::ffff:10.1.2.3]/",
            "ftp://localhost/",
        ] {
            assert!(!is_allowed(url), "{url}");
        }
    }
}
