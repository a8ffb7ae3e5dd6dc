variable "manifest" {
  description = "The text of serverless.yaml."
  type        = string
}

variable "prefix" {
  description = "What every name begins with."
  type        = string
  default     = "orrery"
}

variable "visibility_margin" {
  description = "Seconds between the longest that a call may take and the moment its messages come back."
  type        = number
  default     = 20
}

variable "quotas" {
  description = "What the cloud allows. The defaults are those of a new cloud."
  type = object({
    functions     = optional(number, 10)
    triggers      = optional(number, 100)
    zone_requests = optional(number, 10)
  })
  default = {}
}

variable "zone_requests" {
  description = "Calls at once in each zone, by function, where the manifest's number is not wanted."
  type        = map(number)
  default     = {}
}
