import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { ProjectSchema as ProjectV1Schema } from "../../gen/yandex/cloud/datasphere/v1/project_pb.ts";
import {
  CreateProjectMetadataSchema,
  CreateProjectRequestSchema,
  DeleteProjectMetadataSchema,
  OpenProjectMetadataSchema,
  ProjectService,
  UpdateProjectMetadataSchema,
  UpdateProjectRequestSchema,
  type CreateProjectRequest,
  type UpdateProjectRequest,
} from "../../gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import { ProjectSchema, type Project } from "../../gen/yandex/cloud/datasphere/v2/project_pb.ts";
import { createProject, type NewProject } from "../../usecases/projects/create-project.ts";
import { deleteProject } from "../../usecases/projects/delete-project.ts";
import { getProject, getUnitBalance } from "../../usecases/projects/list-projects.ts";
import { openProject } from "../../usecases/projects/open-project.ts";
import type { ProjectPresenters } from "../../usecases/projects/project-presenters.ts";
import { setUnitBalance } from "../../usecases/projects/set-unit-balance.ts";
import { updateProject, type ProjectUpdate } from "../../usecases/projects/update-project.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { reads, serve, type ServedService, type ServiceHandlers } from "../handlers.ts";
import { EMPTY_RESPONSE } from "../operation-message.ts";
import { updatePaths, withMasked } from "../update-mask.ts";
import { notebookMethodsV1 } from "./notebook-methods.ts";
import { viewForCaller } from "./operation-view.ts";
import {
  listPage,
  metadataOf,
  projectUrlOf,
  unitBalanceMessage,
  unitBalanceOf,
} from "./project-calls.ts";
import { fieldsMessage, fieldsOfMessage, projectMessageV1 } from "./project-view.ts";

/** Projects as v1 serves them: in folders, which are communities underneath, and without labels. */
export function projectServiceV1(services: ApiServices): ServedService {
  return serve(ProjectService, {
    ...life(services),
    ...reading(services),
    ...notebookMethodsV1(services),
    setUnitBalance: async (request, call) => {
      await setUnitBalance(services, {
        ...call,
        project: request.projectId,
        units: unitBalanceOf(request),
        // v1 answers at once with nothing; the operation is only there for a repeat.
        response: EMPTY_RESPONSE,
      });
      return create(EmptySchema);
    },
  });
}

type Handlers = ServiceHandlers<typeof ProjectService>;

function life(services: ApiServices): Pick<Handlers, "create" | "update" | "delete" | "open"> {
  const view = viewForCaller(services);
  return {
    create: async (request, call) =>
      await view(call, createProject(services, newProject(request, call))),
    update: async (request, call) =>
      await view(call, updateProject(services, projectUpdate(request, call))),
    delete: async ({ projectId }, call) => {
      const metadata = metadataOf(DeleteProjectMetadataSchema);
      return await view(call, deleteProject(services, { ...call, project: projectId, metadata }));
    },
    open: async ({ projectId }, call) => {
      const metadata = metadataOf(OpenProjectMetadataSchema);
      const projectUrl = projectUrlOf(services, projectId);
      return await view(
        call,
        openProject(services, { ...call, project: projectId, projectUrl, metadata }),
      );
    },
  };
}

function reading(services: ApiServices): Pick<Handlers, "get" | "list" | "getUnitBalance"> {
  return {
    get: reads(
      async (reader, { projectId }, { caller }) => await getProject(reader, caller, projectId),
      projectMessageV1,
    ),
    list: async (request, call) => {
      const { projects, nextPageToken } = await listPage(services, call, {
        ...request,
        community: request.folderId,
        namePattern: "",
        ownedBy: "",
      });
      return { projects: projects.map(projectMessageV1), nextPageToken };
    },
    getUnitBalance: reads(
      async (reader, { projectId }) => await getUnitBalance(reader, projectId),
      unitBalanceMessage,
    ),
  };
}

function newProject(request: CreateProjectRequest, call: Call): NewProject {
  return {
    ...call,
    metadata: metadataOf(CreateProjectMetadataSchema),
    response,
    community: request.folderId,
    unknownCommunity: "make",
    fields: fieldsOfMessage(maskedFields(create(ProjectSchema), request, UPDATABLE)),
  };
}

const UPDATABLE = ["name", "description", "settings", "limits"];

/** What v1 calls settings and limits: v2 has more of them, which an update of v1 leaves alone. */
const INSIDE: Readonly<Record<string, readonly string[]>> = {
  settings: [
    "settings.service_account_id",
    "settings.subnet_id",
    "settings.data_proc_cluster_id",
    "settings.security_group_ids",
  ],
  limits: ["limits.max_units_per_hour", "limits.max_units_per_execution"],
};

function projectUpdate(request: UpdateProjectRequest, call: Call): ProjectUpdate {
  const paths = updatePaths(ProjectV1Schema, request.updateMask, UPDATABLE);
  return {
    ...call,
    metadata: metadataOf(UpdateProjectMetadataSchema),
    response,
    project: request.projectId,
    change: (current) => fieldsOfMessage(maskedFields(fieldsMessage(current), request, paths)),
  };
}

/** The fields with those paths as a v1 request has them. */
function maskedFields(
  fields: Project,
  request: CreateProjectRequest | UpdateProjectRequest,
  paths: readonly string[],
): Project {
  const target = { schema: ProjectSchema, message: fields };
  const inside = paths.flatMap((path) => INSIDE[path] ?? [path]);
  return request.$typeName === CreateProjectRequestSchema.typeName
    ? withMasked(target, { schema: CreateProjectRequestSchema, message: request }, inside)
    : withMasked(target, { schema: UpdateProjectRequestSchema, message: request }, inside);
}

const response: ProjectPresenters["response"] = (project, limits) =>
  anyJson(ProjectV1Schema, projectMessageV1({ project, limits }));
