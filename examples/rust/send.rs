//! Sends a job.
//!
//! `SLIPWAY_JOBS_URL=QUEUE-URL cargo run --example send -- https://github.com/acme/app main`
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program of its own, with a terminal and an environment")]

use aws_config::BehaviorVersion;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, revision] = &arguments[..] else { anyhow::bail!("usage: send URL REVISION") };
    let tenant = "team-a";
    let job = json!({ "version": 1, "source": { "url": url, "revision": revision }, "tenant": tenant });

    // With the default features of aws-config no client need be given.
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let sqs = aws_sdk_sqs::Client::new(&aws_config::defaults(BehaviorVersion::latest()).http_client(https).load().await);
    let message = sqs.send_message().queue_url(std::env::var("SLIPWAY_JOBS_URL")?).message_body(job.to_string());
    // A fair queue: where one group has very many messages, SQS gives those of the others first.
    let sent = message.message_group_id(tenant).send().await?;
    // The job names no id of its own, so it has its message's.
    println!("{}", sent.message_id().unwrap_or_default());
    Ok(())
}
