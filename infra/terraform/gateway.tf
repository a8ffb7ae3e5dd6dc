# `npm run gateway` writes the paths from the API's own description and the routes of serverless.yaml.
module "gateway" {
  source = "./modules/gateway"

  functions           = { for key, each in yandex_function.function : key => each.id }
  account             = yandex_iam_service_account.gateway.id
  requests_per_second = coalesce(var.gateway_requests_per_second, module.manifest.gateway.requests_per_second)
}

resource "yandex_api_gateway" "api" {
  name              = var.prefix
  folder_id         = var.folder_id
  labels            = var.labels
  spec              = module.gateway.spec
  execution_timeout = tostring(max([for each in module.manifest.routes : module.manifest.functions[each.function].timeout]...))

  dynamic "custom_domains" {
    for_each = var.domain == null ? [] : [var.domain]

    content {
      fqdn           = custom_domains.value.fqdn
      certificate_id = custom_domains.value.certificate_id
    }
  }

  log_options {
    log_group_id = yandex_logging_group.logs.id
    min_level    = var.log_level
  }

  depends_on = [yandex_function_iam_member.gateway]
}
