import {
  getOption,
  isMessage,
  type DescMethod,
  type DescService,
  type Message,
} from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { includesRole, type AccessResource } from "../../core/access/access.ts";
import { OrreryError } from "../../core/errors.ts";
import { NAME_PATTERN, operationId, projectId } from "../../core/ids.ts";
import { access } from "../../gen/orrery/options/v1/options_pb.ts";
import { OperationService } from "../../gen/yandex/cloud/operation/operation_service_pb.ts";
import type { Operation } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import type { Provider } from "../../ports/provider.ts";
import { readPassedOperation } from "../../records/passed-operation-record.ts";
import { readOperation } from "../../records/operation-record.ts";
import { heldRoleInProject } from "../../usecases/access/held-role.ts";
import { requireIdle } from "../../usecases/projects/delete-project.ts";
import { requireProject } from "../../usecases/projects/require-project.ts";
import { methodRule, type MethodRule } from "../access-rule.ts";
import { ApiError } from "../api-error.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { Code } from "../code.ts";
import type { ServedService } from "../handlers.ts";
import { passCall } from "./pass-call.ts";
import { shownAnswer, shownOperation } from "./shown-answer.ts";
import { takeOver, takeOverOperation } from "./take-over.ts";

/**
 * The API where DataSphere owns the projects: calls about them pass through, after our pipeline has
 * authenticated, permitted and checked them. What executes stays ours, so that it is admitted first;
 * what cannot pass is refused, and never answered from here as if it had.
 */
export function passThrough(
  services: ApiServices,
  provider: Provider,
  served: readonly ServedService[],
): readonly ServedService[] {
  return served.map((each) => {
    if (each.service === OperationService) return passOperations(services, provider, each);
    if (!isTheirs(each.service)) return each;
    const handlers = Object.fromEntries(
      each.service.methods.map((method) => [
        method.localName,
        handlerOf(services, provider, { method, ours: each.handlers[method.localName] }),
      ]),
    );
    return { service: each.service, handlers };
  });
}

/** Everything of DataSphere but its jobs. */
function isTheirs({ typeName }: DescService): boolean {
  return (
    typeName.startsWith("yandex.cloud.datasphere.") &&
    !typeName.startsWith("yandex.cloud.datasphere.v2.jobs.")
  );
}

/** Notebooks are executed by us, and we alone know what came of them. */
const OURS: readonly string[] = ["execute", "getCellOutputs", "getStateVariables"];

interface Served {
  readonly method: DescMethod;
  readonly ours: unknown;
}

function handlerOf(services: ApiServices, provider: Provider, { method, ours }: Served): unknown {
  if (method.parent.name === "ProjectService" && OURS.includes(method.localName)) return ours;
  switch (method.methodKind) {
    case "unary": {
      const rule = methodRule(method);
      return async (request: Message, call: Call) =>
        await pass(services, provider, { method, rule, request, call });
    }
    case "server_streaming":
      return async function* () {
        await Promise.resolve();
        throw unpassable(method);
      };
    default:
      return async () => await Promise.reject(unpassable(method));
  }
}

function unpassable({ parent, name }: DescMethod): ApiError {
  return new ApiError(
    Code.UNIMPLEMENTED,
    `${parent.typeName}/${name} is a stream, and streams do not pass through to DataSphere: call it at DataSphere itself, or move files with a job's inputs and outputs`,
  );
}

interface Passing {
  readonly method: DescMethod;
  readonly rule: MethodRule;
  readonly request: Message;
  readonly call: Call;
}

async function pass(
  services: ApiServices,
  provider: Provider,
  { method, rule, request, call }: Passing,
): Promise<Message> {
  const { caller } = call;
  const resource = resourceOf(rule, request);
  await requireRoleForAll(services, { method, rule, request, call });
  await requireDeletable(services, method, resource);
  const answer = await passCall(provider, { method, mutates: rule.mutates }, request, call);
  await takeOver(services, { provider, method, caller, request, resource, answer });
  return await shownAnswer(answer, { store: services.store, caller });
}

/** What a call is about, where our rows know such things. */
function resourceOf(rule: MethodRule, request: Message): AccessResource | undefined {
  const demand = rule.demand(request);
  if (!("id" in demand) || !NAME_PATTERN.test(demand.id)) return undefined;
  const { resource, id } = demand;
  if (resource === "project") return { kind: "project", id };
  return resource === "community" || resource === "folder" ? { kind: "community", id } : undefined;
}

/**
 * An update without a mask replaces every field, those too that need a higher role: what it leaves
 * out is reset. The pipeline has seen to the fields that are named.
 */
async function requireRoleForAll(
  { store }: ApiServices,
  { method, rule, request, call }: Passing,
): Promise<void> {
  const { fieldRoles } = getOption(method, access);
  const mask = Object.values(request).find((value) => isMessage(value, FieldMaskSchema));
  const isMasked = mask !== undefined && mask.paths.length > 0;
  const [first] = fieldRoles;
  const demand = rule.demand(request);
  if (first === undefined || isMasked || !("id" in demand) || call.caller.kind === "platform") {
    return;
  }
  const project = await store.snapshot(async (reader) => {
    const found = await requireProject(reader, demand.id);
    return await heldRoleInProject(reader, call.caller, found);
  });
  if (includesRole(project, "admin")) return;
  const { path } = first;
  const description = `An update without a mask resets ${path}, which needs the role admin on project ${demand.id}`;
  throw new OrreryError(
    "PERMISSION_DENIED",
    `${description}; name the fields to change in update_mask`,
    { fields: [{ field: path, description }] },
  );
}

/** DataSphere knows nothing of our schedules, and stops what runs in a project that it deletes. */
async function requireDeletable(
  { store }: ApiServices,
  method: DescMethod,
  resource: AccessResource | undefined,
): Promise<void> {
  if (method.name !== "Delete" || resource?.kind !== "project") return;
  await store.snapshot(async (reader) => {
    await requireIdle(reader, projectId(resource.id));
  });
}

/** Operations of ours are answered here, and all others by the provider. */
function passOperations(
  services: ApiServices,
  provider: Provider,
  { service, handlers }: ServedService,
): ServedService {
  const passed = service.methods.map((method) => {
    const { mutates } = methodRule(method);
    const ours = handlers[method.localName];
    const handler = async (request: Message, call: Call): Promise<unknown> => {
      const { operationId: id } = request as unknown as { readonly operationId: string };
      const known = await services.store.snapshot(async (reader) => ({
        isOurs: (await readOperation(reader, operationId(id))) !== undefined,
        passed: await readPassedOperation(reader, id),
      }));
      if (known.isOurs) return await answerOurs(services, ours, { request, call });
      const answer = (await passCall(provider, { method, mutates }, request, call)) as Operation;
      await takeOverOperation(services, answer);
      return shownOperation(answer, call.caller, known.passed?.startedBy);
    };
    return [method.localName, handler] as const;
  });
  return { service, handlers: Object.fromEntries(passed) };
}

type Handler = (request: Message, call: Call) => Promise<unknown>;
interface Reading {
  readonly read: (reader: unknown, request: Message, call: Call) => Promise<() => unknown>;
}

async function answerOurs(
  { store }: ApiServices,
  ours: unknown,
  { request, call }: { readonly request: Message; readonly call: Call },
): Promise<unknown> {
  if (typeof ours === "function") return await (ours as Handler)(request, call);
  const reading = ours as Reading;
  const tell = await store.snapshot(async (reader) => await reading.read(reader, request, call));
  return await tell();
}
