# ---- Everywhere

variable "name" {
  description = "What the names of all resources begin with, and the name of the CodeBuild project."
  type        = string
  default     = "slipway"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,31}$", var.name))
    error_message = "name must be 2 to 32 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "tags" {
  description = "Tags for every resource that takes tags."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the builds' logs and the daemon's."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the times that CloudWatch knows, such as 7, 30, 90 or 365."
  }
}

# ---- What jobs may do: the profile `default`

variable "sources" {
  description = "Patterns of the source URLs that jobs may name, such as https://github.com/acme/*."
  type        = list(string)

  validation {
    condition     = length(var.sources) > 0
    error_message = "sources must have at least one pattern, such as https://github.com/acme/*."
  }

  validation {
    condition     = alltrue([for source in var.sources : can(regex("^(https|s3)://[^\\s\"\\\\/]+/[^\\s\"\\\\]+$", source))])
    error_message = "Each of sources must be https://HOST/PATH or s3://BUCKET/KEY; * may stand in what follows the host."
  }
}

variable "running" {
  description = "Builds at once: no more than the account's quota on concurrent builds of this compute type allows."
  type        = number
  default     = 10

  validation {
    condition     = var.running >= 1 && var.running <= 100000 && floor(var.running) == var.running
    error_message = "running must be a whole number from 1 to 100000."
  }
}

variable "per_tenant" {
  description = "Builds at once for one tenant, at most `running`; left out: as many as that."
  type        = number
  default     = null

  validation {
    condition     = var.per_tenant == null ? true : var.per_tenant >= 1 && floor(var.per_tenant) == var.per_tenant
    error_message = "per_tenant must be a whole number from 1, or left out."
  }
}

variable "timeout_minutes" {
  description = "The longest that a build may take, and what it gets when its job names no time."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout_minutes >= 5 && var.timeout_minutes <= 2160
    error_message = "timeout_minutes must be 5 to 2160, CodeBuild's limits."
  }
}

variable "events" {
  description = "Which events the topic gets."
  type        = list(string)
  default     = ["started", "finished", "rejected"]

  validation {
    condition     = length(setsubtract(var.events, ["queued", "started", "finished", "rejected"])) == 0
    error_message = "events must be among queued, started, finished and rejected."
  }
}

variable "build_environment" {
  description = "Variables for every build, by which the central buildspec is told of Docker Hub or of a git host. Those of type SECRETS_MANAGER and PARAMETER_STORE name a secret or a parameter, whose ARN belongs in `secret_arns` or `parameter_arns`."
  type = list(object({
    name  = string
    value = string
    type  = optional(string, "PLAINTEXT")
  }))
  default = []

  validation {
    condition     = alltrue([for variable in var.build_environment : contains(["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"], variable.type)])
    error_message = "The type of each of build_environment must be PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER."
  }
}

variable "more_limits" {
  description = "More keys of [limits], such as { waiting_bytes = \"256MiB\" }."
  type        = any
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.more_limits : can(regex("^[a-z_]+$", key)) && can(tostring(value)) && !contains(["running", "per_tenant"], key)
    ])
    error_message = "Each of more_limits must be a key of [limits] with a text or a number, and none that has an input of its own: running, per_tenant."
  }
}

variable "more_profile" {
  description = "More keys of the profile `default`, such as { revisions = [\"main\"], secrets = [\"{tenant}/*\"], images_buildspec = \"central\" }; tables go into more_config."
  type        = any
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.more_profile : can(regex("^[a-z_]+$", key)) && (can(tostring(value)) || can(tolist(value)))
      && !contains(["project", "registry", "sources", "timeout_minutes", "log_group"], key)
    ])
    error_message = "Each of more_profile must be a key of a profile with a text, a number, a boolean or a list, and none that the module sets: project, registry, sources, timeout_minutes, log_group."
  }
}

variable "profiles" {
  description = "Further profiles of the same project by name, each with `sources` and whatever else of config/slipway.toml, such as { nightly = { sources = [\"https://github.com/acme/*\"], timeout_minutes = 480 } }. Project, registry, log group, time limit and build_environment are as in `default` unless said otherwise."
  type        = any
  default     = {}

  validation {
    condition = alltrue([
      for name, profile in var.profiles : can(regex("^[a-z0-9_-]+$", name)) && name != "default" && can(profile.sources)
      && alltrue([for key, value in profile : can(regex("^[a-z_]+$", key)) && (can(tostring(value)) || can(tolist(value)))])
    ])
    error_message = "Each of profiles must have a name of lower-case letters, digits, _ and -, other than default, and be an object with sources; its values are texts, numbers, booleans and lists."
  }
}

