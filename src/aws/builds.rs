//! CodeBuild: starts and stops builds, reads their status in batches, lists the builds of a project.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use aws_sdk_codebuild::{
    Client,
    operation::RequestId,
    types::{
        self, CloudWatchLogsConfig, ComputeType, EnvironmentType, EnvironmentVariable, EnvironmentVariableType, GitSubmodulesConfig,
        LogsConfig, LogsConfigStatusType, SourceAuthType, SourceType,
    },
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::{
    batch::{Batch, unnamed},
    call::{call, once},
    error::{AwsError, Class},
};
use crate::job::{
    JobId, Tenant, Variable, VariableKind,
    build::{
        ATTEMPT_VARIABLE, Arn, Artifacts, Build, Context, GROUP_VARIABLE, JOB_ID_VARIABLE, LogLocation, PROFILE_VARIABLE, Phase,
        TENANT_VARIABLE, Word, secret,
    },
    moment::Moment,
    order::{ENV_VARIABLE, IMAGES_VARIABLE, Order},
    record::{RECORD_VARIABLE, Record},
};

const LIST: &str = "codebuild.ListBuildsForProject";
/// `BatchGetBuilds` takes at most 100 ids.
pub const BATCH: usize = 100;

/// CodeBuild's builds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Builds {
    client: Client,
}

/// One page of a project's build ids, newest first.
#[derive(Debug, Default)]
pub struct Page {
    pub ids: Vec<String>,
    pub next: Option<String>,
}

impl Builds {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Starts a build once: for five minutes the order's idempotency token makes repeats of the same order harmless.
    ///
    /// # Errors
    /// CodeBuild refuses the build, throttles, or does not answer: then the build may have started.
    pub async fn start(&self, order: &Order) -> Result<Build, AwsError> {
        const OPERATION: &str = "codebuild.StartBuild";
        let invalid = |error: &dyn std::error::Error| AwsError::local(Class::Invalid, OPERATION, error.to_string());
        let mut request = self
            .client
            .start_build()
            .project_name(&order.project)
            .source_type_override(SourceType::from(order.source_type.as_str()))
            .set_source_location_override(order.source_location.clone())
            .set_source_version(order.source_version.clone())
            .set_git_clone_depth_override(order.clone_depth)
            .set_timeout_in_minutes_override(order.timeout_minutes.map(minutes))
            .set_queued_timeout_in_minutes_override(order.queued_timeout_minutes.map(minutes))
            .set_buildspec_override(order.buildspec.clone())
            .set_image_override(order.environment.image.clone())
            .set_compute_type_override(order.environment.compute_type.as_deref().map(ComputeType::from))
            .set_environment_type_override(order.environment.environment_type.as_deref().map(EnvironmentType::from))
            .set_privileged_mode_override(order.privileged)
            // Nobody would follow the build of an automatic retry.
            .auto_retry_limit_override(0)
            .idempotency_token(&order.token);
        if order.submodules {
            let submodules = GitSubmodulesConfig::builder().fetch_submodules(true).build();
            request = request.git_submodules_config_override(submodules.map_err(|error| invalid(&error))?);
        }
        if let Some(auth) = &order.source_auth {
            let auth = types::SourceAuth::builder().r#type(SourceAuthType::from(auth.kind)).resource(&auth.resource).build();
            request = request.source_auth_override(auth.map_err(|error| invalid(&error))?);
        }
        if let Some(group) = &order.log_group {
            let logs = CloudWatchLogsConfig::builder().status(LogsConfigStatusType::Enabled).group_name(group).build();
            let logs = LogsConfig::builder().cloud_watch_logs(logs.map_err(|error| invalid(&error))?).build();
            request = request.logs_config_override(logs);
        }
        for variable in &order.env {
            request = request.environment_variables_override(environment_variable(variable).map_err(|error| invalid(&error))?);
        }
        let answer = once(OPERATION, request.send()).await?;
        let build = answer.build_value.as_ref().ok_or_else(|| AwsError::local(Class::Transient, OPERATION, "the answer has no build"))?;
        Ok(snapshot(build))
    }

