# ---------------------------------------------------------------------------- infra/template.yaml

output "transactions_table_name" {
  value = local.infra["TransactionsTableName"]
}

output "transactions_table_arn" {
  value = local.infra["TransactionsTableArn"]
}

output "customers_table_name" {
  value = local.infra["CustomersTableName"]
}

output "customers_table_arn" {
  value = local.infra["CustomersTableArn"]
}

output "controls_table_name" {
  value = local.infra["ControlsTableName"]
}

output "controls_table_arn" {
  value = local.infra["ControlsTableArn"]
}

output "records_table_name" {
  value = local.infra["RecordsTableName"]
}

output "records_table_arn" {
  value = local.infra["RecordsTableArn"]
}

output "payout_queue_url" {
  value = local.infra["PayoutQueueUrl"]
}

output "payout_queue_arn" {
  value = local.infra["PayoutQueueArn"]
}

output "webhook_queue_url" {
  value = local.infra["WebhookQueueUrl"]
}

output "webhook_queue_arn" {
  value = local.infra["WebhookQueueArn"]
}

output "parked_queue_url" {
  value = local.infra["ParkedQueueUrl"]
}

output "parked_queue_arn" {
  value = local.infra["ParkedQueueArn"]
}

output "customer_data_key_arn" {
  value = local.infra["CustomerDataKeyArn"]
}

output "monoova_secret_environment" {
  value = local.infra["MonoovaSecretEnvironment"]
}

output "sign_in_mfa" {
  value = local.infra["SignInMfa"]
}

output "monoova_secret_arn" {
  value = local.infra["MonoovaSecretArn"]
}

output "user_pool_id" {
  value = local.infra["UserPoolId"]
}

output "user_pool_arn" {
  value = local.infra["UserPoolArn"]
}

output "user_pool_client_id" {
  value = local.infra["UserPoolClientId"]
}

output "sign_in_url" {
  value = local.infra["SignInUrl"]
}

output "artifacts_bucket_name" {
  value = local.infra["ArtifactsBucketName"]
}

output "access_log_arn" {
  value = local.infra["AccessLogArn"]
}

output "function_logs_arn" {
  value = local.infra["FunctionLogsArn"]
}

# ---------------------------------------------------------------------------------------- the app

output "endpoint_url" {
  value = aws_cloudformation_stack.app.outputs["EndpointURL"]
}

output "rest_api_id" {
  value = aws_cloudformation_stack.app.outputs["RestAPIId"]
}

output "api_handler_arn" {
  value = aws_cloudformation_stack.app.outputs["APIHandlerArn"]
}

output "api_handler_name" {
  value = aws_cloudformation_stack.app.outputs["APIHandlerName"]
}

# ------------------------------------------------------------------------------- infra/watch.yaml

output "alerts_topic_arn" {
  value = aws_cloudformation_stack.watch.outputs["AlertsTopicArn"]
}

output "dashboard_name" {
  value = aws_cloudformation_stack.watch.outputs["DashboardName"]
}

# There is none where the stage has no trail.
output "trail_bucket_name" {
  value = lookup(aws_cloudformation_stack.watch.outputs, "TrailBucketName", null)
}
