variable "folder_id" {
  description = "The folder that everything is made in. Queue roles hold for a whole folder, so give each installation its own."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{20}$", var.folder_id))
    error_message = "folder_id is the id of a folder, 20 letters and digits: `yc resource-manager folder list` shows it."
  }
}

variable "cloud_id" {
  description = "The cloud of the folder; the provider finds it out where it is not given."
  type        = string
  default     = null
}

variable "prefix" {
  description = "What every name begins with."
  type        = string
  default     = "orrery"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.prefix))
    error_message = "prefix has 3 to 30 small letters, digits and hyphens, begins with a letter and does not end with a hyphen."
  }
}

variable "deletion_protection" {
  description = "Whether the database and the secrets refuse to be deleted. Set it to false and apply before a teardown."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of everything that has some."
  type        = map(string)
  default     = {}
}

# Limits

variable "database_ru_per_second" {
  description = "The database's throttle, in request units a second (docs/cost.md). A ceiling: what is billed is what was used."
  type        = number
  default     = 100

  validation {
    condition     = var.database_ru_per_second >= 10 && var.database_ru_per_second <= 100000 && floor(var.database_ru_per_second) == var.database_ru_per_second
    error_message = "database_ru_per_second is a whole number from 10: with less the platform cannot keep up with itself, and 0 stops it."
  }
}

variable "database_storage_gb" {
  description = "The database's ceiling of storage. A database that is full refuses even to delete."
  type        = number
  default     = 50

  validation {
    condition     = var.database_storage_gb >= 1 && floor(var.database_storage_gb) == var.database_storage_gb
    error_message = "database_storage_gb is a whole number of gigabytes, at least 1."
  }
}

variable "bucket" {
  description = "The bucket's name, which nobody else in Object Storage may have; prefix and folder unless given."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, hyphens and dots."
  }
}

variable "bucket_gb" {
  description = "The bucket's ceiling; a bill cannot grow beyond it. 0 is none."
  type        = number
  default     = 100

  validation {
    condition     = var.bucket_gb >= 0
    error_message = "bucket_gb is 0 or more."
  }
}

variable "kept_versions_days" {
  description = "For how many days a version of an object that was replaced or deleted is kept."
  type        = number
  default     = 30

  validation {
    condition     = var.kept_versions_days >= 1 && floor(var.kept_versions_days) == var.kept_versions_days
    error_message = "kept_versions_days is a whole number, at least 1."
  }
}

variable "quotas" {
  description = "What the cloud allows, where it is more than a new cloud has: 10 functions, 100 triggers, 10 calls at once in each zone."
  type = object({
    functions     = optional(number, 10)
    triggers      = optional(number, 100)
    zone_requests = optional(number, 10)
  })
  default = {}
}

variable "zone_requests" {
  description = "Calls at once in each zone by function, instead of the numbers in serverless.yaml."
  type        = map(number)
  default     = {}
}

variable "gateway_requests_per_second" {
  description = "Requests a second that the gateway lets through, instead of the number in serverless.yaml. It is approximate."
  type        = number
  default     = null

  validation {
    condition     = var.gateway_requests_per_second == null || try(var.gateway_requests_per_second >= 2 && floor(var.gateway_requests_per_second) == var.gateway_requests_per_second, false)
    error_message = "gateway_requests_per_second is a whole number, at least 2."
  }
}

# Secrets and environment

variable "secrets" {
  description = "Lockbox secrets by the environment variable that holds them, for what the schedules file names by $${env:NAME}. The functions are those that deliver or run something unless given."
  type = map(object({
    secret_id  = string
    version_id = string
    key        = string
    functions  = optional(set(string))
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name))])
    error_message = "The name of an environment variable has letters, digits and underscores, and begins with a letter."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ORRERY_API_TOKEN"])) == 0
    error_message = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and ORRERY_API_TOKEN are made here and cannot be given."
  }
}

variable "secret_bytes" {
  description = "How long the value of each of these secrets may be; it counts against the 4 KB that a function's environment has."
  type        = number
  default     = 128

  validation {
    condition     = var.secret_bytes >= 1
    error_message = "secret_bytes is at least 1."
  }
}

variable "environment" {
  description = "Further environment variables of every function, none of them secret: OTEL_EXPORTER_OTLP_ENDPOINT, ORRERY_DATASPHERE_ENDPOINT."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name))])
    error_message = "The name of an environment variable has letters, digits and underscores, and begins with a letter."
  }

  validation {
    condition     = alltrue([for name in keys(var.environment) : !can(regex("(?i)(secret|token|password|headers|private|api_?key|access_key)", name))])
    error_message = "What is secret belongs into `secrets`: everybody who may look at a function sees its environment."
  }
}

# The gateway

variable "domain" {
  description = "A domain of yours for the API, with its certificate in Certificate Manager."
  type = object({
    fqdn           = string
    certificate_id = string
  })
  default = null
}

# Telling

variable "log_retention_hours" {
  description = "For how long logs are kept. The default quota is 72 hours."
  type        = number
  default     = 72

  validation {
    condition     = var.log_retention_hours >= 1 && floor(var.log_retention_hours) == var.log_retention_hours
    error_message = "log_retention_hours is a whole number, at least 1."
  }
}

variable "log_level" {
  description = "The least level of a log line that is kept."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level is TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

# DataSphere

variable "datasphere_projects" {
  description = "DataSphere projects that runs are started in, by a name of yours. A role binding is the whole of its role: whoever else is a viewer, a developer or an editor of the project itself and is not named here is none any more. Roles on its community stay."
  type = map(object({
    id               = string
    other_viewers    = set(string)
    other_developers = set(string)
    other_editors    = set(string)
  }))
  default = {}
}

variable "datasphere_community" {
  description = "A DataSphere community to make, with projects; where it is not given, none is made."
  type = object({
    name               = string
    billing_account_id = string
    organization_id    = string
    projects = optional(map(object({
      description             = optional(string, "")
      max_units_per_hour      = number
      max_units_per_execution = number
      balance                 = number
    })), {})
  })
  default = null

  validation {
    condition     = length(setintersection(keys(var.datasphere_projects), keys(try(var.datasphere_community.projects, {})))) == 0
    error_message = "A project that is made here cannot be named in datasphere_projects as well."
  }
}

# Who works with it

variable "operators" {
  description = "Who migrates the schema and looks into the database: subjects such as userAccount:ID. This binding knows no others, so whoever is not named here has the role ydb.editor on the folder or not at all."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.operators : can(regex("^(userAccount|serviceAccount|federatedUser|group):[a-z0-9]+$", each))])
    error_message = "An operator is written as TYPE:ID, with the type userAccount, serviceAccount, federatedUser or group."
  }
}
