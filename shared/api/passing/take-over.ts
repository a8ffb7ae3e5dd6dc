import { isMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import { callerId, type AccessResource, type Caller } from "../../core/access/access.ts";
import { applyDeltas, replaceBindings } from "../../core/access/change-bindings.ts";
import { messageOf } from "../../core/errors.ts";
import { communityId, NAME_PATTERN, projectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import {
  SetAccessBindingsRequestSchema,
  UpdateAccessBindingsRequestSchema,
} from "../../gen/yandex/cloud/access/access_pb.ts";
import type { Operation } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import type { Provider } from "../../ports/provider.ts";
import { followProvider } from "../../usecases/provider/follow-provider.ts";
import {
  rememberOperation,
  takeOverBindings,
  takeOverCommunity,
  takeOverDeletion,
  takeOverNewProject,
  takeOverProjects,
} from "../../usecases/provider/passed-change.ts";
import { forgetLook } from "../../usecases/provider/remembered-looks.ts";
import type { ApiServices } from "../api-services.ts";
import { bindingOf, deltaOf } from "../services/access-methods.ts";
import {
  factsOf,
  idIn,
  isCommunity,
  isProject,
  isProjectList,
  unpacked,
} from "./known-messages.ts";
import { isOperation } from "./shown-answer.ts";

/** A call that passed, and what the provider answered. */
export interface Passed {
  readonly provider: Provider;
  readonly method: DescMethod;
  readonly caller: Caller;
  readonly request: Message;
  /** What the call was about, by its method's access rule; absent where that names nothing. */
  readonly resource?: AccessResource | undefined;
  readonly answer: Message;
}

/**
 * Lets our own rows repeat what has come of a call. The provider has done it by now, so nothing of
 * this may fail the call: what cannot be repeated is logged, and mended by the next look.
 */
export async function takeOver(services: ApiServices, passed: Passed): Promise<void> {
  const { answer, caller, resource } = passed;
  if (isProject(answer)) await quietly(services, takeOverProjects(services, known([answer])));
  if (isProjectList(answer)) {
    await quietly(services, takeOverProjects(services, known(answer.projects)));
  }
  if (!isOperation(answer)) {
    await followChange(services, passed);
    return;
  }
  const made = idIn(unpacked(answer.metadata), "communityId");
  const about = resource ?? (made === undefined ? undefined : { kind: "community", id: made });
  const startedBy = callerId(caller);
  await quietly(
    services,
    rememberOperation(services, answer.id, {
      ...(about === undefined ? {} : { resource: about }),
      startedBy,
    }),
  );
  if (answer.result.case === "error") return;
  await quietly(services, takeOverNew(services, passed, answer));
  await quietly(services, takeOverAccess(services, passed));
  await takeOverOperation(services, answer);
  await followChange(services, passed);
}

/** What an operation of the provider has come to, whoever asks how it stands. */
export async function takeOverOperation(
  services: ApiServices,
  operation: Operation,
): Promise<void> {
  if (!operation.done || operation.result.case !== "response") return;
  const response = unpacked(operation.result.value);
  const metadata = unpacked(operation.metadata);
  if (response !== undefined && isProject(response)) {
    await quietly(services, takeOverProjects(services, known([response])));
  }
  if (response !== undefined && isCommunity(response) && NAME_PATTERN.test(response.id)) {
    const { id, name } = response;
    await quietly(services, takeOverCommunity(services, { id: communityId(id), name }));
  }
  const project = idIn(metadata, "projectId");
  // What the operation changed may be what the project may spend: whoever starts next looks anew.
  if (project !== undefined && services.provider !== undefined) {
    forgetLook(services.provider, projectId(project));
  }
  const deleted = deletedIn(metadata);
  if (deleted !== undefined) await quietly(services, takeOverDeletion(services, deleted));
}

function known(projects: readonly Parameters<typeof factsOf>[0][]) {
  return projects.flatMap((project) => factsOf(project) ?? []);
}

/** By its metadata a deletion is told from everything else that answers nothing. */
function deletedIn(metadata: Message | undefined): AccessResource | undefined {
  switch (metadata?.$typeName.split(".").at(-1)) {
    case "DeleteProjectMetadata":
      return resourceOf("project", idIn(metadata, "projectId"));
    case "DeleteCommunityMetadata":
      return resourceOf("community", idIn(metadata, "communityId"));
    default:
      return undefined;
  }
}

function resourceOf(
  kind: AccessResource["kind"],
  id: string | undefined,
): AccessResource | undefined {
  return id === undefined ? undefined : { kind, id };
}

/** A project that is being made has its row at once, so that its maker may go on with it. */
async function takeOverNew(
  services: ApiServices,
  { caller, request, resource }: Passed,
  { metadata: any }: Operation,
): Promise<void> {
  const metadata = unpacked(any);
  const id = idIn(metadata, "projectId");
  const isNew = metadata?.$typeName.endsWith(".CreateProjectMetadata") === true;
  if (!isNew || id === undefined || resource?.kind !== "community") return;
  const name = (request as unknown as { readonly name?: unknown }).name;
  await takeOverNewProject(
    services,
    {
      id: projectId(id),
      community: communityId(resource.id),
      name: typeof name === "string" ? name : "",
    },
    caller,
  );
}

async function takeOverAccess(services: ApiServices, { request, resource }: Passed): Promise<void> {
  if (resource === undefined) return;
  if (isMessage(request, SetAccessBindingsRequestSchema)) {
    const wanted = request.accessBindings.map((binding) => bindingOf(binding));
    await takeOverBindings(services, resource, (before) => replaceBindings(before, wanted));
  }
  if (isMessage(request, UpdateAccessBindingsRequestSchema)) {
    const deltas = request.accessBindingDeltas.map(deltaOf);
    await takeOverBindings(services, resource, (before) => applyDeltas(before, deltas));
  }
}

/** Fields by which a request changes what a project may spend. */
const OF_UNITS = ["limits", "unit_balance"];

/** What a caller may spend from now on is known here before it goes on. */
async function followChange(
  services: ApiServices,
  { provider, method, resource }: Passed,
): Promise<void> {
  const isOfUnits = method.input.fields.some(({ name }) => OF_UNITS.includes(name));
  if (!isOfUnits || resource?.kind !== "project") return;
  const project = projectId(resource.id);
  forgetLook(provider, project);
  await followProvider(services, project, limits.providerFreshMs);
}

async function quietly({ log }: ApiServices, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    log.write({
      level: "warn",
      name: "provider.untold",
      message: `A call passed to DataSphere, and our own rows do not tell of it yet: ${messageOf(error)}`,
      fields: {},
    });
  }
}
