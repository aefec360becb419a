//! The inputs of operations: the part of CodeBuild's service model (2016-10-06) that this endpoint supports.

use super::shape::{
    Member,
    Shape::{self, Flag, List, NonEmpty, OneOf, Record, Text, Whole},
    optional, required,
};

/// AWS: the most ids of builds in one call, or on one page.
pub(super) const PAGE: usize = 100;
/// AWS: the longest idempotency token, in characters.
pub(super) const TOKEN_LIMIT: usize = 64;

const ANY: usize = usize::MAX;
/// AWS: the most secondary sources, and the most secondary artifacts.
const SECONDARY: usize = 12;
/// A build's timeout, in minutes: 5 minutes to 36 hours.
const BUILD_TIMEOUT: Shape = Whole(5, 2160);
/// A queued build's timeout, in minutes: 5 minutes to 8 hours.
const QUEUED_TIMEOUT: Shape = Whole(5, 480);
const COUNT: Shape = Whole(0, i32::MAX as i64);
const INTEGER: Shape = Whole(i32::MIN as i64, i32::MAX as i64);

const SOURCE_TYPE: Shape =
    OneOf(&["CODECOMMIT", "CODEPIPELINE", "GITHUB", "GITLAB", "GITLAB_SELF_MANAGED", "S3", "BITBUCKET", "GITHUB_ENTERPRISE", "NO_SOURCE"]);
const ENVIRONMENT_TYPE: Shape = OneOf(&[
    "WINDOWS_CONTAINER",
    "LINUX_CONTAINER",
    "LINUX_GPU_CONTAINER",
    "ARM_CONTAINER",
    "WINDOWS_SERVER_2019_CONTAINER",
    "WINDOWS_SERVER_2022_CONTAINER",
    "LINUX_LAMBDA_CONTAINER",
    "ARM_LAMBDA_CONTAINER",
    "LINUX_EC2",
    "ARM_EC2",
    "WINDOWS_EC2",
    "MAC_ARM",
]);
const COMPUTE_TYPE: Shape = OneOf(&[
    "BUILD_GENERAL1_SMALL",
    "BUILD_GENERAL1_MEDIUM",
    "BUILD_GENERAL1_LARGE",
    "BUILD_GENERAL1_XLARGE",
    "BUILD_GENERAL1_2XLARGE",
    "BUILD_LAMBDA_1GB",
    "BUILD_LAMBDA_2GB",
    "BUILD_LAMBDA_4GB",
    "BUILD_LAMBDA_8GB",
    "BUILD_LAMBDA_10GB",
    "ATTRIBUTE_BASED_COMPUTE",
    "CUSTOM_INSTANCE_TYPE",
]);
const BUCKET_ACCESS: Shape = OneOf(&["NONE", "READ_ONLY", "FULL"]);
const PULL_CREDENTIALS: Shape = OneOf(&["CODEBUILD", "SERVICE_ROLE"]);
const ENABLED: Shape = OneOf(&["ENABLED", "DISABLED"]);

const AUTH: Shape = Record(&[required("type", OneOf(&["OAUTH", "CODECONNECTIONS", "SECRETS_MANAGER"])), optional("resource", Text)]);
const SUBMODULES: Shape = Record(&[required("fetchSubmodules", Flag)]);
const STATUS_CONFIG: Shape = Record(&[optional("context", Text), optional("targetUrl", Text)]);
const SOURCE: Shape = Record(&[
    required("type", SOURCE_TYPE),
    optional("location", Text),
    optional("gitCloneDepth", COUNT),
    optional("gitSubmodulesConfig", SUBMODULES),
    optional("buildspec", Text),
    optional("auth", AUTH),
    optional("reportBuildStatus", Flag),
    optional("buildStatusConfig", STATUS_CONFIG),
    optional("insecureSsl", Flag),
    optional("sourceIdentifier", Text),
]);
const SOURCES: Shape = List(&SOURCE, SECONDARY);
const SOURCE_VERSIONS: Shape = List(&Record(&[required("sourceIdentifier", Text), required("sourceVersion", Text)]), SECONDARY);
const ARTIFACTS: Shape = Record(&[
    required("type", OneOf(&["CODEPIPELINE", "S3", "NO_ARTIFACTS"])),
    optional("location", Text),
    optional("path", Text),
    optional("namespaceType", OneOf(&["NONE", "BUILD_ID"])),
    optional("name", Text),
    optional("packaging", OneOf(&["NONE", "ZIP"])),
    optional("overrideArtifactName", Flag),
    optional("encryptionDisabled", Flag),
    optional("artifactIdentifier", Text),
    optional("bucketOwnerAccess", BUCKET_ACCESS),
]);
const ARTIFACTS_LIST: Shape = List(&ARTIFACTS, SECONDARY);
const CACHE: Shape = Record(&[
    required("type", OneOf(&["NO_CACHE", "S3", "LOCAL"])),
    optional("location", Text),
    optional("modes", List(&OneOf(&["LOCAL_DOCKER_LAYER_CACHE", "LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE"]), ANY)),
    optional("cacheNamespace", Text),
]);
const VARIABLES: Shape = List(
    &Record(&[
        required("name", NonEmpty),
        required("value", Text),
        optional("type", OneOf(&["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"])),
    ]),
    ANY,
);
const REGISTRY: Shape = Record(&[required("credential", NonEmpty), required("credentialProvider", OneOf(&["SECRETS_MANAGER"]))]);
const FLEET: Shape = Record(&[optional("fleetArn", Text)]);
const ENVIRONMENT: Shape = Record(&[
    required("type", ENVIRONMENT_TYPE),
    required("image", NonEmpty),
    required("computeType", COMPUTE_TYPE),
    optional("fleet", FLEET),
    optional("environmentVariables", VARIABLES),
    optional("privilegedMode", Flag),
    optional("certificate", Text),
    optional("registryCredential", REGISTRY),
    optional("imagePullCredentialsType", PULL_CREDENTIALS),
]);
const LOGS: Shape = Record(&[
    optional("cloudWatchLogs", Record(&[required("status", ENABLED), optional("groupName", Text), optional("streamName", Text)])),
    optional(
        "s3Logs",
        Record(&[
            required("status", ENABLED),
            optional("location", Text),
            optional("encryptionDisabled", Flag),
            optional("bucketOwnerAccess", BUCKET_ACCESS),
        ]),
    ),
]);
const TEXTS: Shape = List(&NonEmpty, 16);
const VPC: Shape = Record(&[optional("vpcId", NonEmpty), optional("subnets", TEXTS), optional("securityGroupIds", TEXTS)]);
const TAGS: Shape = List(&Record(&[optional("key", NonEmpty), optional("value", Text)]), 50);

