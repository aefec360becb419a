//! Checks a profile's project: that it exists, that its builds and logs may be used, and that it fits the profile.

use aws_sdk_codebuild::types::{EnvironmentVariable, Project, ProjectEnvironment};

use super::{Account, Answer, Finding, NOBODY, allowed};
use crate::{
    aws::{AwsError, Class, Clients, call::call},
    config::Profile,
    job::variable,
};

impl Clients {
    pub(super) async fn inspect_profile(&self, profile: &Profile, account: &Account, findings: &mut Vec<Finding>) {
        let key = format!("profiles.{}.project", profile.name);
        let mut found = |answer| findings.push(Finding::new(&key, &profile.project, answer));
        let arn = account.project(&profile.project);
        let asked = format!("codebuild:BatchGetProjects on {arn}");
        let builds = format!("codebuild:ListBuildsForProject, BatchGetBuilds and StopBuild on {arn}");
        let group = profile.log_group.clone().unwrap_or_else(|| format!("/aws/codebuild/{}", profile.project));
        let group_arn = account.log_group(&group);
        let request = self.codebuild.batch_get_projects().names(&profile.project);
        match call("codebuild.BatchGetProjects", || request.clone().send()).await {
            Ok(answer) => match answer.projects() {
                [] => {
                    found(Answer::Wrong(format!("{asked}: there is no project {} in {account}", profile.project)));
                    return found(Answer::Skipped(format!("not asked: {builds}, and logs:GetLogEvents on {group_arn}")));
                }
                [project, ..] => {
                    found(Answer::Fine(format!("{asked}: the project is there")));
                    let of_arn = |answer| match answer {
                        Answer::Wrong(text) => Answer::Wrong(format!("{asked}: {text}")),
                        Answer::Warning(text) => Answer::Warning(format!("{asked}: {text}")),
                        other => other,
                    };
                    judge(project, profile).into_iter().map(of_arn).for_each(&mut found);
                }
            },
            Err(error) if error.class == Class::Denied => {
                let text = "is not allowed: whether the project is there and goes with the profile is not known";
                found(Answer::Warning(format!("{asked} {text}")));
            }
            Err(error) => found(Answer::Wrong(format!("{asked}: {error}"))),
        }
        found(self.inspect_builds(&profile.project, &builds).await);
        found(self.inspect_log(&group, &group_arn).await);
    }

    async fn inspect_builds(&self, project: &str, asked: &str) -> Answer {
        let nobody = format!("{project}:00000000-0000-0000-0000-000000000000");
        let answered = async {
            self.builds().list(project, None).await?;
            self.builds().look(std::slice::from_ref(&nobody)).await?;
            allowed(self.builds().stop(&nobody).await)
        };
        match answered.await {
            Ok(()) => Answer::Fine(format!("{asked} are allowed")),
            Err(error) => Answer::Wrong(format!("{asked}: {error}")),
        }
    }

    async fn inspect_log(&self, group: &str, arn: &str) -> Answer {
        let request = self.logs.get_log_events().log_group_name(group).log_stream_name(NOBODY);
        if let Err(error) = allowed(call("logs.GetLogEvents", || request.clone().send()).await) {
            return Answer::Wrong(format!("logs:GetLogEvents on {arn}: {error}"));
        }
        match self.has_group(group).await {
            Ok(true) => Answer::Fine(format!("logs:DescribeLogGroups and GetLogEvents on {arn}: the group is there, and may be read")),
            Ok(false) => {
                let text = "CodeBuild makes it with the project's first build, unless the project logs elsewhere: then name that group in log_group";
                Answer::Warning(format!("logs:DescribeLogGroups on {arn}: there is no log group {group}; {text}"))
            }
            // The daemon itself only reads streams.
            Err(error) if error.class == Class::Denied => {
                Answer::Warning(format!("logs:GetLogEvents on {arn} is allowed; whether the group is there is not known: {error}"))
            }
            Err(error) => Answer::Wrong(format!("logs:DescribeLogGroups on {arn}: {error}")),
        }
    }

    /// Whether a log group of this name exists. AWS lists groups by a prefix, and the group of exactly that name comes first.
    async fn has_group(&self, name: &str) -> Result<bool, AwsError> {
        let request = self.logs.describe_log_groups().log_group_name_prefix(name).limit(1);
        let answer = call("logs.DescribeLogGroups", || request.clone().send()).await?;
        Ok(answer.log_groups().iter().any(|group| group.log_group_name() == Some(name)))
    }
}

