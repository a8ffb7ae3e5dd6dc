resource "yandex_message_queue" "dead_letter" {
  for_each = module.manifest.dead_letters

  name                      = each.value.name
  message_retention_seconds = 1209600 # 14 days, the longest there is
}

resource "yandex_message_queue" "queue" {
  for_each = module.manifest.queues

  name                       = each.value.name
  visibility_timeout_seconds = each.value.visibility
  receive_wait_time_seconds  = 20
  message_retention_seconds  = 345600 # 4 days
  # A trigger drops an event beyond 230 KB without a word. The sender is told instead.
  max_message_size = 204800

  redrive_policy = jsonencode({
    deadLetterTargetArn = yandex_message_queue.dead_letter[each.value.dead_letter].arn
    maxReceiveCount     = each.value.max_receive_count
  })
}
