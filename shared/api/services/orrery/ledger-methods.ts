import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrreryError } from "../../../core/errors.ts";
import { projectId } from "../../../core/ids.ts";
import type { Entry } from "../../../core/units/ledger.ts";
import type { EntrySchema, UsageService } from "../../../gen/orrery/v1/usage_service_pb.ts";
import { scanEntries } from "../../../records/account-record.ts";
import { readPage } from "../../../usecases/read-page.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";
import { units } from "./units-field.ts";

const PAGE = "entries";

export function ledgerMethods(
  services: ApiServices,
): Pick<ServiceHandlers<typeof UsageService>, "listEntries" | "verifyLedger" | "topUp" | "adjust"> {
  return {
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
    verifyLedger: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
    topUp: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
    adjust: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
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