macro_rules! project_members {
    ($need:ident) => {
        &[
            required("name", NonEmpty),
            optional("description", Text),
            $need("source", SOURCE),
            optional("secondarySources", SOURCES),
            optional("sourceVersion", Text),
            optional("secondarySourceVersions", SOURCE_VERSIONS),
            $need("artifacts", ARTIFACTS),
            optional("secondaryArtifacts", ARTIFACTS_LIST),
            optional("cache", CACHE),
            $need("environment", ENVIRONMENT),
            $need("serviceRole", NonEmpty),
            optional("timeoutInMinutes", BUILD_TIMEOUT),
            optional("queuedTimeoutInMinutes", QUEUED_TIMEOUT),
            optional("encryptionKey", NonEmpty),
            optional("tags", TAGS),
            optional("vpcConfig", VPC),
            optional("badgeEnabled", Flag),
            optional("logsConfig", LOGS),
            optional("concurrentBuildLimit", INTEGER),
            optional("autoRetryLimit", COUNT),
        ]
    };
}

/// The input of `CreateProject`.
pub(super) const CREATE_PROJECT: &[Member] = project_members!(required);
/// The input of `UpdateProject`. Members that are left out do not change.
pub(super) const UPDATE_PROJECT: &[Member] = project_members!(optional);

/// The input of `StartBuild`.
pub(super) const START_BUILD: &[Member] = &[
    required("projectName", NonEmpty),
    optional("secondarySourcesOverride", SOURCES),
    optional("secondarySourcesVersionOverride", SOURCE_VERSIONS),
    optional("sourceVersion", Text),
    optional("artifactsOverride", ARTIFACTS),
    optional("secondaryArtifactsOverride", ARTIFACTS_LIST),
    optional("environmentVariablesOverride", VARIABLES),
    optional("sourceTypeOverride", SOURCE_TYPE),
    optional("sourceLocationOverride", Text),
    optional("sourceAuthOverride", AUTH),
    optional("gitCloneDepthOverride", COUNT),
    optional("gitSubmodulesConfigOverride", SUBMODULES),
    optional("buildspecOverride", Text),
    optional("insecureSslOverride", Flag),
    optional("reportBuildStatusOverride", Flag),
    optional("buildStatusConfigOverride", STATUS_CONFIG),
    optional("environmentTypeOverride", ENVIRONMENT_TYPE),
    optional("imageOverride", NonEmpty),
    optional("computeTypeOverride", COMPUTE_TYPE),
    optional("certificateOverride", Text),
    optional("cacheOverride", CACHE),
    optional("serviceRoleOverride", NonEmpty),
    optional("privilegedModeOverride", Flag),
    optional("timeoutInMinutesOverride", BUILD_TIMEOUT),
    optional("queuedTimeoutInMinutesOverride", QUEUED_TIMEOUT),
    optional("encryptionKeyOverride", NonEmpty),
    optional("idempotencyToken", Text),
    optional("logsConfigOverride", LOGS),
    optional("registryCredentialOverride", REGISTRY),
    optional("imagePullCredentialsTypeOverride", PULL_CREDENTIALS),
    optional("fleetOverride", FLEET),
    optional("autoRetryLimitOverride", COUNT),
];

/// The input of `RetryBuild`.
pub(super) const RETRY_BUILD: &[Member] = &[required("id", NonEmpty), optional("idempotencyToken", Text)];
/// The input of `StopBuild`.
pub(super) const STOP_BUILD: &[Member] = &[required("id", NonEmpty)];
/// The input of `BatchGetBuilds` and `BatchDeleteBuilds`.
pub(super) const BUILD_IDS: &[Member] = &[required("ids", List(&NonEmpty, PAGE))];
/// The input of `BatchGetProjects`.
pub(super) const PROJECT_NAMES: &[Member] = &[required("names", List(&NonEmpty, PAGE))];
/// The input of `DeleteProject`.
pub(super) const DELETE_PROJECT: &[Member] = &[required("name", NonEmpty)];

const ORDER: Shape = OneOf(&["ASCENDING", "DESCENDING"]);

/// The input of `ListBuilds`.
pub(super) const LIST_BUILDS: &[Member] = &[optional("sortOrder", ORDER), optional("nextToken", Text)];
/// The input of `ListBuildsForProject`.
pub(super) const LIST_BUILDS_FOR_PROJECT: &[Member] =
    &[required("projectName", NonEmpty), optional("sortOrder", ORDER), optional("nextToken", Text)];
/// The input of `ListProjects`.
pub(super) const LIST_PROJECTS: &[Member] = &[
    optional("sortBy", OneOf(&["NAME", "CREATED_TIME", "LAST_MODIFIED_TIME"])),
    optional("sortOrder", ORDER),
    optional("nextToken", Text),
];
