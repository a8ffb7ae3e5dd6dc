output "gateway_url" {
  description = "Where the API is."
  value       = var.domain == null ? "https://${yandex_api_gateway.api.domain}" : "https://${var.domain.fqdn}"
}

output "database" {
  description = "The database's address, for `orrery migrate --store`."
  value       = yandex_ydb_database_serverless.state.ydb_full_endpoint
}

output "bucket" {
  description = "The bucket that takes config/orrery.yaml and the files of its jobs."
  value       = yandex_storage_bucket.files.bucket
}

output "queue_urls" {
  description = "Queues by name. Other systems send to intake."
  value       = { for key, each in yandex_message_queue.queue : key => each.id }
}

output "dead_letter_urls" {
  description = "Dead-letter queues by name."
  value       = { for key, each in yandex_message_queue.dead_letter : key => each.id }
}

output "function_ids" {
  description = "Functions by name."
  value       = { for key, each in yandex_function.function : key => each.id }

  precondition {
    condition     = length(setsubtract(flatten([for each in var.secrets : coalesce(each.functions, toset([]))]), keys(module.manifest.functions))) == 0
    error_message = "secrets names functions that are not in serverless.yaml: ${join(", ", setsubtract(flatten([for each in var.secrets : coalesce(each.functions, toset([]))]), keys(module.manifest.functions)))}."
  }
}

output "accounts" {
  description = "Service accounts of the functions, for roles that are given elsewhere."
  value       = { for key, each in yandex_iam_service_account.function : key => each.id }
}

output "api_token_secret" {
  description = "The Lockbox secret that holds the API's token under the key `token`."
  value       = yandex_lockbox_secret.api_token.id
}

output "log_group" {
  description = "The log group of the functions and the gateway."
  value       = yandex_logging_group.logs.id
}

output "dashboard" {
  description = "The dashboard in Monitoring."
  value       = yandex_monitoring_dashboard.installation.id
}
