# The three stacks of a stage, the same that `make deploy` makes. What they consist of stands in the
# CloudFormation templates and nowhere else: here is only who hands what to whom, in which order.
#
# tests/infra/test_terraform.py holds this against the templates.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  name    = "monoova-payouts-${var.stage}"
  region  = data.aws_region.current.region
  account = data.aws_caller_identity.current.account_id
  package = coalesce(var.package_directory, "${path.module}/../../build/package/${var.stage}")

  # By the name that infra/template.yaml gives it and not by the output, which is unknown while a
  # plan changes the stack. An unknown bucket would replace each object in it by one of the same
  # key, and the removal of the old one would take the new one with it.
  bucket = "${local.name}-artifacts-${local.account}"

  infra_template = file("${path.module}/../template.yaml")
  watch_template = file("${path.module}/../watch.yaml")
  # `make package` writes the address of the code as a text; see tools/deploy/template.py.
  app_template = replace(
    file("${local.package}/template.yaml"),
    "./deployment.zip",
    "s3://${local.bucket}/${aws_s3_object.package.key}",
  )
}

# ------------------------------------------------------------------------------ infrastructure

locals {
  monoova_hosts = {
    live    = "https://api.mpay.com.au"
    sandbox = "https://api.m-pay.com.au"
  }
  # The class that is given, or else by the stage's name; a stage called prod is of no other.
  is_of_class_prod = var.stage_class == "prod" || (var.stage_class == "" && can(regex("^prod(-.*)?$", var.stage)))
  is_live          = var.monoova_environment == "live" || local.is_of_class_prod || var.stage == "prod"

  infra_parameters = {
    Stage                   = var.stage
    PasswordSignIn          = var.password_sign_in
    ConsoleUrls             = var.console_urls
    RequireMfa              = var.require_mfa
    MonoovaEnvironment      = var.monoova_environment
    MonoovaBaseUrl          = var.monoova_base_url
    LogRetentionDays        = var.log_retention_days
    ManageApiGatewayLogging = var.manage_api_gateway_logging
  }
  infra_secrets = {
    MonoovaApiKey        = var.monoova_api_key
    MonoovaWebhookSecret = var.monoova_webhook_secret
  }
}

# on_failure and timeout_in_minutes are left to CloudFormation, in all three: a stack that has once
# been made cannot be given another value, and Terraform would make it anew, tables and all.
resource "aws_cloudformation_stack" "infra" {
  # checkov:skip=CKV_AWS_124:Who wants to be told of its changes names topics in notification_arns.
  name              = "${local.name}-infra"
  template_body     = local.infra_template
  parameters        = merge(local.infra_parameters, local.infra_secrets)
  capabilities      = ["CAPABILITY_IAM"]
  notification_arns = var.notification_arns
  tags              = var.tags

  lifecycle {
    # A stack made anew would meet the tables that the old one has left behind, and fail.
    prevent_destroy = true

    # What a stage that pays with real money is refused with, before anything is made.
    # chalicelib/control/rules/live.py has the table; tests/infra/test_live_rules.py compares.
    precondition {
      condition     = var.monoova_base_url == local.monoova_hosts[var.monoova_environment]
      error_message = "monoova_base_url: sandbox is https://api.m-pay.com.au, live is https://api.mpay.com.au."
    }

    precondition {
      condition     = (var.monoova_environment == "live") == local.is_of_class_prod
      error_message = "monoova_environment: live needs a stage of the class prod, and a stage of the class prod needs live."
    }

    precondition {
      condition     = !local.is_live || !contains(["false"], var.require_mfa)
      error_message = "require_mfa: people sign in with an authenticator app, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains(["operate"], var.users_without_group)
      error_message = "users_without_group: who is in no group may change nothing, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains([""], var.approval_threshold_aud)
      error_message = "approval_threshold_aud: name the amount above which another approves, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains(["off"], var.destination_approval)
      error_message = "destination_approval: another person approves each new destination, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains([""], var.limit_per_day_aud)
      error_message = "limit_per_day_aud: name the most that is paid in a day, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains([""], var.limit_per_customer_aud_per_day)
      error_message = "limit_per_customer_aud_per_day: name the most for one customer in a day, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains([""], var.limit_per_destination_aud_per_day)
      error_message = "limit_per_destination_aud_per_day: name the most for one account in a day, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains([""], var.limit_per_maker_aud_per_day)
      error_message = "limit_per_maker_aud_per_day: name the most that one maker asks for in a day, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains(["", "*"], var.cors_allow_origin)
      error_message = "cors_allow_origin: name the admin app's origin, since the money is real."
    }

    precondition {
      condition     = !local.is_live || !contains([""], var.monoova_source_bsb_field)
      error_message = "monoova_source_bsb_field: name the field that Monoova takes the BSB from, since the money is real."
    }

    postcondition {
      condition     = self.outputs["ArtifactsBucketName"] == local.bucket
      error_message = "infra/template.yaml names its bucket in another way than infra/terraform."
    }
  }
}