variable "more_config" {
  description = "More of the daemon's configuration, as TOML: [[hosts]], [retry], [profiles.default.arm]. See config/slipway.toml."
  type        = string
  default     = ""
}

# ---- The builds: the CodeBuild project and its role

variable "compute_type" {
  description = "The size of a build's machine."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"

  validation {
    condition     = can(regex("^BUILD_[A-Z0-9_]+$", var.compute_type))
    error_message = "compute_type must be one of CodeBuild's names, such as BUILD_GENERAL1_SMALL, BUILD_GENERAL1_MEDIUM or BUILD_GENERAL1_LARGE."
  }
}

variable "environment_type" {
  description = "The kind of a build's machine: LINUX_CONTAINER or ARM_CONTAINER; docker needs a container that may be privileged, which Lambda's are not."
  type        = string
  default     = "LINUX_CONTAINER"

  validation {
    condition     = contains(["LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER"], var.environment_type)
    error_message = "environment_type must be LINUX_CONTAINER, LINUX_GPU_CONTAINER or ARM_CONTAINER."
  }
}

variable "build_image" {
  description = "The image that builds run in; it needs what the header of deploy/buildspec.yml lists."
  type        = string
  default     = "aws/codebuild/standard:7.0"
}

variable "queued_timeout_minutes" {
  description = "How long a build may wait in CodeBuild's own queue."
  type        = number
  default     = 60

  validation {
    condition     = var.queued_timeout_minutes >= 5 && var.queued_timeout_minutes <= 480
    error_message = "queued_timeout_minutes must be 5 to 480, CodeBuild's limits."
  }
}

variable "placeholder_source" {
  description = "What stands as the project's source. Every build overrides it, and nothing ever fetches it."
  type        = string
  default     = "https://github.com/octocat/Hello-World.git"
}

variable "repositories" {
  description = "ECR repositories to make, such as team/app; builds may push to them."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.repositories : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", name)) && length(name) <= 256])
    error_message = "Each of repositories must be a repository's name in lower case, such as team/app."
  }
}

variable "repository_patterns" {
  description = "ECR repositories of this account and region that are made elsewhere and that builds may push to; * stands for any characters, as in team/*."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for pattern in var.repository_patterns : can(regex("^[a-z0-9][a-z0-9._/*-]*$", pattern))])
    error_message = "Each of repository_patterns must begin with a letter or a digit, such as team/*: a pattern for everything is refused."
  }
}

variable "base_repository_arns" {
  description = "ARNs of further ECR repositories that builds may pull base images from."
  type        = set(string)
  default     = []
}

variable "layer_cache" {
  description = "Whether to make a repository that keeps images' layers for the next build."
  type        = bool
  default     = false
}

variable "secret_arns" {
  description = "ARNs of the secrets in Secrets Manager that builds may read: those of jobs' variables, of build_environment and of [[hosts]]."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*].*$", arn))])
    error_message = "Each of secret_arns must be a secret's ARN, with * at most behind the beginning of its name."
  }
}

variable "parameter_arns" {
  description = "ARNs of the parameters in the Parameter Store that builds may read."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.parameter_arns : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[^*].*$", arn))])
    error_message = "Each of parameter_arns must be a parameter's ARN, with * at most behind the beginning of its name."
  }
}

variable "connection_arns" {
  description = "ARNs of the CodeConnections connections that [[hosts]] names."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.connection_arns : can(regex("^arn:[a-z-]+:codeconnections:[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]+$", arn))])
    error_message = "Each of connection_arns must be arn:aws:codeconnections:REGION:ACCOUNT:connection/ID."
  }
}

variable "source_bucket_arns" {
  description = "ARNs of the S3 buckets that jobs' sources come from."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.source_bucket_arns : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]+$", arn))])
    error_message = "Each of source_bucket_arns must be a bucket's ARN, arn:aws:s3:::BUCKET."
  }
}

variable "build_policy_arns" {
  description = "Further policies for the builds' role: what a RUN in a Dockerfile may do with aws_credentials. Every sender of jobs can do it."
  type        = set(string)
  default     = []
}

# ---- The queues

