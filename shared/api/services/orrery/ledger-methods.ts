import { create, toBinary } from "@bufbuild/protobuf";
import { setImmediate } from "node:timers/promises";
import { digest, NAME_PATTERN, projectId } from "../../../core/ids.ts";
import { EntrySchema, type UsageService } from "../../../gen/orrery/v1/usage_service_pb.ts";
import { askedBy } from "../../../usecases/caller-request.ts";
import { listAccounts } from "../../../usecases/ledger/list-accounts.ts";
import { listEntries } from "../../../usecases/ledger/list-entries.ts";
import { postByHand, type HandMovement } from "../../../usecases/ledger/post-by-hand.ts";
import { verifyLedger } from "../../../usecases/ledger/verify-ledger.ts";
import type { ApiServices } from "../../api-services.ts";
import type { Call } from "../../call.ts";
import { fitPage } from "../../fit-page.ts";
import { reads, type ServiceHandlers } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";
import { entryMessage } from "./entry-message.ts";
import { units } from "./units-field.ts";
import { instantOf } from "./wire.ts";

/** A place in one order is none in the other. */
const PAGES = { newestFirst: "entries", oldestFirst: "oldest entries" } as const;
const ACCOUNTS = "accounts";

/** As long as a fresh id: 80 bits. */
const WISH_ID_CHARS = 20;

type Handlers = ServiceHandlers<typeof UsageService>;

export function ledgerMethods(
  services: ApiServices,
): Pick<
  Handlers,
  "listEntries" | "verifyLedger" | "topUp" | "adjust" | "setBalance" | "listAccounts"
> {
  const post = posting(services);
  return {
    ...reading(services),
    topUp: async (request, call) =>
      await post(request, call, { kind: "topUp", units: Number(request.units) }),
    adjust: async (request, call) =>
      await post(request, call, { kind: "adjust", units: Number(request.units) }),
    setBalance: async (request, call) =>
      await post(request, call, {
        kind: "setBalance",
        units: request.units === undefined ? null : Number(request.units),
      }),
  };
}

function reading(
  services: ApiServices,
): Pick<Handlers, "listEntries" | "verifyLedger" | "listAccounts"> {
  return {
    listEntries: reads(
      async (reader, request) => {
        const order = request.oldestFirst ? "oldestFirst" : "newestFirst";
        const page = await listEntries(reader, {
          project: projectId(request.project),
          order,
          from: request.from && instantOf(request.from),
          until: request.until && instantOf(request.until),
          size: pageSize(request.pageSize),
          after: entryIn(PAGES[order], request.pageToken),
        });
        return { order, page } as const;
      },
      ({ order, page }) => {
        const { items, next } = fitPage(page, {
          bytesOf: (entry) =>
            toBinary(EntrySchema, create(EntrySchema, entryMessage(entry))).length,
          keyOf: ({ seq }) => seq,
        });
        return {
          entries: items.map(entryMessage),
          nextPageToken: encodePageToken(PAGES[order], next === undefined ? undefined : [next]),
        };
      },
    ),
    verifyLedger: async ({ project }, { signal }) => {
      const verified = await verifyLedger(services, projectId(project), async () => {
        // A long ledger is read for seconds: others have their turn, and nobody reads for nobody.
        await setImmediate();
        signal.throwIfAborted();
      });
      return {
        project: verified.project,
        entries: BigInt(verified.entries),
        sound: verified.differenceCount === 0,
        differences: [...verified.differences],
        differenceCount: BigInt(verified.differenceCount),
      };
    },
    listAccounts: reads(
      async (reader, request) =>
        await listAccounts(reader, {
          size: pageSize(request.pageSize),
          after: projectIn(request.pageToken),
        }),
      ({ items, next }) => ({
        accounts: items.map(({ project, seq, balance, held }) => ({
          project,
          entries: BigInt(seq),
          ...units("balance", balance),
          heldUnits: BigInt(held),
        })),
        nextPageToken: encodePageToken(ACCOUNTS, next === undefined ? undefined : [next]),
      }),
    ),
  };
}

interface PostRequest {
  readonly project: string;
  readonly reason: string;
  readonly id: string;
}

/** An `Idempotency-Key` is its caller's own: with another caller it means another wish. */
function posting(services: ApiServices) {
  return async ({ project, reason, id }: PostRequest, call: Call, movement: HandMovement) => {
    const { once } = call;
    const keyed = once && digest([once.scope, once.key], WISH_ID_CHARS);
    const { entry, repeated } = await postByHand(services, {
      project: projectId(project),
      movement,
      by: askedBy(call),
      reason: reason.trim(),
      id: id === "" ? keyed : id,
    });
    return { entry: entryMessage(entry), repeated };
  };
}

/** The number of the last entry seen. */
function entryIn(listing: string, token: string): number | undefined {
  const [seq] = decodePageToken(listing, token) ?? [];
  if (seq === undefined) return undefined;
  if (typeof seq !== "number") throw wrongPageToken();
  return seq;
}

function projectIn(token: string): string | undefined {
  const [project] = decodePageToken(ACCOUNTS, token) ?? [];
  if (project === undefined) return undefined;
  if (typeof project !== "string" || !NAME_PATTERN.test(project)) throw wrongPageToken();
  return project;
}
