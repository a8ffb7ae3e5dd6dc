# Triggers begin within five minutes of being made. Attempts and intervals are strings here.

resource "yandex_function_trigger" "timer" {
  for_each = module.manifest.timers

  name      = each.value.name
  folder_id = var.folder_id
  labels    = var.labels

  timer {
    cron_expression = each.value.expression
  }

  function {
    id                 = yandex_function.function[each.key].id
    tag                = "$latest"
    service_account_id = yandex_iam_service_account.triggers.id
    retry_attempts     = try(tostring(each.value.retry.attempts), null)
    retry_interval     = try(tostring(each.value.retry.interval), null)
  }

  dynamic "dlq" {
    for_each = each.value.dead_letter == null ? [] : [each.value.dead_letter]

    content {
      queue_id           = yandex_message_queue.dead_letter[dlq.value].arn
      service_account_id = yandex_iam_service_account.triggers.id
    }
  }

  depends_on = [yandex_function_iam_member.triggers, yandex_resourcemanager_folder_iam_member.triggers]
}

# A queue's trigger has no retry and no dead-letter queue: the queue has them.
resource "yandex_function_trigger" "queue" {
  for_each = module.manifest.queue_triggers

  name      = each.value.name
  folder_id = var.folder_id
  labels    = var.labels

  message_queue {
    queue_id           = yandex_message_queue.queue[each.value.queue].arn
    service_account_id = yandex_iam_service_account.triggers.id
    batch_size         = tostring(each.value.batch)
    batch_cutoff       = tostring(each.value.cutoff)
  }

  function {
    id                 = yandex_function.function[each.key].id
    tag                = "$latest"
    service_account_id = yandex_iam_service_account.triggers.id
  }

  depends_on = [yandex_function_iam_member.triggers, yandex_resourcemanager_folder_iam_member.triggers]
}

resource "yandex_function_trigger" "objects" {
  for_each = module.manifest.object_triggers

  name      = each.value.name
  folder_id = var.folder_id
  labels    = var.labels

  object_storage {
    bucket_id    = yandex_storage_bucket.files.bucket
    prefix       = each.value.prefix
    suffix       = each.value.suffix
    create       = contains(each.value.on, "create")
    update       = contains(each.value.on, "update")
    delete       = contains(each.value.on, "delete")
    batch_cutoff = "1"
    batch_size   = "1"
  }

  function {
    id                 = yandex_function.function[each.key].id
    tag                = "$latest"
    service_account_id = yandex_iam_service_account.triggers.id
    retry_attempts     = try(tostring(each.value.retry.attempts), null)
    retry_interval     = try(tostring(each.value.retry.interval), null)
  }

  dynamic "dlq" {
    for_each = each.value.dead_letter == null ? [] : [each.value.dead_letter]

    content {
      queue_id           = yandex_message_queue.dead_letter[dlq.value].arn
      service_account_id = yandex_iam_service_account.triggers.id
    }
  }

  depends_on = [yandex_function_iam_member.triggers, yandex_resourcemanager_folder_iam_member.triggers]
}
