import { assertNever } from "../assert.ts";
import { limits } from "../limits.ts";
import type { AtLowBalance, ScheduleDefinition } from "../schedule/schedule-definition.ts";
import { formatDurationMs } from "../time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../time/instant.ts";
import { isLow, lowStanding, type Funding, type LowStanding } from "../units/budget-policy.ts";
import type { GateDecision } from "./gate.ts";
import type { Reason } from "./reason.ts";
import { isAdHoc, type Run } from "./run.ts";

/** What decides whether a run goes on while its project is low. */
export interface LowBalanceFacts {
  readonly run: Run;
  readonly now: Instant;
  readonly account: Funding & { readonly project: string };
  /**
   * The nominal time of the schedule's started run that is nearest before this one; read only where
   * `spacingMs` asks for it, and absent where none is near enough to matter.
   */
  readonly lastStartedAt?: Instant;
}

/** The rule that holds for a run: its schedule's own, or the one of its priority. */
function atLowBalance(
  run: Pick<Run, "cause" | "priority">,
  definition: Pick<ScheduleDefinition, "atLowBalance">,
): AtLowBalance {
  // A caller starts it by hand, and DataSphere would run it to the last unit.
  if (isAdHoc(run)) return "run";
  return definition.atLowBalance ?? (run.priority === "critical" ? "run" : "wait");
}

/**
 * How far apart the started runs of a schedule must be while its project is low; undefined where
 * nothing asks for it. It thins out what comes by itself: what a person or a message asks for starts,
 * and so does the next attempt of a run that has started.
 */
export function spacingMs(
  run: Run,
  definition: Pick<ScheduleDefinition, "atLowBalance">,
  account: Funding,
): number | undefined {
  const rule = atLowBalance(run, definition);
  const comesByItself = run.cause.kind === "occurrence" || run.cause.kind === "upstream";
  if (typeof rule !== "object" || !comesByItself || run.attempts.length > 0) return undefined;
  return isLow(account) ? rule.atMostEveryMs : undefined;
}

/** What a low balance decides about a run; undefined where it goes on. */
export function decideAtLowBalance(
  facts: LowBalanceFacts,
  definition: Pick<ScheduleDefinition, "atLowBalance">,
): Exclude<GateDecision, { readonly kind: "open" }> | undefined {
  const standing = lowStanding(facts.account);
  if (standing?.isLow !== true) return undefined;
  const { run, now, account } = facts;
  const text = `Project ${account.project} is low: ${numbers(standing)}`;
  const rule = atLowBalance(run, definition);
  switch (rule) {
    case "run":
      return undefined;
    case "wait": {
      const nextEligibleAt = plusMs(now, limits.waitRecheckMs);
      return {
        kind: "wait",
        reason: low(`${text}; it waits for more`),
        nextEligibleAt,
        cancel: [],
      };
    }
    case "skip":
      return { kind: "conclude", state: "skipped", reason: low(text) };
    default:
      return typeof rule === "object" ? tooSoon(facts, definition, text) : assertNever(rule);
  }
}

function tooSoon(
  { run, account, lastStartedAt }: LowBalanceFacts,
  definition: Pick<ScheduleDefinition, "atLowBalance">,
  text: string,
): Exclude<GateDecision, { readonly kind: "open" }> | undefined {
  const apartMs = spacingMs(run, definition, account);
  if (apartMs === undefined || lastStartedAt === undefined) return undefined;
  if (Math.abs(run.nominalAt - lastStartedAt) >= apartMs) return undefined;
  const every = formatDurationMs(apartMs);
  const reason = low(
    `${text}, so it starts every ${every} at most, and the run of ${formatInstant(lastStartedAt)} has started`,
  );
  return { kind: "conclude", state: "skipped", reason, spacedFrom: lastStartedAt };
}

function low(text: string): Reason {
  return { code: "low_balance", text };
}

function numbers({ balance, lowAtUnits }: LowStanding): string {
  return `${balance} units are left, fewer than ${lowAtUnits}`;
}

/** A line of an explanation: the low mark, and what the schedule does below it. */
export type LowCheck = {
  readonly rule: "low";
  readonly compared: Readonly<Record<string, number>>;
  readonly sentence: string;
} & (
  | { readonly holds: true }
  | {
      readonly holds: false;
      readonly relief: { readonly kind: "topUp"; readonly missingUnits: number };
    }
);

/** Undefined where the project has no low mark, or no balance. */
export function lowCheck(
  facts: LowBalanceFacts,
  definition: Pick<ScheduleDefinition, "atLowBalance">,
): LowCheck | undefined {
  const standing = lowStanding(facts.account);
  if (standing === undefined) return undefined;
  const { balance, lowAtUnits } = standing;
  const told = { rule: "low" as const, compared: { balance, lowAtUnits } };
  if (!standing.isLow) {
    const sentence = `Low: ${balance} units are left, and the project is low below ${lowAtUnits}.`;
    return { ...told, holds: true, sentence };
  }
  const rule = atLowBalance(facts.run, definition);
  const does =
    typeof rule === "object" ? `atMostEvery ${formatDurationMs(rule.atMostEveryMs)}` : rule;
  const sentence = `Low: ${numbers(standing)}; atLowBalance is ${does}.`;
  if (decideAtLowBalance(facts, definition) === undefined)
    return { ...told, holds: true, sentence };
  const relief = { kind: "topUp" as const, missingUnits: lowAtUnits - balance };
  return { ...told, holds: false, sentence, relief };
}
