terraform {
  required_version = ">= 1.9.0"

  required_providers {
    yandex = {
      source  = "yandex-cloud/yandex"
      version = ">= 0.222.0, < 1.0.0"
    }
  }
}

# Who deploys is known from the environment: YC_TOKEN, and YC_MESSAGE_QUEUE_ACCESS_KEY with
# YC_MESSAGE_QUEUE_SECRET_KEY for the queues. Nothing of it is written to the state.
provider "yandex" {
  cloud_id  = var.cloud_id
  folder_id = var.folder_id
}