    /// Stops a build. A build that has ended already stays as it is.
    pub async fn stop(&self, id: &str) -> Result<(), AwsError> {
        let request = self.client.stop_build().id(id);
        call("codebuild.StopBuild", || request.clone().send()).await.map(|_| ())
    }

    /// A page of a project's builds. No sort order is sent: AWS refuses one for long histories, and the default is the newest first.
    pub async fn list(&self, project: &str, token: Option<String>) -> Result<Page, AwsError> {
        let request = self.client.list_builds_for_project().project_name(project).set_next_token(token);
        let answer = call(LIST, || request.clone().send()).await?;
        if answer.ids.is_none() && answer.request_id().is_none() {
            let foreign = "the answer has neither builds nor a request's id: it is not CodeBuild that answers; check AWS_ENDPOINT_URL";
            return Err(AwsError::local(Class::Transient, LIST, foreign));
        }
        Ok(Page { ids: answer.ids.unwrap_or_default(), next: answer.next_token })
    }

    /// Up to [`BATCH`] builds by id, without those that CodeBuild does not know.
    ///
    /// # Errors
    /// The call failed, or its answer does not mention one of the ids.
    pub async fn get(&self, ids: &[impl AsRef<str>]) -> Result<Vec<Build>, AwsError> {
        let looks = self.look(ids).await?;
        looks.into_iter().filter_map(Result::transpose).collect()
    }

    /// Reads up to [`BATCH`] builds by id. `None`: CodeBuild does not know the build (yet).
    pub(super) async fn look(&self, ids: &[impl AsRef<str>]) -> Result<Vec<Result<Option<Build>, AwsError>>, AwsError> {
        const OPERATION: &str = "codebuild.BatchGetBuilds";
        let request = self.client.batch_get_builds().set_ids(Some(ids.iter().map(|id| id.as_ref().to_owned()).collect()));
        let answer = call(OPERATION, || request.clone().send()).await?;
        let builds = answer.builds.unwrap_or_default();
        let builds: HashMap<&str, &types::Build> = builds.iter().filter_map(|build| Some((build.id()?, build))).collect();
        let not_found: HashSet<String> = answer.builds_not_found.unwrap_or_default().into_iter().collect();
        let look = |id: &str| match builds.get(id) {
            Some(build) => Ok(Some(snapshot(build))),
            None if not_found.contains(id) => Ok(None),
            None => Err(unnamed(OPERATION)),
        };
        Ok(ids.iter().map(|id| look(id.as_ref())).collect())
    }
}

/// Status reads by build id. `None`: CodeBuild does not know the build (yet).
#[derive(Debug)]
pub struct Statuses(pub Builds);

impl Batch for Statuses {
    type Item = Arc<str>;
    type Reply = Option<Arc<Build>>;
    const NAME: &'static str = "codebuild.BatchGetBuilds";
    const MAX: usize = BATCH;

    async fn send(&self, ids: Vec<Arc<str>>) -> Vec<Result<Self::Reply, AwsError>> {
        // Two callers may ask for the same build.
        let unique: Vec<Arc<str>> = ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        match self.0.look(&unique).await {
            Err(error) => vec![Err(error); ids.len()],
            Ok(looks) => {
                let looks = looks.into_iter().map(|look| look.map(|build| build.map(Arc::new)));
                let looks: HashMap<_, _> = unique.iter().zip(looks).collect();
                ids.iter().map(|id| looks.get(id).cloned().unwrap_or_else(|| Err(unnamed(Self::NAME)))).collect()
            }
        }
    }
}

fn minutes(minutes: u32) -> i32 {
    i32::try_from(minutes).unwrap_or(i32::MAX)
}

fn environment_variable(variable: &Variable) -> Result<EnvironmentVariable, aws_sdk_codebuild::error::BuildError> {
    let kind = match variable.kind {
        VariableKind::Plaintext => EnvironmentVariableType::Plaintext,
        VariableKind::ParameterStore => EnvironmentVariableType::ParameterStore,
        VariableKind::SecretsManager => EnvironmentVariableType::SecretsManager,
    };
    EnvironmentVariable::builder().name(&variable.name).value(&variable.value).r#type(kind).build()
}

