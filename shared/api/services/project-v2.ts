import type { MessageInitShape } from "@bufbuild/protobuf";
import { ProjectSchema } from "../../gen/yandex/cloud/datasphere/v2/project_pb.ts";
import {
  CreateProjectMetadataSchema,
  DeleteProjectMetadataSchema,
  DiskInfoSchema,
  OpenProjectMetadataSchema,
  ProjectService,
  ResizeProjectDiskMetadataSchema,
  SetUnitBalanceMetadataSchema,
  UpdateProjectMetadataSchema,
  UpdateProjectRequestSchema,
  type CreateProjectRequest,
  type UpdateProjectRequest,
} from "../../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { createProject, type NewProject } from "../../usecases/projects/create-project.ts";
import { deleteProject } from "../../usecases/projects/delete-project.ts";
import { getProject, getUnitBalance } from "../../usecases/projects/list-projects.ts";
import { openProject } from "../../usecases/projects/open-project.ts";
import type { ProjectPresenters } from "../../usecases/projects/project-presenters.ts";
import { resizeDisk, type Disk } from "../../usecases/projects/resize-disk.ts";
import { setUnitBalance } from "../../usecases/projects/set-unit-balance.ts";
import { updateProject, type ProjectUpdate } from "../../usecases/projects/update-project.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { reads, serve, type ServedService, type ServiceHandlers } from "../handlers.ts";
import { EMPTY_RESPONSE } from "../operation-message.ts";
import { updatePaths, withMasked } from "../update-mask.ts";
import { notebookMethods } from "./notebook-methods.ts";
import { viewForCaller } from "./operation-view.ts";
import {
  listPage,
  metadataOf,
  projectUrlOf,
  unitBalanceMessage,
  unitBalanceOf,
} from "./project-calls.ts";
import { projectSharing } from "./project-sharing.ts";
import { fieldsMessage, fieldsOfMessage, projectMessage } from "./project-view.ts";

/** Projects as v2 serves them; methods that concern access, resources and notebooks come along. */
export function projectServiceV2(services: ApiServices): ServedService {
  return serve(ProjectService, {
    ...life(services),
    ...reading(services),
    ...units(services),
    ...projectSharing(services),
    ...notebookMethods(services),
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
      projectMessage,
    ),
    list: async (request, call) => {
      const { projects, nextPageToken } = await listPage(services, call, {
        ...request,
        community: request.communityId,
        namePattern: request.projectNamePattern,
        ownedBy: request.ownedById,
      });
      return { projects: projects.map(projectMessage), nextPageToken };
    },
    getUnitBalance: reads(
      async (reader, { projectId }) => await getUnitBalance(reader, projectId),
      unitBalanceMessage,
    ),
  };
}

function units(services: ApiServices): Pick<Handlers, "setUnitBalance" | "resizeDisk"> {
  const view = viewForCaller(services);
  return {
    setUnitBalance: async (request, call) =>
      await view(
        call,
        setUnitBalance(services, {
          ...call,
          project: request.projectId,
          units: unitBalanceOf(request),
          metadata: metadataOf(SetUnitBalanceMetadataSchema),
          response: EMPTY_RESPONSE,
        }),
      ),
    resizeDisk: async (request, call) =>
      await view(
        call,
        resizeDisk(services, {
          ...call,
          project: request.projectId,
          sizeGb: Number(request.newDiskSizeGb),
          metadata: ({ project, oldSizeGb, newSizeGb }) =>
            anyJson(ResizeProjectDiskMetadataSchema, {
              projectId: project,
              oldDiskSizeGb: BigInt(oldSizeGb),
              newDiskSizeGb: BigInt(newSizeGb),
            }),
          response: (disk) => anyJson(DiskInfoSchema, diskInfo(disk)),
        }),
      ),
  };
}

function newProject(request: CreateProjectRequest, call: Call): NewProject {
  return {
    ...call,
    metadata: metadataOf(CreateProjectMetadataSchema),
    response,
    community: request.communityId,
    unknownCommunity: "refuse",
    fields: fieldsOfMessage(request),
  };
}

const UPDATABLE = ["name", "description", "labels", "settings", "limits"];

function projectUpdate(request: UpdateProjectRequest, call: Call): ProjectUpdate {
  const paths = updatePaths(ProjectSchema, request.updateMask, UPDATABLE);
  const source = { schema: UpdateProjectRequestSchema, message: request };
  return {
    ...call,
    metadata: metadataOf(UpdateProjectMetadataSchema),
    response,
    project: request.projectId,
    change: (current) =>
      fieldsOfMessage(
        withMasked({ schema: ProjectSchema, message: fieldsMessage(current) }, source, paths),
      ),
  };
}

const response: ProjectPresenters["response"] = (project, limits) =>
  anyJson(ProjectSchema, projectMessage({ project, limits }));

/** Nothing but the project's files counts: packages and system are the machine's own here. */
function diskInfo({ project, sizeGb, usedGb }: Disk): MessageInitShape<typeof DiskInfoSchema> {
  return {
    projectId: project,
    diskSizeGb: sizeGb,
    diskUsedGb: usedGb,
    detailedUsage: { userDataGb: usedGb, freeSpaceGb: sizeGb - usedGb },
  };
}