# The outputs as they were when the stack was made or last changed, secrets aside. CloudFormation
# says "****" for a secret parameter, which Terraform takes for a change: every plan updates the
# stack (CloudFormation answers that there is nothing to do), and its outputs are unknown. Taken
# from there, they would make every plan change the app too, and hide what really changes.
resource "terraform_data" "infra_outputs" {
  input = aws_cloudformation_stack.infra.outputs
  triggers_replace = [
    aws_cloudformation_stack.infra.id,
    sha256(local.infra_template),
    local.infra_parameters,
  ]

  lifecycle {
    ignore_changes = [input]
  }
}

# ----------------------------------------------------------------------------------- artifacts

resource "aws_s3_object" "package" {
  bucket     = local.bucket
  key        = "${filesha256("${local.package}/functions.zip")}.zip"
  source     = "${local.package}/functions.zip"
  depends_on = [aws_cloudformation_stack.infra]

  lifecycle {
    # The old package goes when the app has the new one: until then CloudFormation may have to go
    # back to it.
    create_before_destroy = true
  }
}

resource "aws_s3_object" "app_template" {
  bucket     = local.bucket
  key        = "${sha256(local.app_template)}.yaml"
  content    = local.app_template
  depends_on = [aws_cloudformation_stack.infra]
}

resource "aws_s3_object" "watch_template" {
  bucket     = local.bucket
  key        = "${sha256(local.watch_template)}.yaml"
  content    = local.watch_template
  depends_on = [aws_cloudformation_stack.infra]
}

# ----------------------------------------------------------------------------------------- app

