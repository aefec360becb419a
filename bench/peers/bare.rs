//! The bare loop: what a worker on the AWS SDK costs that does this work and nothing else. It receives, starts, looks at builds each second
//! by the hundred, reads the last lines of a log, publishes and deletes by the ten, and extends what is in flight.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_codebuild::types::EnvironmentVariable;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry};
use serde_json::{Value, json};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{interval, timeout},
};

/// What a batch is waited for after its first entry.
const LINGER: Duration = Duration::from_millis(5);

#[derive(Debug, Clone)]
struct Aws {
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    codebuild: aws_sdk_codebuild::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    queue: String,
    topic: String,
    project: String,
    /// How often it looks at its builds, and how long its messages stay invisible, in seconds.
    look: u64,
    visibility: i32,
    builds: Arc<Mutex<InFlight>>,
}

/// By build id: the job's id, the receipt, and the place among the running.
type InFlight = HashMap<String, (String, String, OwnedSemaphorePermit)>;

pub(crate) async fn serve() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .load()
        .await;
    let aws = Aws {
        sqs: aws_sdk_sqs::Client::new(&config),
        sns: aws_sdk_sns::Client::new(&config),
        codebuild: aws_sdk_codebuild::Client::new(&config),
        logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        queue: variable("QUEUE_URL"),
        topic: variable("TOPIC_ARN"),
        project: variable("PROJECT"),
        look: variable("LOOK").parse().unwrap(),
        visibility: variable("VISIBILITY").parse().unwrap(),
        builds: Arc::default(),
    };
    let (ended, ends) = mpsc::channel(1000);
    let running = Arc::new(Semaphore::new(variable("RUNNING").parse().unwrap()));
    tokio::join!(receive(aws.clone(), running), look(aws.clone(), ended), extend(aws.clone()), publish(aws, ends));
}

async fn receive(aws: Aws, running: Arc<Semaphore>) {
    loop {
        let first = Arc::clone(&running).acquire_owned().await.unwrap();
        let mut places = vec![first];
        while places.len() < 10
            && let Ok(place) = Arc::clone(&running).try_acquire_owned()
        {
            places.push(place);
        }
        let most = i32::try_from(places.len()).unwrap();
        let request = aws.sqs.receive_message().queue_url(&aws.queue).max_number_of_messages(most).wait_time_seconds(20);
        let Ok(answer) = request.visibility_timeout(aws.visibility).send().await else { continue };
        for message in answer.messages.unwrap_or_default() {
            let (aws, place) = (aws.clone(), places.pop().unwrap());
            tokio::spawn(async move {
                let job: Value = serde_json::from_str(message.body().unwrap_or_default()).unwrap();
                let (id, url) = (job["id"].as_str().unwrap().to_owned(), job["source"]["url"].as_str().unwrap());
                let variable = EnvironmentVariable::builder().name("JOB_ID").value(&id).build().unwrap();
                let request = aws.codebuild.start_build().project_name(&aws.project).source_location_override(url);
                let started = request.environment_variables_override(variable).idempotency_token(&id).send().await;
                // One that could not be started comes again.
                let Some(build) = started.ok().and_then(|answer| answer.build_value?.id) else { return };
                aws.builds.lock().unwrap().insert(build, (id, message.receipt_handle.unwrap_or_default(), place));
            });
        }
    }
}

/// Looks at all builds.
async fn look(aws: Aws, ended: mpsc::Sender<(String, String)>) {
    let mut ticks = interval(Duration::from_secs(aws.look));
    loop {
        ticks.tick().await;
        let ids: Vec<_> = aws.builds.lock().unwrap().keys().cloned().collect();
        for ids in ids.chunks(100) {
            let Ok(answer) = aws.codebuild.batch_get_builds().set_ids(Some(ids.to_vec())).send().await else { continue };
            for build in answer.builds.unwrap_or_default().into_iter().filter(|build| build.build_complete) {
                let Some((job, receipt, place)) = aws.builds.lock().unwrap().remove(build.id().unwrap_or_default()) else { continue };
                drop(place);
                let (aws, ended) = (aws.clone(), ended.clone());
                tokio::spawn(async move {
                    let log = build.logs().unwrap();
                    let request =
                        aws.logs.get_log_events().set_log_group_name(log.group_name.clone()).set_log_stream_name(log.stream_name.clone());
                    let page = request.limit(40).start_from_head(false).send().await;
                    let lines: Vec<_> =
                        page.into_iter().flat_map(|page| page.events.unwrap_or_default()).filter_map(|event| event.message).collect();
                    let status = build.build_status().map(aws_sdk_codebuild::types::StatusType::as_str);
                    let event = json!({ "id": job, "data": { "build": { "id": build.id() }, "status": status, "log": lines.concat() } });
                    ended.send((event.to_string(), receipt)).await.unwrap();
                });
            }
        }
    }
}

/// Publishes, then deletes, by the ten.
async fn publish(aws: Aws, mut ends: mpsc::Receiver<(String, String)>) {
    while let Some(first) = ends.recv().await {
        let mut batch = vec![first];
        while batch.len() < 10
            && let Ok(Some(next)) = timeout(LINGER, ends.recv()).await
        {
            batch.push(next);
        }
        let aws = aws.clone();
        tokio::spawn(async move {
            let entries = batch.iter().enumerate();
            let events = entries
                .clone()
                .map(|(n, (event, _))| PublishBatchRequestEntry::builder().id(n.to_string()).message(event).build().unwrap());
            let published =
                aws.sns.publish_batch().topic_arn(&aws.topic).set_publish_batch_request_entries(Some(events.collect())).send().await;
            if published.is_err() {
                return;
            }
            let receipts = entries.map(|(n, (_, receipt))| {
                DeleteMessageBatchRequestEntry::builder().id(n.to_string()).receipt_handle(receipt).build().unwrap()
            });
            aws.sqs
                .delete_message_batch()
                .queue_url(&aws.queue)
                .set_entries(Some(receipts.collect()))
                .send()
                .await
                .map(drop)
                .unwrap_or_default();
        });
    }
}

/// Keeps what is in flight: each third of the visibility.
async fn extend(aws: Aws) {
    let mut ticks = interval(Duration::from_secs(u64::from(aws.visibility.unsigned_abs()) / 3));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let receipts: Vec<_> = aws.builds.lock().unwrap().values().map(|(_, receipt, _)| receipt.clone()).collect();
        for receipts in receipts.chunks(10) {
            let entry = |(n, receipt): (usize, &String)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(n.to_string()).receipt_handle(receipt);
                entry.visibility_timeout(aws.visibility).build().unwrap()
            };
            let entries = receipts.iter().enumerate().map(entry).collect();
            aws.sqs
                .change_message_visibility_batch()
                .queue_url(&aws.queue)
                .set_entries(Some(entries))
                .send()
                .await
                .map(drop)
                .unwrap_or_default();
        }
    }
}
