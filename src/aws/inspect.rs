//! Asks AWS whether what a configuration names is there and may be used, by calls that change nothing.
//!
//! Permissions to act are probed with names that cannot exist: whoever is told that there is no such build may stop builds.

use aws_sdk_codebuild::types::{EnvironmentVariable, Project, ProjectEnvironment};
use aws_sdk_sqs::types::QueueAttributeName;

use super::{AwsError, Class, Clients, call::call};
use crate::{
    config::{Config, Profile},
    job::variable,
};

/// No message has it, and no build, and no log stream.
const NOBODY: &str = "slipway-check-nobody";

/// One question to AWS.
#[derive(Debug)]
pub struct Finding {
    /// What of the configuration was looked at, such as `queues[0].url`.
    pub key: String,
    pub value: String,
    /// What is there, or what is wrong.
    pub result: Result<String, String>,
}

impl Clients {
    /// Asks about everything that the configuration names, one question after the other.
    pub async fn inspect(&self, config: &Config) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut found = |key: String, value: &str, result| findings.push(Finding { key, value: value.to_owned(), result });
        for (at, queue) in config.queues.iter().enumerate() {
            found(format!("queues[{at}].url"), &queue.url, self.inspect_queue(&queue.url).await);
            found(format!("queues[{at}].url"), &queue.url, self.inspect_leases(&queue.url).await);
            if let Some(url) = &queue.dead_letter_url {
                found(format!("queues[{at}].dead_letter_url"), url, self.inspect_queue(url).await);
            }
        }
        if let Some(url) = &config.watch.events_queue_url {
            found("watch.events_queue_url".to_owned(), url, self.inspect_queue(url).await);
        }
        found("topic.arn".to_owned(), &config.topic.arn, self.inspect_topic(&config.topic.arn).await);
        for profile in config.profiles.values() {
            let key = format!("profiles.{}.project", profile.name);
            found(key.clone(), &profile.project, self.inspect_project(profile).await);
            found(key.clone(), &profile.project, self.inspect_builds(profile).await);
            found(key, &profile.project, self.inspect_log(profile).await);
        }
        findings
    }

    async fn inspect_queue(&self, url: &str) -> Result<String, String> {
        let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = call("sqs.GetQueueAttributes", || request.clone().send()).await.map_err(text)?;
        let attributes = answer.attributes.unwrap_or_default();
        let waiting = attributes.get(&QueueAttributeName::ApproximateNumberOfMessages).map_or("0", String::as_str);
        let redrive = match attributes.get(&QueueAttributeName::RedrivePolicy) {
            Some(policy) => format!(", redrive {policy}"),
            None => String::new(),
        };
        Ok(format!("the queue exists: {waiting} messages{redrive}"))
    }

    async fn inspect_leases(&self, url: &str) -> Result<String, String> {
        let request = self.sqs.change_message_visibility().queue_url(url).receipt_handle(NOBODY).visibility_timeout(0);
        allowed(call("sqs.ChangeMessageVisibility", || request.clone().send()).await)?;
        let request = self.sqs.delete_message().queue_url(url).receipt_handle(NOBODY);
        allowed(call("sqs.DeleteMessage", || request.clone().send()).await)?;
        Ok("leases may be extended, and messages deleted".to_owned())
    }

    async fn inspect_topic(&self, arn: &str) -> Result<String, String> {
        let request = self.sns.get_topic_attributes().topic_arn(arn);
        match call("sns.GetTopicAttributes", || request.clone().send()).await {
            Ok(_) => Ok("the topic exists".to_owned()),
            // The daemon itself needs only to publish.
            Err(error) if error.class == Class::Denied => Ok("the topic may exist: reading its attributes is not allowed".to_owned()),
            Err(error) => Err(text(error)),
        }
    }

    async fn inspect_project(&self, profile: &Profile) -> Result<String, String> {
        let request = self.codebuild.batch_get_projects().names(&profile.project);
        match call("codebuild.BatchGetProjects", || request.clone().send()).await {
            Ok(answer) => match answer.projects() {
                [] => Err("there is no such project".to_owned()),
                [project, ..] => judge(project, profile),
            },
            Err(error) if error.class == Class::Denied => Ok("the project may exist: reading it is not allowed".to_owned()),
            Err(error) => Err(text(error)),
        }
    }

    async fn inspect_builds(&self, profile: &Profile) -> Result<String, String> {
        self.builds().list(&profile.project, None).await.map_err(text)?;
        let nobody = format!("{}:00000000-0000-0000-0000-000000000000", profile.project);
        self.builds().look(std::slice::from_ref(&nobody)).await.map_err(text)?;
        allowed(self.builds().stop(&nobody).await)?;
        Ok("builds may be listed, read and stopped".to_owned())
    }

    async fn inspect_log(&self, profile: &Profile) -> Result<String, String> {
        let group = profile.log_group.clone().unwrap_or_else(|| format!("/aws/codebuild/{}", profile.project));
        let request = self.logs.get_log_events().log_group_name(&group).log_stream_name(NOBODY);
        allowed(call("logs.GetLogEvents", || request.clone().send()).await)?;
        Ok(format!("logs may be read in {group}"))
    }
}

