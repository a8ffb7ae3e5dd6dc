import { toBinary, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { NAME_PATTERN, projectId, type ProjectId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import { ProjectSchema } from "../../gen/yandex/cloud/datasphere/v2/project_pb.ts";
import {
  listProjects,
  type ProjectQuery,
  type SeenProject,
} from "../../usecases/projects/list-projects.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { fitPage } from "../fit-page.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../page-token.ts";
import { projectMessage, requireNone, unitsProblems } from "./project-view.ts";

/** What a listing asks for, in either version. */
interface ListRequest extends Pick<ProjectQuery, "community" | "namePattern" | "ownedBy"> {
  readonly pageSize: bigint;
  readonly pageToken: string;
}

const LISTING = "projects";

/** A page of a community's projects and the token of the page behind it. */
export async function listPage(
  services: ApiServices,
  call: Call,
  request: ListRequest,
): Promise<{ readonly projects: readonly SeenProject[]; readonly nextPageToken: string }> {
  const { community, namePattern, ownedBy } = request;
  const page = await listProjects(services, {
    caller: call.caller,
    community,
    namePattern,
    ownedBy,
    size: pageSize(request.pageSize),
    after: placeOf(request.pageToken),
  });
  const { items, next } = fitPage(page, {
    bytesOf: (seen) => toBinary(ProjectSchema, projectMessage(seen)).length,
    keyOf: ({ project }) => project.id,
  });
  return { projects: items, nextPageToken: encodePageToken(LISTING, next && [next]) };
}

function placeOf(token: string): ProjectId | undefined {
  const place = decodePageToken(LISTING, token);
  if (place === undefined) return undefined;
  const id = String(place[0]);
  if (!NAME_PATTERN.test(id)) throw wrongPageToken();
  return projectId(id);
}

/** Metadata that names the project and nothing else, as most operations on projects have it. */
export function metadataOf<M extends Message & { projectId: string }>(
  schema: GenMessage<M>,
): (project: ProjectId) => AnyJson {
  return (project) =>
    anyJson(schema, { projectId: project } as unknown as MessageInitShape<GenMessage<M>>);
}

/** Where a browser opens the project. */
export function projectUrlOf(services: Pick<ApiServices, "publicUrl">, project: string): string {
  return `${services.publicUrl()}/projects/${project}`;
}

/** What may still be spent; absent where there is no balance. */
export function unitBalanceMessage(balance: number | undefined): { readonly unitBalance?: bigint } {
  return balance === undefined ? {} : { unitBalance: BigInt(balance) };
}

/** The balance that a call sets; null removes it. */
export function unitBalanceOf(request: {
  readonly unitBalance?: bigint | undefined;
}): number | null {
  const { unitBalance } = request;
  requireNone(unitsProblems("unit_balance", unitBalance));
  return unitBalance === undefined ? null : Number(unitBalance);
}