locals {
  infra = terraform_data.infra_outputs.output

  app_parameters = {
    Stage                        = var.stage
    StageClass                   = var.stage_class
    MonoovaMaccountToken         = var.monoova_maccount_token
    MonoovaSourceBsb             = var.monoova_source_bsb
    MonoovaSourceAccount         = var.monoova_source_account
    MonoovaSourceBsbField        = var.monoova_source_bsb_field
    MonoovaWebhookSignature      = var.monoova_webhook_signature
    MonoovaDuplicates            = var.monoova_duplicates
    RemitterName                 = var.remitter_name
    PayoutLimitAud               = var.payout_limit_aud
    LowBalanceAud                = var.low_balance_aud
    BsbCheck                     = var.bsb_check
    RequireVerifiedDestination   = var.require_verified_destination
    ApprovalThresholdAud         = var.approval_threshold_aud
    DestinationApproval          = var.destination_approval
    DestinationCapAud            = var.destination_cap_aud
    ApprovalWaitHours            = var.approval_wait_hours
    LimitPerCustomerAudPerDay    = var.limit_per_customer_aud_per_day
    LimitPerDestinationAudPerDay = var.limit_per_destination_aud_per_day
    LimitPerMakerAudPerDay       = var.limit_per_maker_aud_per_day
    LimitPerDayAud               = var.limit_per_day_aud
    DuplicateWindowHours         = var.duplicate_window_hours
    ServiceDuplicateWindowHours  = var.service_duplicate_window_hours
    UsersWithoutGroup            = var.users_without_group
    ViewerRoleArns               = var.viewer_role_arns
    OperatorRoleArns             = var.operator_role_arns
    ApproverRoleArns             = var.approver_role_arns
    SamePerson                   = var.same_person
    ApprovalSignInMinutes        = var.approval_sign_in_minutes
    ConsoleIdleMinutes           = var.console_idle_minutes
    PayoutExpiryHours            = var.payout_expiry_hours
    FirstLookSeconds             = var.first_look_seconds
    GraceSeconds                 = var.grace_seconds
    MaxResends                   = var.max_resends
    ReviewAfterHours             = var.review_after_hours
    CorsAllowOrigin              = var.cors_allow_origin
    RequestsPerSecond            = var.requests_per_second
    RequestsInABurst             = var.requests_in_a_burst
    ApiReservedConcurrency       = var.api_reserved_concurrency
    SendingConcurrency           = var.sending_concurrency
    WithFirewall                 = var.with_firewall
    TransactionsTableName        = local.infra["TransactionsTableName"]
    TransactionsTableArn         = local.infra["TransactionsTableArn"]
    CustomersTableName           = local.infra["CustomersTableName"]
    CustomersTableArn            = local.infra["CustomersTableArn"]
    ControlsTableName            = local.infra["ControlsTableName"]
    ControlsTableArn             = local.infra["ControlsTableArn"]
    RecordsTableName             = local.infra["RecordsTableName"]
    RecordsTableArn              = local.infra["RecordsTableArn"]
    PayoutQueueUrl               = local.infra["PayoutQueueUrl"]
    PayoutQueueArn               = local.infra["PayoutQueueArn"]
    WebhookQueueUrl              = local.infra["WebhookQueueUrl"]
    WebhookQueueArn              = local.infra["WebhookQueueArn"]
    ParkedQueueUrl               = local.infra["ParkedQueueUrl"]
    ParkedQueueArn               = local.infra["ParkedQueueArn"]
    CustomerDataKeyArn           = local.infra["CustomerDataKeyArn"]
    MonoovaSecretArn             = local.infra["MonoovaSecretArn"]
    MonoovaSecretEnvironment     = local.infra["MonoovaSecretEnvironment"]
    SignInMfa                    = local.infra["SignInMfa"]
    UserPoolId                   = local.infra["UserPoolId"]
    UserPoolArn                  = local.infra["UserPoolArn"]
    UserPoolClientId             = local.infra["UserPoolClientId"]
    SignInUrl                    = local.infra["SignInUrl"]
    FunctionLogsArn              = local.infra["FunctionLogsArn"]
    AccessLogArn                 = local.infra["AccessLogArn"]
  }
}

resource "aws_cloudformation_stack" "app" {
  # checkov:skip=CKV_AWS_124:Who wants to be told of its changes names topics in notification_arns.
  name              = local.name
  template_url      = "https://${local.bucket}.s3.${local.region}.amazonaws.com/${aws_s3_object.app_template.key}"
  parameters        = local.app_parameters
  capabilities      = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
  notification_arns = var.notification_arns
  tags              = var.tags
}

# ---------------------------------------------------------------------------- what watches both

locals {
  watch_parameters = {
    Stage                   = var.stage
    ApiName                 = var.api_name
    AlertEmail              = var.alert_email
    ApiP95Milliseconds      = var.api_p95_milliseconds
    MonoovaP95Milliseconds  = var.monoova_p95_milliseconds
    OldestOpenPayoutSeconds = var.oldest_open_payout_seconds
    QueueAgeSeconds         = var.queue_age_seconds
    RefusedPerMinute        = var.refused_per_minute
    UnresolvedPerMinute     = var.unresolved_per_minute
    QuietHours              = var.quiet_hours
    WithKey                 = var.with_key
    WithBudgets             = var.with_budgets
    WithAnomalyDetection    = var.with_anomaly_detection
    WithTrail               = var.with_trail
  }
}

resource "aws_cloudformation_stack" "watch" {
  # checkov:skip=CKV_AWS_124:Who wants to be told of its changes names topics in notification_arns.
  name              = "${local.name}-watch"
  template_url      = "https://${local.bucket}.s3.${local.region}.amazonaws.com/${aws_s3_object.watch_template.key}"
  parameters        = local.watch_parameters
  capabilities      = ["CAPABILITY_IAM"]
  notification_arns = var.notification_arns
  tags              = var.tags

  # An alarm on what is not there yet would ring.
  depends_on = [aws_cloudformation_stack.app]
}
