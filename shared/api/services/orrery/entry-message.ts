import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Entry } from "../../../core/units/ledger.ts";
import type { EntrySchema } from "../../../gen/orrery/v1/usage_service_pb.ts";
import { units } from "./units-field.ts";

/** A line of a ledger as the API shows it. */
export function entryMessage(entry: Entry): MessageInitShape<typeof EntrySchema> {
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
    ...spendFields(entry),
  };
}

function spendFields(entry: Entry): MessageInitShape<typeof EntrySchema> {
  if (entry.kind !== "hold" && entry.kind !== "settle") return {};
  const { startAt, endAt, rate, units: spent } = entry.spend;
  return {
    spendStartAt: timestampFromMs(startAt),
    spendEndAt: timestampFromMs(endAt),
    rate: BigInt(rate),
    // What a hold may spend at most is what it holds.
    ...(entry.kind === "settle" ? { spendUnits: BigInt(spent) } : {}),
  };
}
