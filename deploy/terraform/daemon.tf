# The daemon on ECS Fargate: one task, which is stopped before the next one starts.

resource "aws_cloudwatch_log_group" "daemon" {
  # checkov:skip=CKV_AWS_158: CloudWatch encrypts it with a key of its own; a key of yours would need a key policy for the service
  # checkov:skip=CKV_AWS_338: how long is an input, and a year of logs is much for most
  count = local.has_daemon ? 1 : 0

  name              = "/slipway/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

locals {
  # Tasks of this account alone may be given the daemon's roles.
  task_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
      }
    }]
  })

  cluster_arn = var.cluster_arn == null ? one(aws_ecs_cluster.this[*].arn) : var.cluster_arn

  # Beyond the loopback the API takes tokens; without them there are health and metrics alone.
  has_tokens  = var.tokens_secret_arn != null
  on_loopback = can(regex("^(127\\.|\\[::1\\])", lookup(var.daemon_environment, "SLIPWAY__HTTP__LISTEN", "127.0.0.1:9090")))
  http_environment = merge(
    { SLIPWAY__HTTP__API = local.on_loopback || local.has_tokens ? "true" : "false" },
    local.has_tokens ? { for kind in local.tokens : "SLIPWAY__HTTP__TOKENS__${upper(kind)}" => "env:SLIPWAY_${upper(kind)}_TOKEN" } : {},
  )
  tokens = ["read", "steer"]

  # It is no secret: secrets are in it by name only. As a variable of the task, a change of it replaces the daemon.
  daemon_environment = merge({
    AWS_REGION          = local.region
    SLIPWAY_CONFIG_TOML = local.config
    SLIPWAY_LOG_FORMAT  = "json"
  }, local.http_environment, var.daemon_environment)

  # ECS reads them when it starts the task: a new token holds from the next start on.
  daemon_secrets = [
    for kind in local.tokens : { name = "SLIPWAY_${upper(kind)}_TOKEN", valueFrom = "${var.tokens_secret_arn}:${kind}::" } if local.has_tokens
  ]
}

# What the daemon itself may do. Made without a daemon too: one that runs elsewhere is given the same policy.
resource "aws_iam_policy" "daemon" {
  name        = "${var.name}-daemon"
  description = "What the Slipway daemon does, and nothing else"
  policy      = local.policies.daemon
  tags        = var.tags
}

resource "aws_iam_role" "daemon" {
  count = local.has_daemon ? 1 : 0

  name               = "${var.name}-daemon"
  description        = "The Slipway daemon"
  assume_role_policy = local.task_trust
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "daemon" {
  count = local.has_daemon ? 1 : 0

  role       = aws_iam_role.daemon[0].name
  policy_arn = aws_iam_policy.daemon.arn
}

# What ECS does for the daemon before it runs: fetch its image, write its log.
resource "aws_iam_role" "execution" {
  count = local.has_daemon ? 1 : 0

  name               = "${var.name}-execution"
  description        = "Starts the Slipway daemon"
  assume_role_policy = local.task_trust
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  count = local.has_daemon ? 1 : 0

  name   = "execution"
  role   = aws_iam_role.execution[0].name
  policy = local.policies.execution
}

resource "aws_ecs_cluster" "this" {
  count = local.has_daemon && var.cluster_arn == null ? 1 : 0

  name = var.name
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "daemon" {
  count = local.has_daemon ? 1 : 0

  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.daemon[0].arn
  execution_role_arn       = aws_iam_role.execution[0].arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  container_definitions = jsonencode([{
    name                   = "slipway"
    image                  = var.image
    command                = ["run"]
    essential              = true
    readonlyRootFilesystem = true
    # The grace period, and what the last calls take after it.
    stopTimeout     = var.grace_seconds + 15
    linuxParameters = { capabilities = { drop = ["ALL"] } }
    healthCheck = {
      command     = ["CMD", "/usr/bin/slipway", "healthcheck"]
      interval    = 30
      timeout     = 10
      startPeriod = 15
      retries     = 3
    }
    environment = [for name in sort(keys(local.daemon_environment)) : { name = name, value = local.daemon_environment[name] }]
    secrets     = local.daemon_secrets
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.daemon[0].name
        awslogs-region        = local.region
        awslogs-stream-prefix = "daemon"
      }
    }
  }])
}

resource "aws_ecs_service" "daemon" {
  count = local.has_daemon ? 1 : 0

  name            = var.name
  cluster         = local.cluster_arn
  task_definition = aws_ecs_task_definition.daemon[0].arn
  desired_count   = var.desired_count
  launch_type     = "FARGATE"
  propagate_tags  = "SERVICE"
  tags            = var.tags

  # First the old one leaves, then the new one comes: two at once would build twice as much as the limits say. Builds go on meanwhile.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
    assign_public_ip = var.assign_public_ip
  }

  lifecycle {
    precondition {
      condition     = length(var.subnet_ids) > 0 && length(var.security_group_ids) > 0
      error_message = "A daemon needs a network: set subnet_ids and security_group_ids, or leave out image."
    }

    precondition {
      condition     = coalesce(var.per_tenant, var.running) <= var.running
      error_message = "per_tenant must be at most running."
    }
  }

  depends_on = [aws_iam_role_policy_attachment.daemon, aws_iam_role_policy.execution]
}