fn snapshot(build: &types::Build) -> Build {
    let variables = build.environment().map(types::ProjectEnvironment::environment_variables).unwrap_or_default();
    let variable = |name| variables.iter().find(|variable| variable.name == name).map(|variable| variable.value.as_str());
    let is_plain =
        |variable: &&EnvironmentVariable| variable.r#type.as_ref().is_none_or(|kind| *kind == EnvironmentVariableType::Plaintext);
    let plain: Vec<_> = variables.iter().filter(is_plain).map(|variable| (variable.name.as_str(), variable.value.as_str())).collect();
    let exported = build.exported_environment_variables().iter();
    Build {
        id: build.id().unwrap_or_default().into(),
        arn: Arn::of(build.arn().unwrap_or_default(), build.id().unwrap_or_default()),
        number: build.build_number(),
        project: Word::of_account(build.project_name().unwrap_or_default()),
        status: build.build_status().map(|status| status.as_str().into()).unwrap_or_default(),
        complete: build.build_complete(),
        current_phase: build.current_phase().map(Word::from),
        phases: build.phases().iter().map(phase).collect(),
        started: build.start_time().and_then(moment),
        ended: build.end_time().and_then(moment),
        commit: build.resolved_source_version().map(str::to_owned),
        requested_images: variable(IMAGES_VARIABLE).filter(|images| *images != "[]").map(Into::into),
        is_operators: variable(ENV_VARIABLE).is_some(),
        artifacts: build.artifacts().and_then(artifacts).map(Box::new),
        exported: exported.filter_map(|it| Some((it.name()?.to_owned(), it.value()?.to_owned()))).collect(),
        log: build.logs().and_then(log_location),
        job: variable(JOB_ID_VARIABLE).and_then(|id| JobId::parse(id).ok()),
        attempt: variable(ATTEMPT_VARIABLE).and_then(|attempt| attempt.parse().ok()),
        tenant: variable(TENANT_VARIABLE).and_then(|tenant| Tenant::parse(tenant).ok()),
        profile: variable(PROFILE_VARIABLE).map(str::to_owned),
        group: variable(GROUP_VARIABLE).map(str::to_owned),
        record: variable(RECORD_VARIABLE).and_then(Record::parse),
        secrets: secret::of_variables(&plain),
    }
}

fn phase(phase: &types::BuildPhase) -> Phase {
    let context = |context: &types::PhaseContext| Context {
        code: context.status_code().unwrap_or_default().to_owned(),
        message: context.message().unwrap_or_default().to_owned(),
    };
    Phase {
        name: phase.phase_type().map(|kind| kind.as_str().into()).unwrap_or_default(),
        status: phase.phase_status().map(|status| status.as_str().into()),
        started: phase.start_time().and_then(moment),
        ended: phase.end_time().and_then(moment),
        contexts: phase.contexts().iter().map(context).filter(|context| !context.code.is_empty() || !context.message.is_empty()).collect(),
    }
}

fn artifacts(artifacts: &types::BuildArtifacts) -> Option<Artifacts> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Artifacts { location: text(artifacts.location())?, sha256: text(artifacts.sha256_sum()) })
}

/// The log's location. Before PROVISIONING its names are absent, or the literal `null`.
fn log_location(logs: &types::LogsLocation) -> Option<LogLocation> {
    let known = |name: Option<&str>| name.filter(|name| !name.is_empty() && *name != "null").map(str::to_owned);
    Some(LogLocation {
        group: Word::of_account(&known(logs.group_name())?),
        stream: known(logs.stream_name())?,
        url: logs.deep_link().filter(|link| !link.contains("null")).map(str::to_owned),
    })
}

fn moment(time: &DateTime) -> Option<Moment> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok().map(Moment::nearest)
}
