/** What a request names: things that are there, or ids that nobody has. */
export type Names = Readonly<Record<"community" | "project" | "job" | "operation", string>>;

/** How a method of the SDK refuses. */
export interface MethodRefusals {
  /** Every field that a request without anything lacks. */
  readonly lacks: readonly string[];
  /** The request that names what the method is about. */
  readonly naming: (names: Names) => object;
  /** The code for a caller without any role, whether that is there or not. */
  readonly stranger: number;
  /** The code for the platform's own token where that is not there. */
  readonly unknown: number;
}

const OK = 0;
const INVALID = 3;
const NOT_FOUND = 5;
const DENIED = 7;
const UNAUTHENTICATED = 16;

type Naming = MethodRefusals["naming"];
type Exception = Partial<Pick<MethodRefusals, "stranger" | "unknown">>;

const refusals =
  (usual: readonly string[], naming: Naming, codes: Exception) =>
  (more: readonly string[] = [], exception: Exception = {}): MethodRefusals => ({
    lacks: [...usual, ...more],
    naming,
    stranger: DENIED,
    unknown: NOT_FOUND,
    ...codes,
    ...exception,
  });

const inCommunity = refusals(["community_id"], (n) => ({ communityId: n.community }), {});
const inFolder = refusals(["folder_id"], (n) => ({ folderId: n.community }), {});
const onProject = refusals(["project_id"], (n) => ({ projectId: n.project }), {});
const bindingsOf = (kind: "community" | "project"): ReturnType<typeof refusals> =>
  refusals(["resource_id"], (n) => ({ resourceId: n[kind] }), {});
const onBindings = { project: bindingsOf("project"), community: bindingsOf("community") };
const onJob = refusals(["job_id"], (n) => ({ jobId: n.job }), { stranger: NOT_FOUND });
const onOperation = refusals(["operation_id"], (n) => ({ operationId: n.operation }), {
  stranger: NOT_FOUND,
});
const onNothing = refusals([], () => ({}), { stranger: OK, unknown: OK });
const seenOnly = { stranger: OK };

