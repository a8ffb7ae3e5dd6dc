/**
 * Fields whose own rules do not hold for a method, by its name: what a clone leaves out is inherited
 * from its source, so an empty list there is no mistake.
 */
export const INHERITED: Readonly<Record<string, readonly string[]>> = {
  "yandex.cloud.datasphere.v2.jobs.ProjectJobService/Clone": [
    "job_parameters_overrides.cloud_instance_types",
  ],
};
