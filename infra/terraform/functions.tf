locals {
  # What a function can have by the variable that holds it.
  values = merge(
    {
      ORRERY_STORE  = yandex_ydb_database_serverless.state.ydb_full_endpoint
      ORRERY_BUCKET = yandex_storage_bucket.files.bucket
    },
    { for key, each in yandex_message_queue.queue : "ORRERY_QUEUE_${upper(key)}" => each.id },
  )

  environments = {
    for key, each in module.manifest.functions : key => merge(
      var.environment,
      var.domain == null ? {} : { ORRERY_PUBLIC_URL = "https://${var.domain.fqdn}" },
      { for name in each.environment : name => local.values[name] },
    )
  }

  # Names and values, those of secrets included, have 4 KB together. The keys that are made here and
  # the API's token have at most 43 characters.
  environment_bytes = {
    for key, each in local.environments : key => sum(concat(
      [0],
      [for name, value in each : length(name) + length(value)],
      [for name in module.manifest.functions[key].secrets : length(name) + 43],
      [for secret in local.user_secrets : length(secret.variable) + var.secret_bytes if secret.function == key],
    ))
  }
}

resource "yandex_function" "function" {
  for_each = module.manifest.functions

  name               = each.value.name
  description        = each.value.description
  folder_id          = var.folder_id
  labels             = var.labels
  runtime            = each.value.runtime
  entrypoint         = each.value.entrypoint
  memory             = each.value.memory
  execution_timeout  = tostring(each.value.timeout)
  service_account_id = yandex_iam_service_account.function[each.key].id
  environment        = local.environments[each.key]
  user_hash          = try(filesha256("${local.root}/${each.value.artifact}"), "not built")

  content {
    zip_filename = "${local.root}/${each.value.artifact}"
  }

  dynamic "secrets" {
    for_each = local.bound_secrets[each.key]

    content {
      id                   = secrets.value.id
      version_id           = secrets.value.version
      key                  = secrets.value.key
      environment_variable = secrets.value.variable
    }
  }

  log_options {
    log_group_id = yandex_logging_group.logs.id
    min_level    = var.log_level
  }

  # The function's token comes with each call, and from the metadata service as GCE has it. The
  # other flavour needs no header, so a request that was forged in its name could read the token.
  metadata_options {
    gce_http_endpoint    = 1
    aws_v1_http_endpoint = 2
  }

  lifecycle {
    precondition {
      condition     = fileexists("${local.root}/${each.value.artifact}")
      error_message = "${each.value.artifact} is not there. Run `npm run build` first."
    }

    precondition {
      condition     = local.environment_bytes[each.key] <= 4096
      error_message = "The environment of ${each.key} may have ${local.environment_bytes[each.key]} bytes, and 4096 are allowed, secrets included. Give fewer secrets or variables, or name the functions that need them."
    }
  }

  # A version reads its secrets as it is made.
  depends_on = [
    yandex_lockbox_secret_iam_member.keys,
    yandex_lockbox_secret_iam_member.api_token,
    yandex_lockbox_secret_iam_member.user,
  ]
}

# Without them one function that is called much takes the calls that the others need.
resource "yandex_function_scaling_policy" "function" {
  for_each = module.manifest.functions

  function_id = yandex_function.function[each.key].id

  policy {
    tag                  = "$latest"
    zone_instances_limit = each.value.zone_requests
    zone_requests_limit  = each.value.zone_requests
  }
}