variable "max_receives" {
  description = "After this many receives without an end SQS moves a message to the dead-letter queue. A daemon that dies costs one; a job of over 12 hours too."
  type        = number
  default     = 10

  validation {
    condition     = var.max_receives >= 3 && var.max_receives <= 1000
    error_message = "max_receives must be 3 to 1000: with less, two restarts of the daemon would bury a healthy job."
  }
}

variable "sender_arns" {
  description = "ARNs of roles, users or accounts (arn:aws:iam::ACCOUNT:root) of other accounts that may send jobs, and so do what the builds' role may. Those of this account need the output sender_policy instead."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.sender_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/-]+)$", arn))])
    error_message = "Each of sender_arns must be the ARN of a role, a user or an account, arn:aws:iam::ACCOUNT:role/NAME: a pattern is refused."
  }
}

variable "subscriber_arns" {
  description = "ARNs of roles, users or accounts of other accounts that may subscribe to the topic, and so read every tenant's events."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.subscriber_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/-]+)$", arn))])
    error_message = "Each of subscriber_arns must be the ARN of a role, a user or an account, arn:aws:iam::ACCOUNT:role/NAME: a pattern is refused."
  }
}

# ---- The daemon

variable "image" {
  description = "The daemon's image. Left out: no daemon is deployed here, and the outputs serve one that runs elsewhere."
  type        = string
  default     = null
}

variable "cluster_arn" {
  description = "The ECS cluster that the daemon runs in; left out: one is made."
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Subnets for the daemon: with a way to AWS, through a NAT gateway or VPC endpoints (sqs, sns, codebuild, logs, and for the image ecr.api, ecr.dkr and s3)."
  type        = list(string)
  default     = []
}

variable "security_group_ids" {
  description = "Security groups for the daemon: out to port 443, and nothing in unless its metrics are scraped."
  type        = list(string)
  default     = []
}

variable "assign_public_ip" {
  description = "Whether the daemon gets a public address: needed in a public subnet, where its image cannot be fetched otherwise."
  type        = bool
  default     = false
}

variable "cpu" {
  description = "The daemon's share of a processor, in 1024ths."
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "cpu must be 256, 512, 1024, 2048 or 4096."
  }
}

variable "memory" {
  description = "The daemon's memory in MiB."
  type        = number
  default     = 512

  validation {
    condition     = var.memory >= 512 && var.memory <= 30720
    error_message = "memory must be 512 to 30720 MiB, in the steps that Fargate has for this cpu."
  }
}

variable "cpu_architecture" {
  description = "What the daemon's image is for: X86_64 or ARM64."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "desired_count" {
  description = "1, or 0 to stop taking jobs. The limits are one daemon's: two would build twice as much at once."
  type        = number
  default     = 1

  validation {
    condition     = contains([0, 1], var.desired_count)
    error_message = "desired_count must be 0 or 1: limits.running and the groups hold within one daemon."
  }
}

variable "grace_seconds" {
  description = "How long running builds may still end and be reported when the daemon is replaced; those that run longer are adopted by the next one."
  type        = number
  default     = 90

  validation {
    condition     = var.grace_seconds >= 0 && var.grace_seconds <= 105
    error_message = "grace_seconds must be 0 to 105: Fargate kills after 120, and the last calls need some of it."
  }
}

variable "daemon_environment" {
  description = "More variables for the daemon: SLIPWAY_LOG, or one key of the configuration as in SLIPWAY__HTTP__LISTEN. Where that is beyond the loopback and there is no tokens_secret_arn, health and metrics are served alone."
  type        = map(string)
  default     = {}
}

variable "tokens_secret_arn" {
  description = "ARN of the secret with the tokens of the API and the status page, as {\"read\": \"...\", \"steer\": \"...\"}. Left out: without a token on the loopback, and no API on any other address."
  type        = string
  default     = null

  validation {
    condition     = var.tokens_secret_arn == null ? true : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", var.tokens_secret_arn))
    error_message = "tokens_secret_arn must be a secret's whole ARN, with the six characters at its end, or left out."
  }
}

# ---- Alarms

variable "alarm_actions" {
  description = "What is told when an alarm begins and ends: ARNs of topics, not the one that the module makes."
  type        = list(string)
  default     = []
}

variable "oldest_message_seconds" {
  description = "From which age a message is too old. A job's message lives until its end is published. Left out: three times timeout_minutes, and an hour at least."
  type        = number
  default     = null

  validation {
    condition     = var.oldest_message_seconds == null ? true : var.oldest_message_seconds >= 300
    error_message = "oldest_message_seconds must be at least 300, or left out."
  }
}
