resource "yandex_logging_group" "logs" {
  name             = var.prefix
  folder_id        = var.folder_id
  retention_period = "${var.log_retention_hours}h"
}