/// What of a project does not go with the profile.
fn judge(project: &Project, profile: &Profile) -> Result<String, String> {
    let environment = project.environment.as_ref();
    let is_lambda = environment.is_some_and(|environment| environment.r#type.as_str().contains("LAMBDA"));
    if is_lambda && profile.environment.environment_type.is_none() && !profile.environment.is_lambda() {
        return Err("the project runs on Lambda, which takes no timeouts: say so by the profile's environment_type".to_owned());
    }
    let variables = environment.map(ProjectEnvironment::environment_variables).unwrap_or_default().iter().map(EnvironmentVariable::name);
    let by_name = !(profile.buildspec.is_operators && profile.images_buildspec.is_operators);
    let replaceable = |name: &&str| variable::check_name(name).is_ok() && profile.env.iter().all(|own| own.name != *name);
    let replaceable: Vec<_> = variables.filter(|_| by_name).filter(replaceable).collect();
    Ok(match replaceable.as_slice() {
        [] => "the project exists".to_owned(),
        names => format!("the project exists; jobs may replace its variables {}: set in the profile's env they cannot", names.join(", ")),
    })
}

/// Being told that the thing does not exist, or is no good, means that one may ask.
fn allowed<T>(answer: Result<T, AwsError>) -> Result<(), String> {
    match answer {
        Err(error) if !matches!(error.class, Class::NotFound | Class::Invalid) => Err(text(error)),
        _ => Ok(()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn text(error: AwsError) -> String {
    error.to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use aws_sdk_codebuild::types::{ComputeType, EnvironmentType, builders::ProjectEnvironmentBuilder};

    use super::*;
    use crate::config::{Buildspec, Environment, OperatorVariable};

    fn project(kind: EnvironmentType) -> Project {
        let variable = |name: &str| EnvironmentVariable::builder().name(name).value("x").build().unwrap();
        let environment = ProjectEnvironment::builder().r#type(kind).image("image").compute_type(ComputeType::BuildGeneral1Small);
        let environment = ["SLIPWAY_CACHE", "PATH", "PROXY", "MIRROR", "LEVEL"]
            .map(variable)
            .into_iter()
            .fold(environment, ProjectEnvironmentBuilder::environment_variables);
        Project::builder().environment(environment.build().unwrap()).build()
    }

    #[test]
    fn the_variables_that_jobs_may_replace_are_listed() {
        let own = OperatorVariable { name: "PROXY".into(), value: "y".into(), kind: "PLAINTEXT".into() };
        let profile = Profile { env: vec![own], ..Profile::default() };
        let told = judge(&project(EnvironmentType::LinuxContainer), &profile);
        assert_eq!(told.unwrap(), "the project exists; jobs may replace its variables MIRROR, LEVEL: set in the profile's env they cannot");
        let central = Buildspec { spec: None, is_operators: true };
        let profile = Profile { buildspec: central.clone(), images_buildspec: central, ..profile };
        assert_eq!(judge(&project(EnvironmentType::LinuxContainer), &profile).unwrap(), "the project exists");
    }

    #[test]
    fn a_project_on_lambda_has_to_be_named_so() {
        let lambda = project(EnvironmentType::LinuxLambdaContainer);
        assert!(judge(&lambda, &Profile::default()).unwrap_err().contains("Lambda"));
        let environment = Environment { environment_type: Some("LINUX_LAMBDA_CONTAINER".into()), ..Environment::default() };
        assert!(judge(&lambda, &Profile { environment, ..Profile::default() }).is_ok());
    }
}
