//! Makes the resources of a daemon: the queues with their redrive policy, the topic with a subscription, the project. For local mode and
//! tests; on AWS the deployment makes them.

use std::collections::HashMap;

use aws_sdk_codebuild::types::{
    ArtifactsType, ComputeType, EnvironmentType, LogsConfigStatusType, ProjectArtifacts, ProjectEnvironment, ProjectSource, SourceType,
};
use aws_sdk_sqs::types::QueueAttributeName;

use super::{
    Clients,
    call::call,
    error::{AwsError, Class},
};

/// A message goes to the dead-letter queue after this many receives.
const MAX_RECEIVES: u32 = 5;

/// The URLs and ARNs of the resources.
#[derive(Debug, Clone)]
pub struct Provision {
    pub jobs: String,
    pub dead_letters: String,
    pub build_events: String,
    /// A queue that is subscribed to the topic, with raw delivery.
    pub results: String,
    pub topic: String,
    pub project: String,
}

impl Clients {
    /// Makes the resources that do not exist. Existing ones stay as they are: somebody may have changed them.
    ///
    /// # Errors
    /// A call failed.
    pub async fn provision(&self) -> Result<Provision, AwsError> {
        let dead_letters = self.create_queue("slipway-jobs-dlq", HashMap::new()).await?;
        let target = self.queue_arn(&dead_letters).await?;
        let redrive = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":"{MAX_RECEIVES}"}}"#);
        let jobs = self.create_queue("slipway-jobs", [(QueueAttributeName::RedrivePolicy, redrive)].into()).await?;
        let build_events = self.create_queue("slipway-build-events", HashMap::new()).await?;
        let results = self.create_queue("slipway-results", HashMap::new()).await?;
        let topic = self.create_topic("slipway-events", &self.queue_arn(&results).await?).await?;
        self.create_log_group("/aws/codebuild/slipway").await?;
        self.create_project("slipway").await?;
        Ok(Provision { jobs, dead_letters, build_events, results, topic, project: "slipway".to_owned() })
    }

    async fn create_queue(&self, name: &str, attributes: HashMap<QueueAttributeName, String>) -> Result<String, AwsError> {
        let request = self.sqs.create_queue().queue_name(name).set_attributes(Some(attributes).filter(|all| !all.is_empty()));
        let url = match call("sqs.CreateQueue", || request.clone().send()).await {
            // It exists with other attributes.
            Err(error) if error.code.as_deref() == Some("QueueAlreadyExists") => {
                let request = self.sqs.get_queue_url().queue_name(name);
                call("sqs.GetQueueUrl", || request.clone().send()).await?.queue_url
            }
            answer => answer?.queue_url,
        };
        url.ok_or_else(|| incomplete("sqs.CreateQueue"))
    }

    async fn queue_arn(&self, url: &str) -> Result<String, AwsError> {
        let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await?;
        let arn = answer.attributes.and_then(|mut all| all.remove(&QueueAttributeName::QueueArn));
        arn.ok_or_else(|| incomplete("sqs.GetQueueAttributes"))
    }

    async fn create_topic(&self, name: &str, subscriber: &str) -> Result<String, AwsError> {
        let request = self.sns.create_topic().name(name);
        let answer = call("sns.CreateTopic", || request.clone().send()).await?;
        let arn = answer.topic_arn.ok_or_else(|| incomplete("sns.CreateTopic"))?;
        let any = self.sns.subscribe().topic_arn(&arn).protocol("sqs").endpoint(subscriber);
        let raw = any.clone().attributes("RawMessageDelivery", "true");
        match call("sns.Subscribe", || raw.clone().send()).await {
            // It exists with other attributes, or another fault that this does not correct.
            Err(error) if error.code.as_deref() == Some("InvalidParameter") => call("sns.Subscribe", || any.clone().send()).await?,
            answer => answer?,
        };
        Ok(arn)
    }

    async fn create_log_group(&self, name: &str) -> Result<(), AwsError> {
        let request = self.logs.create_log_group().log_group_name(name);
        match call("logs.CreateLogGroup", || request.clone().send()).await {
            Err(error) if error.code.as_deref() != Some("ResourceAlreadyExistsException") => Err(error),
            _ => Ok(()),
        }
    }

    async fn create_project(&self, name: &str) -> Result<(), AwsError> {
        const OPERATION: &str = "codebuild.CreateProject";
        let request = self.codebuild.batch_get_projects().names(name);
        let known = call("codebuild.BatchGetProjects", || request.clone().send()).await?;
        if !known.projects().is_empty() {
            return Ok(());
        }
        let invalid = |error: aws_sdk_codebuild::error::BuildError| AwsError::local(Class::Invalid, OPERATION, error.to_string());
        // A placeholder that every build overrides. Without a buildspec the project uses the repository's.
        let source = ProjectSource::builder().r#type(SourceType::Github).location("https://github.com/slipway/placeholder");
        let environment = ProjectEnvironment::builder()
            .r#type(EnvironmentType::LinuxContainer)
            .compute_type(ComputeType::BuildGeneral1Small)
            .image("aws/codebuild/standard:7.0");
        let logs = aws_sdk_codebuild::types::CloudWatchLogsConfig::builder()
            .status(LogsConfigStatusType::Enabled)
            .group_name(format!("/aws/codebuild/{name}"))
            .build()
            .map_err(invalid)?;
        let request = self
            .codebuild
            .create_project()
            .name(name)
            .source(source.build().map_err(invalid)?)
            .artifacts(ProjectArtifacts::builder().r#type(ArtifactsType::NoArtifacts).build().map_err(invalid)?)
            .environment(environment.build().map_err(invalid)?)
            .logs_config(aws_sdk_codebuild::types::LogsConfig::builder().cloud_watch_logs(logs).build())
            .service_role("arn:aws:iam::000000000000:role/slipway");
        call(OPERATION, || request.clone().send()).await.map(drop)
    }
}

fn incomplete(operation: &'static str) -> AwsError {
    AwsError::local(Class::Transient, operation, "the answer is incomplete")
}
