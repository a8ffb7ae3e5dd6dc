import type { Entry } from "../../shared/core/units/ledger.ts";

/** Units and executions, by the text of the step they fall into or by the spender. */
export type Sums = Readonly<Record<string, readonly [units: number, executions: number]>>;

/** What entries say was spent: each looked at by itself, and times told by how they are written. */
export function spendingByFold(
  entries: readonly Entry[],
  {
    from,
    until,
    step,
  }: { readonly from: string; readonly until: string; readonly step: "hour" | "day" },
): { readonly steps: Sums; readonly schedules: Sums; readonly units: number } {
  const chars = step === "hour" ? "2027-01-15T00".length : "2027-01-15".length;
  const steps = new Map<string, [number, number]>();
  const schedules = new Map<string, [number, number]>();
  let total = 0;
  for (const entry of entries) {
    // An overrun is told by an entry of its own, behind the part that was held.
    const isOverrun = entry.kind === "adjust" && entry.reason === "overrun";
    if (entry.kind !== "settle" && !isOverrun) continue;
    const settled =
      entry.kind === "settle" ? entry : entries.find(({ seq }) => seq === entry.seq - 1);
    if (settled?.kind !== "settle") throw new Error("An overrun follows what was settled");
    const units = entry.kind === "settle" ? entry.units : -entry.units;
    const ended = new Date(Math.min(settled.spend.endAt, settled.at)).toISOString().slice(0, chars);
    if (ended < from.slice(0, chars) || ended > until.slice(0, chars)) continue;
    const [name = ""] = settled.reservation.split(".");
    for (const [sums, key] of [
      [steps, ended],
      [schedules, name.startsWith("_") ? "(callers)" : name],
    ] as const) {
      const sum = sums.get(key) ?? [0, 0];
      sums.set(key, sum);
      sum[0] += units;
      sum[1] += isOverrun ? 0 : 1;
    }
    total += units;
  }
  return {
    steps: Object.fromEntries(steps),
    schedules: Object.fromEntries(schedules),
    units: total,
  };
}