/** Every method that the SDK generates, by its path without `yandex.cloud.`. */
export const METHODS: Readonly<Record<string, MethodRefusals>> = {
  "datasphere.v1.AppTokenService/Validate": onNothing([], {
    stranger: UNAUTHENTICATED,
    unknown: UNAUTHENTICATED,
  }),
  "datasphere.v1.FolderBudgetService/Get": inFolder(),
  // The platform's own call would make the folder, so it is a wrong one.
  "datasphere.v1.FolderBudgetService/Set": refusals(
    ["folder_id"],
    (n) => ({ folderId: n.community, unitBalance: -1 }),
    { unknown: INVALID },
  )(),
  "datasphere.v1.NodeService/Execute": inFolder(),
  "datasphere.v1.NodeService/ExecuteAlias": inFolder(),
  "datasphere.v1.ProjectDataService/DownloadFile": onProject(["file_path"]),
  "datasphere.v1.ProjectDataService/UploadFile": refusals(
    ["metadata.project_id"],
    (n) => ({ metadata: { projectId: n.project, path: "a", sizeBytes: 0 } }),
    {},
  )(),
  "datasphere.v1.ProjectService/Create": refusals(
    ["folder_id"],
    (n) => ({ folderId: n.community, name: "!" }),
    { unknown: INVALID },
  )(),
  "datasphere.v1.ProjectService/Delete": onProject(),
  "datasphere.v1.ProjectService/Execute": onProject(["target"]),
  "datasphere.v1.ProjectService/Get": onProject(),
  "datasphere.v1.ProjectService/GetUnitBalance": onProject(),
  "datasphere.v1.ProjectService/List": inFolder([], seenOnly),
  "datasphere.v1.ProjectService/Open": onProject(),
  "datasphere.v1.ProjectService/SetUnitBalance": onProject(),
  "datasphere.v1.ProjectService/Update": onProject(),
  "datasphere.v2.CommunityService/AddResource": inCommunity(["resource_type", "resource_id"]),
  "datasphere.v2.CommunityService/Create": refusals(["organization_id", "zone_id"], () => ({}), {
    unknown: INVALID,
  })(),
  "datasphere.v2.CommunityService/Delete": inCommunity(),
  "datasphere.v2.CommunityService/Get": inCommunity(),
  "datasphere.v2.CommunityService/GetRestrictions": inCommunity(),
  "datasphere.v2.CommunityService/GetRestrictionsMeta": onNothing(),
  "datasphere.v2.CommunityService/List": refusals(
    ["organization_id"],
    (n) => ({ organizationId: n.community }),
    { stranger: OK, unknown: OK },
  )(),
  "datasphere.v2.CommunityService/ListAccessBindings": onBindings.community(),
  "datasphere.v2.CommunityService/RemoveResource": inCommunity(["resource_type", "resource_id"]),
  "datasphere.v2.CommunityService/SetAccessBindings": onBindings.community(),
  "datasphere.v2.CommunityService/SetRestrictions": inCommunity(),
  "datasphere.v2.CommunityService/Update": inCommunity(),
  "datasphere.v2.CommunityService/UpdateAccessBindings": onBindings.community([
    "access_binding_deltas",
  ]),
  "datasphere.v2.DatasetService/Activate": onProject(["dataset_id"]),
  "datasphere.v2.DatasetService/Deactivate": onProject(["dataset_id"]),
  "datasphere.v2.DockerImageService/Activate": onProject(["docker_id"]),
  "datasphere.v2.ProjectService/AddResource": onProject(["resource_id"]),
  "datasphere.v2.ProjectService/Create": inCommunity(),
  "datasphere.v2.ProjectService/Delete": onProject(),
  "datasphere.v2.ProjectService/Execute": onProject(["target"]),
  "datasphere.v2.ProjectService/Get": onProject(),
  "datasphere.v2.ProjectService/GetRestrictions": onProject(),
  "datasphere.v2.ProjectService/GetRestrictionsMeta": onNothing(),
  "datasphere.v2.ProjectService/GetUnitBalance": onProject(),
  "datasphere.v2.ProjectService/List": inCommunity([], seenOnly),
  "datasphere.v2.ProjectService/ListAccessBindings": onBindings.project(),
  "datasphere.v2.ProjectService/Open": onProject(),
  "datasphere.v2.ProjectService/RemoveResource": onProject(["resource_id"]),
  "datasphere.v2.ProjectService/ResizeDisk": onProject(),
  "datasphere.v2.ProjectService/SetAccessBindings": onBindings.project(),
  "datasphere.v2.ProjectService/SetRestrictions": onProject(),
  "datasphere.v2.ProjectService/SetUnitBalance": onProject(),
  "datasphere.v2.ProjectService/Update": onProject(),
  "datasphere.v2.ProjectService/UpdateAccessBindings": onBindings.project([
    "access_binding_deltas",
  ]),
  "datasphere.v2.S3Service/Activate": onProject(["s3_id"]),
  "datasphere.v2.S3Service/Deactivate": onProject(["s3_id"]),
  "datasphere.v2.jobs.ProjectJobService/Cancel": onJob(),
  "datasphere.v2.jobs.ProjectJobService/Clone": refusals(
    ["source_job_id"],
    (n) => ({ sourceJobId: n.job }),
    { stranger: NOT_FOUND },
  )(),
  "datasphere.v2.jobs.ProjectJobService/Create": onProject(),
  "datasphere.v2.jobs.ProjectJobService/Delete": onJob(),
  "datasphere.v2.jobs.ProjectJobService/DeleteAllData": onProject(),
  "datasphere.v2.jobs.ProjectJobService/DeleteData": onJob(),
  "datasphere.v2.jobs.ProjectJobService/DownloadJobFiles": onJob(["files"]),
  "datasphere.v2.jobs.ProjectJobService/Execute": onJob(),
  "datasphere.v2.jobs.ProjectJobService/Get": onJob(),
  "datasphere.v2.jobs.ProjectJobService/List": onProject(),
  "datasphere.v2.jobs.ProjectJobService/ReadLogs": onJob(),
  "datasphere.v2.jobs.ProjectJobService/ReadStdLogs": onJob(),
  "datasphere.v2.jobs.ProjectJobService/SetDataTtl": onJob(),
  "operation.OperationService/Cancel": onOperation(),
  "operation.OperationService/Get": onOperation(),
};
