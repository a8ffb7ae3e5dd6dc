import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { projectId } from "../../../core/ids.ts";
import type { Exposure } from "../../../core/units/exposure.ts";
import type { Entry } from "../../../core/units/ledger.ts";
import {
  UsageService,
  type EntrySchema,
  type ExposureSchema,
} from "../../../gen/orrery/v1/usage_service_pb.ts";
import { scanEntries } from "../../../records/account-record.ts";
import { projectUsage } from "../../../usecases/project-usage.ts";
import { readPage } from "../../../usecases/read-page.ts";
import type { ApiServices } from "../../api-services.ts";
import { serve, type ServedService } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";

const PAGE = "entries";

export function usageService(services: ApiServices): ServedService {
  return serve(UsageService, {
    get: async ({ project }) => {
      const usage = await projectUsage(services, projectId(project));
      const { unitsPerHour, unitsPerExecution, concurrentRuns } = usage.limits;
      return {
        project: usage.project,
        ...units("unitsPerHour", unitsPerHour),
        ...units("unitsPerExecution", unitsPerExecution),
        ...units("concurrentRuns", concurrentRuns),
        ...units("balance", usage.balance),
        heldUnits: BigInt(usage.heldUnits),
        runningAttempts: BigInt(usage.runningAttempts),
        spentLastHourUnits: BigInt(usage.spentLastHourUnits),
        unanswered: usage.unanswered ?? "",
        ...(usage.exposure === undefined ? {} : { exposure: exposureMessage(usage.exposure) }),
      };
    },
    listEntries: async (request) => {
      const project = projectId(request.project);
      const size = pageSize(request.pageSize);
      const after = placeIn(request.pageToken);
      const { items, next } = await services.store.snapshot(
        async (reader) =>
          await readPage<Entry, number>({
            size,
            after,
            scan: async (page) =>
              await scanEntries(reader, project, { ...page, newestFirst: true }),
            keyOf: ({ seq }) => seq,
          }),
      );
      return {
        entries: items.map(entryMessage),
        nextPageToken: encodePageToken(PAGE, next === undefined ? undefined : [next]),
      };
    },
  });
}

function exposureMessage(exposure: Exposure): MessageInitShape<typeof ExposureSchema> {
  const { lookedAt, untoldUnits, elsewhereUnits } = exposure;
  return {
    lookedAt: timestampFromMs(lookedAt),
    untoldUnits: BigInt(untoldUnits),
    ...units("elsewhereUnits", elsewhereUnits),
  };
}

/** The number of the last entry seen. */
function placeIn(token: string): number | undefined {
  const place = decodePageToken(PAGE, token);
  if (place === undefined) return undefined;
  const [seq] = place;
  if (typeof seq !== "number") throw wrongPageToken();
  return seq;
}

function entryMessage(entry: Entry): MessageInitShape<typeof EntrySchema> {
  const { seq, at, kind, reason, heldAfter, balanceAfter } = entry;
  return {
    seq: BigInt(seq),
    at: timestampFromMs(at),
    kind,
    ...units("units", entry.units ?? undefined),
    reason,
    reservation: "reservation" in entry ? (entry.reservation ?? "") : "",
    heldAfter: BigInt(heldAfter),
    ...units("balanceAfter", balanceAfter),
  };
}

/** An optional number as an optional int64 field. */
function units<const Name extends string>(
  name: Name,
  value: number | undefined,
): { readonly [K in Name]?: bigint } {
  return value === undefined ? {} : ({ [name]: BigInt(value) } as { [K in Name]: bigint });
}
