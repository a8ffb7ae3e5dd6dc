import type { AdmissionFacts } from "../run/decide-admission.ts";
import { gate, startDeadlineAt, type GateFacts } from "../run/gate.ts";
import { rankOf } from "../run/priority.ts";
import { mustYield } from "../run/turn.ts";
import type { ScheduleDefinition } from "../schedule/schedule-definition.ts";
import { formatInstant } from "../time/instant.ts";

/** A rule that is checked before units are asked for: the gate's, and the turn. */
export type GateCheck = {
  readonly rule:
    | "configured"
    | "named"
    | "operator"
    | "deadline"
    | "supported"
    | "dependency"
    | "overlap"
    | "turn"
    | "plan";
  readonly compared: Readonly<Record<string, number>>;
  readonly sentence: string;
} & (
  | { readonly holds: true }
  | {
      readonly holds: false;
      readonly relief: { readonly kind: "never" } | { readonly kind: "settlement" };
    }
);

type Rule = GateCheck["rule"];

/** Which facts a rule looks at; all else is taken to hold. */
const LOOKS_AT: Partial<Record<Rule, readonly (keyof GateFacts)[]>> = {
  configured: [],
  named: ["isNamed"],
  operator: ["operator"],
  supported: ["refusal"],
  dependency: ["upstream"],
  overlap: ["others"],
};

/** What each rule says where it holds. */
function saysOf(rule: Rule, facts: AdmissionFacts, definition: ScheduleDefinition): string {
  const { run, others } = facts;
  switch (rule) {
    case "configured":
      return `Configured: schedule ${run.schedule} is.`;
    case "named":
      return `Named: it is due at ${formatInstant(run.effectiveAt)}.`;
    case "operator":
      return "Operator: neither paused nor left out.";
    case "supported":
      return "Supported: its executor can honour the job.";
    case "dependency":
      return definition.after.length === 0
        ? "Dependency: it comes after none."
        : `Dependency: ${definition.after.map((each) => `${each.schedule} ${each.condition}`).join(", ")}.`;
    case "overlap":
      return definition.overlap === "allow"
        ? "Overlap: its runs may overlap."
        : `Overlap: ${others.length} of ${definition.concurrentRuns ?? 1} runs of it wait or run.`;
    default:
      return "";
  }
}

/**
 * Every rule of the gate on its own, by the gate itself, in the order in which they decide; and the
 * turn. Those behind a failed one are checked too.
 */
export function gateChecks(facts: AdmissionFacts): readonly GateCheck[] {
  const { definition } = facts;
  if (definition === undefined) return [checked("configured", facts, undefined)];
  const check = (rule: Rule): GateCheck => checked(rule, facts, definition);
  return [
    ...(["configured", "named", "operator"] as const).map(check),
    deadlineCheck(facts, definition),
    ...(["supported", "dependency", "overlap"] as const).map(check),
  ];
}

function checked(
  rule: Rule,
  facts: AdmissionFacts,
  definition: ScheduleDefinition | undefined,
): GateCheck {
  const decision = gate(onlyBy(rule, facts, definition));
  const compared = comparedOf(rule, facts, definition);
  if (decision.kind === "open") {
    return { rule, holds: true, compared, sentence: saysOf(rule, facts, decision.definition) };
  }
  const title = `${rule.charAt(0).toUpperCase()}${rule.slice(1)}`;
  const sentence = `${title}: ${decision.reason.text}.`;
  const kind = decision.kind === "wait" ? "settlement" : "never";
  return { rule, holds: false, compared, sentence, relief: { kind } };
}

/** The facts with all those neutral that another rule looks at. */
function onlyBy(
  rule: Rule,
  facts: AdmissionFacts,
  definition: ScheduleDefinition | undefined,
): GateFacts {
  const { run } = facts;
  const looked = LOOKS_AT[rule] ?? [];
  const { startDeadlineMs: _deadline, ...timeless } = definition ?? {};
  return {
    run,
    now: facts.now,
    ...(definition === undefined ? {} : { definition: timeless as ScheduleDefinition }),
    isNamed: looked.includes("isNamed") ? facts.isNamed : true,
    others: looked.includes("others") ? facts.others : [],
    upstream: looked.includes("upstream") ? facts.upstream : [],
    ...(looked.includes("operator") && facts.operator !== undefined
      ? { operator: facts.operator }
      : {}),
    ...(looked.includes("refusal") && facts.refusal !== undefined
      ? { refusal: facts.refusal }
      : {}),
  };
}

function comparedOf(
  rule: Rule,
  { others }: AdmissionFacts,
  definition: ScheduleDefinition | undefined,
): Readonly<Record<string, number>> {
  if (rule !== "overlap" || definition?.overlap === "allow") return {};
  return { live: others.length, concurrentRuns: definition?.concurrentRuns ?? 1 };
}

function deadlineCheck({ run, now }: AdmissionFacts, definition: ScheduleDefinition): GateCheck {
  const rule = "deadline";
  const deadlineAt = startDeadlineAt(run, definition);
  if (deadlineAt === undefined) {
    return { rule, holds: true, compared: {}, sentence: "Deadline: none." };
  }
  const compared = { now, deadlineAt };
  const sentence = `Deadline: it has to start by ${formatInstant(deadlineAt)}.`;
  if (now <= deadlineAt) return { rule, holds: true, compared, sentence };
  return { rule, holds: false, compared, sentence, relief: { kind: "never" } };
}

/** Whether somebody has waited so long that it goes first. */
export function turnCheck({ run, head, now }: AdmissionFacts): GateCheck {
  const rule = "turn";
  if (head === undefined || head.run === run.id) {
    return { rule, holds: true, compared: {}, sentence: "Turn: nobody waits before it." };
  }
  const waitedMs = now - head.since;
  const compared = { headRank: head.rank, rank: rankOf(run.priority), waitedMs };
  const since = `${head.run} waits since ${formatInstant(head.since)}`;
  return mustYield(run, head, now)
    ? {
        rule,
        holds: false,
        compared,
        sentence: `Turn: ${since}, and goes first.`,
        relief: { kind: "settlement" },
      }
    : { rule, holds: true, compared, sentence: `Turn: ${since}, and may be overtaken.` };
}