/// Settings of a project that do not fit the profile.
fn judge(project: &Project, profile: &Profile) -> Vec<Answer> {
    let mut answers = Vec::new();
    let environment = project.environment.as_ref();
    let is_lambda = environment.is_some_and(|environment| environment.r#type.as_str().contains("LAMBDA"));
    if is_lambda && profile.environment.environment_type.is_none() && !profile.environment.is_lambda() {
        let text = "the project runs on Lambda, which takes no timeouts: say so by the profile's environment_type";
        answers.push(Answer::Wrong(text.to_owned()));
    }
    let is_privileged = environment.and_then(ProjectEnvironment::privileged_mode).unwrap_or_default();
    if profile.registry.is_some() && !is_privileged {
        let text = "the project is not privileged (privilegedMode), and the profile has a registry: no image can be built in it";
        answers.push(Answer::Warning(text.to_owned()));
    }
    let variables = environment.map(ProjectEnvironment::environment_variables).unwrap_or_default().iter().map(EnvironmentVariable::name);
    let by_name = !(profile.buildspec.is_operators && profile.images_buildspec.is_operators);
    let replaceable = |name: &&str| variable::check_name(name).is_ok() && profile.env.iter().all(|own| own.name != *name);
    let replaceable: Vec<_> = variables.filter(|_| by_name).filter(replaceable).collect();
    if !replaceable.is_empty() {
        let names = replaceable.join(", ");
        answers.push(Answer::Warning(format!("jobs may replace the project's variables {names}: set in the profile's env they cannot")));
    }
    answers
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use aws_sdk_codebuild::types::{ComputeType, EnvironmentType, builders::ProjectEnvironmentBuilder};

    use super::*;
    use crate::config::{Buildspec, Environment, OperatorVariable};

    fn project(kind: EnvironmentType, privileged: bool) -> Project {
        let variable = |name: &str| EnvironmentVariable::builder().name(name).value("x").build().unwrap();
        let environment = ProjectEnvironment::builder().r#type(kind).image("image").compute_type(ComputeType::BuildGeneral1Small);
        let environment = ["SLIPWAY_CACHE", "PATH", "PROXY", "MIRROR", "LEVEL"]
            .map(variable)
            .into_iter()
            .fold(environment.privileged_mode(privileged), ProjectEnvironmentBuilder::environment_variables);
        Project::builder().environment(environment.build().unwrap()).build()
    }

    #[test]
    fn the_variables_that_jobs_may_replace_are_warned_of() {
        let own = OperatorVariable { name: "PROXY".into(), value: "y".into(), kind: "PLAINTEXT".into() };
        let profile = Profile { env: vec![own], ..Profile::default() };
        let told = judge(&project(EnvironmentType::LinuxContainer, true), &profile);
        let text = "jobs may replace the project's variables MIRROR, LEVEL: set in the profile's env they cannot";
        assert_eq!(told, [Answer::Warning(text.to_owned())]);
        let central = Buildspec { spec: None, is_operators: true };
        let profile = Profile { buildspec: central.clone(), images_buildspec: central, ..profile };
        assert_eq!(judge(&project(EnvironmentType::LinuxContainer, true), &profile), []);
    }

    #[test]
    fn images_need_a_privileged_project() {
        let central = Buildspec { spec: None, is_operators: true };
        let plain = Profile { buildspec: central.clone(), images_buildspec: central, ..Profile::default() };
        let images = Profile { registry: Some("registry.test".into()), ..plain.clone() };
        let warned = |privileged, profile: &Profile| judge(&project(EnvironmentType::LinuxContainer, privileged), profile).len();
        assert_eq!((warned(false, &images), warned(true, &images), warned(false, &plain)), (1, 0, 0));
    }

    #[test]
    fn a_project_on_lambda_has_to_be_named_so() {
        let lambda = project(EnvironmentType::LinuxLambdaContainer, false);
        assert!(judge(&lambda, &Profile::default()).iter().any(|answer| matches!(answer, Answer::Wrong(text) if text.contains("Lambda"))));
        let environment = Environment { environment_type: Some("LINUX_LAMBDA_CONTAINER".into()), ..Environment::default() };
        let named = judge(&lambda, &Profile { environment, ..Profile::default() });
        assert!(!named.iter().any(|answer| matches!(answer, Answer::Wrong(_))));
    }
}
