import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { formatInstant } from "../shared/core/time/instant.ts";
import type { Entry } from "../shared/gen/orrery/v1/usage_service_pb.ts";
import { required } from "./decoded-run.ts";
import { oneLine } from "./one-line.ts";
import { titles, type Cell } from "./table.ts";

/** An entry of a ledger as programs read it. */
export interface EntryView {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  /** `null` where a balance was taken away. */
  readonly units: number | null;
  readonly attempt?: string;
  readonly reason: string;
  readonly heldAfter: number;
  /** Absent while the project has no balance. */
  readonly balanceAfter?: number;
  /** When the units were, or at most will be, spent; with holds and settlements. */
  readonly spendStartAt?: string;
  readonly spendEndAt?: string;
  readonly rate?: number;
  /** What was really spent; with settlements. */
  readonly spendUnits?: number;
}

export function viewEntry(entry: Entry): EntryView {
  const { kind, units, reason, reservation } = entry;
  return {
    seq: Number(entry.seq),
    at: formatInstant(required(entry.at)),
    kind,
    units: units === undefined ? null : Number(units),
    ...(reservation === "" ? {} : { attempt: reservation }),
    reason,
    heldAfter: Number(entry.heldAfter),
    ...number("balanceAfter", entry.balanceAfter),
    ...instantText("spendStartAt", entry.spendStartAt),
    ...instantText("spendEndAt", entry.spendEndAt),
    ...number("rate", entry.rate),
    ...number("spendUnits", entry.spendUnits),
  };
}

export const ENTRY_TITLES = titles("ENTRY", "AT (UTC)", "KIND", "UNITS", "HELD", "LEFT", "FOR");

/** An entry as a row of a table. */
export function entryRow(entry: Entry): readonly Cell[] {
  const { seq, at, kind, units, attempt, reason, heldAfter, balanceAfter } = viewEntry(entry);
  const why = oneLine(reason);
  return [
    `#${seq}`,
    at,
    kind,
    units === null ? "no limit" : String(units),
    String(heldAfter),
    balanceAfter === undefined ? "-" : String(balanceAfter),
    attempt === undefined ? why : `${attempt} (${why})`,
  ];
}

function number<const Name extends string>(
  name: Name,
  value: bigint | undefined,
): { readonly [K in Name]?: number } {
  return value === undefined ? {} : ({ [name]: Number(value) } as { [K in Name]: number });
}

function instantText<const Name extends string>(
  name: Name,
  at: Timestamp | undefined,
): { readonly [K in Name]?: string } {
  if (at === undefined) return {};
  return { [name]: formatInstant(required(at)) } as { [K in Name]: string };
}
