import {
  create,
  createRegistry,
  fromJson,
  toJson,
  type DescMessage,
  type JsonValue,
  type MessageInitShape,
  type Registry,
} from "@bufbuild/protobuf";
import { AnySchema, anyPack, file_google_protobuf_empty, type Any } from "@bufbuild/protobuf/wkt";
import type { AnyJson } from "../core/json.ts";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { file_google_rpc_status } from "../gen/google/rpc/status_pb.ts";
import { file_orrery_v1_delivery_service } from "../gen/orrery/v1/delivery_service_pb.ts";
import { file_orrery_v1_platform_service } from "../gen/orrery/v1/platform_service_pb.ts";
import { file_orrery_v1_run } from "../gen/orrery/v1/run_pb.ts";
import { file_orrery_v1_run_service } from "../gen/orrery/v1/run_service_pb.ts";
import { file_orrery_v1_schedule_service } from "../gen/orrery/v1/schedule_service_pb.ts";
import { file_orrery_v1_usage_service } from "../gen/orrery/v1/usage_service_pb.ts";
import { file_yandex_cloud_access_access } from "../gen/yandex/cloud/access/access_pb.ts";
import { file_yandex_cloud_datasphere_v1_app_token_service } from "../gen/yandex/cloud/datasphere/v1/app_token_service_pb.ts";
import { file_yandex_cloud_datasphere_v1_folder_budget_service } from "../gen/yandex/cloud/datasphere/v1/folder_budget_service_pb.ts";
import { file_yandex_cloud_datasphere_v1_node_service } from "../gen/yandex/cloud/datasphere/v1/node_service_pb.ts";
import { file_yandex_cloud_datasphere_v1_project_data_service } from "../gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import { file_yandex_cloud_datasphere_v1_project } from "../gen/yandex/cloud/datasphere/v1/project_pb.ts";
import { file_yandex_cloud_datasphere_v1_project_service } from "../gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_community } from "../gen/yandex/cloud/datasphere/v2/community_pb.ts";
import { file_yandex_cloud_datasphere_v2_community_service } from "../gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_dataset } from "../gen/yandex/cloud/datasphere/v2/dataset_pb.ts";
import { file_yandex_cloud_datasphere_v2_dataset_service } from "../gen/yandex/cloud/datasphere/v2/dataset_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_docker_image_service } from "../gen/yandex/cloud/datasphere/v2/docker_image_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_docker_image_v2_service } from "../gen/yandex/cloud/datasphere/v2/docker_image_v2_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_jobs_jobs } from "../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import { file_yandex_cloud_datasphere_v2_jobs_project_job_service } from "../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_project } from "../gen/yandex/cloud/datasphere/v2/project_pb.ts";
import { file_yandex_cloud_datasphere_v2_project_service } from "../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_resource_types } from "../gen/yandex/cloud/datasphere/v2/resource_types_pb.ts";
import { file_yandex_cloud_datasphere_v2_restrictions } from "../gen/yandex/cloud/datasphere/v2/restrictions_pb.ts";
import { file_yandex_cloud_datasphere_v2_s3_service } from "../gen/yandex/cloud/datasphere/v2/s3_service_pb.ts";
import { file_yandex_cloud_datasphere_v2_secret } from "../gen/yandex/cloud/datasphere/v2/secret_pb.ts";
import { file_yandex_cloud_datasphere_v2_user } from "../gen/yandex/cloud/datasphere/v2/user_pb.ts";
import { file_yandex_cloud_operation_operation } from "../gen/yandex/cloud/operation/operation_pb.ts";
import { file_yandex_cloud_operation_operation_service } from "../gen/yandex/cloud/operation/operation_service_pb.ts";

/** Every message that can stand in an `Any`: the JSON form needs to know its fields. */
export const registry: Registry = createRegistry(
  file_google_protobuf_empty,
  file_google_rpc_error_details,
  file_google_rpc_status,
  file_orrery_v1_delivery_service,
  file_orrery_v1_platform_service,
  file_orrery_v1_run,
  file_orrery_v1_run_service,
  file_orrery_v1_schedule_service,
  file_orrery_v1_usage_service,
  file_yandex_cloud_access_access,
  file_yandex_cloud_datasphere_v1_app_token_service,
  file_yandex_cloud_datasphere_v1_folder_budget_service,
  file_yandex_cloud_datasphere_v1_node_service,
  file_yandex_cloud_datasphere_v1_project_data_service,
  file_yandex_cloud_datasphere_v1_project,
  file_yandex_cloud_datasphere_v1_project_service,
  file_yandex_cloud_datasphere_v2_community,
  file_yandex_cloud_datasphere_v2_community_service,
  file_yandex_cloud_datasphere_v2_dataset,
  file_yandex_cloud_datasphere_v2_dataset_service,
  file_yandex_cloud_datasphere_v2_docker_image_service,
  file_yandex_cloud_datasphere_v2_docker_image_v2_service,
  file_yandex_cloud_datasphere_v2_jobs_jobs,
  file_yandex_cloud_datasphere_v2_jobs_project_job_service,
  file_yandex_cloud_datasphere_v2_project,
  file_yandex_cloud_datasphere_v2_project_service,
  file_yandex_cloud_datasphere_v2_resource_types,
  file_yandex_cloud_datasphere_v2_restrictions,
  file_yandex_cloud_datasphere_v2_s3_service,
  file_yandex_cloud_datasphere_v2_secret,
  file_yandex_cloud_datasphere_v2_user,
  file_yandex_cloud_operation_operation,
  file_yandex_cloud_operation_operation_service,
);

/** A message in the JSON form of `Any`, as operations are stored. */
export function anyJson<S extends DescMessage>(schema: S, init: MessageInitShape<S>): AnyJson {
  // The form of `Any` is an object with `@type` for every message; the library's type is any JSON.
  return toJson(AnySchema, anyPack(schema, create(schema, init)), {
    registry,
  }) as unknown as AnyJson;
}

/** The `Any` that was stored as JSON; a field that this program does not know is left out. */
export function anyFromJson(json: AnyJson): Any {
  return fromJson(AnySchema, json as JsonValue, { registry, ignoreUnknownFields: true });
}
