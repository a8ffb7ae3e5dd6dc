# One dashboard. The provider has no resource for alarms: docs/observability.md lists them. What the
# cloud itself measures of them is here always; what Orrery measures is where it goes to Monium, which
# Monitoring shows.

locals {
  alarms    = try(jsondecode(file("${local.root}/infra/observability/observability.json")).alarms, [])
  in_monium = strcontains(lookup(var.environment, "OTEL_EXPORTER_OTLP_ENDPOINT", ""), "monium")

  own_charts = [
    for alarm in local.alarms : {
      title = "${alarm.name}: ${alarm.promise}"
      unit  = "UNIT_COUNT"
      queries = [join("", [
        "\"${alarm.metric}\"{project=\"folder__${var.folder_id}\", service=\"orrery\"",
        join("", [for label, values in alarm.where : ", ${label}=\"${join("|", values)}\""]),
        "}",
      ])]
    } if local.in_monium
  ]

  folder = "folderId=\"${var.folder_id}\""

  charts = [
    {
      title   = "Messages that wait"
      unit    = "UNIT_COUNT"
      queries = ["\"queue.messages.stored_count\"{${local.folder}, service=\"message-queue\", queue=\"${var.prefix}-*\"}"]
    },
    {
      title   = "Dead letters: anything above zero is an alarm"
      unit    = "UNIT_COUNT"
      queries = ["\"queue.messages.stored_count\"{${local.folder}, service=\"message-queue\", queue=\"${var.prefix}-*-dead\"}"]
    },
    {
      title   = "Age of the oldest message"
      unit    = "UNIT_SECONDS"
      queries = ["\"queue.messages.oldest_age_milliseconds\"{${local.folder}, service=\"message-queue\", queue=\"${var.prefix}-*\"}"]
    },
    {
      title = "Calls that failed or were throttled"
      unit  = "UNIT_COUNT"
      queries = [
        for metric in ["functions_errors", "functions_throttles"] :
        "\"${metric}\"{${local.folder}, service=\"serverless-functions\", resource_id=\"${local.function_ids}\"}"
      ]
    },
    {
      title   = "Longest calls"
      unit    = "UNIT_MILLISECONDS"
      queries = ["\"functions_max_duration\"{${local.folder}, service=\"serverless-functions\", resource_id=\"${local.function_ids}\"}"]
    },
    {
      title   = "Calls at once: a zone allows ${var.quotas.zone_requests}"
      unit    = "UNIT_COUNT"
      queries = ["\"functions_inflight\"{${local.folder}, service=\"serverless-functions\", resource_id=\"${local.function_ids}\"}"]
    },
    {
      title = "Triggers that could not call"
      unit  = "UNIT_COUNT"
      queries = [
        for metric in ["error_per_second", "access_error_per_second"] :
        "\"serverless.triggers.${metric}\"{${local.folder}, service=\"serverless-functions\", trigger=\"${local.trigger_ids}\"}"
      ]
    },
    {
      title   = "Request units a second: the throttle is ${var.database_ru_per_second}"
      unit    = "UNIT_COUNT"
      queries = ["\"api.units.consumed_per_second\"{${local.folder}, service=\"ydb\"}"]
    },
    {
      title   = "Requests to the API by answer"
      unit    = "UNIT_COUNT"
      queries = ["series_sum(\"code\", \"api_gateway.requests_count_per_second\"{${local.folder}, service=\"serverless-apigateway\", gateway=\"${yandex_api_gateway.api.id}\"})"]
    },
  ]

  function_ids = join("|", [for each in yandex_function.function : each.id])
  trigger_ids = join("|", concat(
    [for each in yandex_function_trigger.timer : each.id],
    [for each in yandex_function_trigger.queue : each.id],
    [for each in yandex_function_trigger.objects : each.id],
  ))
}

resource "yandex_monitoring_dashboard" "installation" {
  name      = var.prefix
  title     = "Orrery: ${var.prefix}"
  folder_id = var.folder_id
  labels    = var.labels

  dynamic "widgets" {
    for_each = concat(local.charts, local.own_charts)

    content {
      # Three in a row.
      position {
        x = widgets.key % 3 * 12
        y = floor(widgets.key / 3) * 8
        w = 12
        h = 8
      }

      chart {
        chart_id       = "chart${widgets.key}"
        title          = widgets.value.title
        display_legend = true

        queries {
          dynamic "target" {
            for_each = widgets.value.queries

            content {
              query     = target.value
              text_mode = true
            }
          }
        }

        visualization_settings {
          type = "VISUALIZATION_TYPE_LINE"

          yaxis_settings {
            left {
              min         = "0"
              unit_format = widgets.value.unit
            }
          }
        }
      }
    }
  }
}
