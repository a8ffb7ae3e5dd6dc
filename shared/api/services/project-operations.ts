import { toBinary } from "@bufbuild/protobuf";
import { callOperationId, projectId, type ProjectId } from "../../core/ids.ts";
import { instant, INSTANT_MAX } from "../../core/time/instant.ts";
import {
  ProjectOperationService,
  type ListOperationsRequest,
} from "../../gen/orrery/v1/platform_service_pb.ts";
import { OperationSchema } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import type { Reader } from "../../ports/store.ts";
import { listOperations, type OperationPlace } from "../../usecases/operations/list-operations.ts";
import type { Page } from "../../usecases/read-page.ts";
import type { ApiServices } from "../api-services.ts";
import { fitPage } from "../fit-page.ts";
import { reads, serve, type ServedService } from "../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../page-token.ts";
import { viewOperation } from "./operation-view.ts";
import { seeOperation, type SeenOperation } from "./seen-operation.ts";

const LISTING = "operations";

/** A project's operations, latest first. */
export function projectOperationService(services: ApiServices): ServedService {
  return serve(ProjectOperationService, {
    list: reads(
      async (reader, request) => await readOperations(reader, request),
      async (page, { caller }) => {
        const items = await Promise.all(
          page.items.map(async (seen) => ({
            place: { createdAt: seen.operation.createdAt, operation: seen.operation.id },
            view: await viewOperation(services, seen, caller),
          })),
        );
        const { items: fitting, next } = fitPage(
          { ...page, items },
          {
            bytesOf: ({ view }) => toBinary(OperationSchema, view).length,
            keyOf: ({ place }): OperationPlace => place,
          },
        );
        return {
          operations: fitting.map(({ view }) => view),
          nextPageToken: encodePageToken(LISTING, next && tokenOf(next, page.project)),
        };
      },
    ),
  });
}

/** A page with what its operations follow, all of one instant. */
async function readOperations(
  reader: Reader,
  request: Pick<ListOperationsRequest, "projectId" | "pageSize" | "pageToken">,
): Promise<Page<SeenOperation, OperationPlace> & { readonly project: ProjectId }> {
  const project = projectId(request.projectId);
  const size = pageSize(request.pageSize);
  const after = placeOf(request.pageToken, project);
  const page = await listOperations(reader, project, { size, after });
  const items = await Promise.all(
    page.items.map(async (operation) => await seeOperation(reader, operation)),
  );
  return { ...page, items, project };
}

/** The project is the same for the whole listing, so its id, which may be long, stays out. */
function tokenOf(
  { createdAt, operation }: OperationPlace,
  project: ProjectId,
): readonly [number, string] {
  return [createdAt, operation.slice(project.length + 1)];
}

function placeOf(token: string, project: ProjectId): OperationPlace | undefined {
  const place = decodePageToken(LISTING, token);
  if (place === undefined) return undefined;
  const [createdAt, tail] = place;
  if (typeof createdAt !== "number" || createdAt < 0 || createdAt > INSTANT_MAX) {
    throw wrongPageToken();
  }
  return { createdAt: instant(createdAt), operation: callOperationId(project, String(tail)) };
}
