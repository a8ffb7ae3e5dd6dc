import { assert } from "../core/assert.ts";
import type { ProjectId, RunId } from "../core/ids.ts";
import {
  decideAdmission,
  type AdmissionDecision,
  type AdmissionFacts,
} from "../core/run/decide-admission.ts";
import { rankOf } from "../core/run/priority.ts";
import { headOfLine } from "../core/run/turn.ts";
import { inTurn, tiesIn, type Place, type UnitsOf } from "../core/run/turn-order.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Account } from "../core/units/account.ts";
import type { Entry } from "../core/units/ledger.ts";
import type { Reader } from "../ports/store.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import type { ProjectStanding } from "./admission-facts.ts";
import { expectedUnits } from "./expected-units.ts";

/** What is known of a run that is due, with how its project stood before any of them was decided on. */
export interface DueFacts {
  readonly facts: AdmissionFacts;
  readonly standing: ProjectStanding;
  readonly definition: DefinitionRecord | undefined;
}

/** How a project stands after those that were decided on so far. */
interface ProjectSoFar {
  readonly account: Account;
  readonly entries: readonly Entry[];
  /** Runs that wait for its limits no more. */
  readonly gone: ReadonlySet<RunId>;
}

/** What was decided about runs, and how their projects stand by that. */
export interface Decisions {
  readonly of: ReadonlyMap<RunId, AdmissionDecision>;
  readonly projects: readonly Pick<ProjectSoFar, "account" | "entries">[];
}

/**
 * Decides about runs in the order of their turn, each as if those before it had been written. Nothing
 * is written. What they are expected to spend is read only where that decides: some of one rank and
 * age were admitted, and others found no room. Then all are decided on anew, whoever is expected to
 * spend less first. So work that fits costs nothing for it.
 */
export async function decideInTurn(
  reader: Reader,
  due: readonly DueFacts[],
  now: Instant,
): Promise<Decisions> {
  const decisions = decideAll(due, () => undefined, now);
  if (!tiesOf(due, now).some((tie) => isDividedBy(tie, decisions.of))) return decisions;
  const toEstimate = due.map(({ facts: { run, account }, definition }) => {
    return { run: run.id, account, definition };
  });
  return decideAll(due, await expectedUnits(reader, toEstimate), now);
}

interface DuePlace extends Place {
  readonly run: RunId;
  readonly known: DueFacts;
}

function placeOf(known: DueFacts): DuePlace {
  const { id, priority, waitingSince, effectiveAt } = known.facts.run;
  return { run: id, rank: rankOf(priority), since: waitingSince ?? effectiveAt, known };
}

function tiesOf(due: readonly DueFacts[], now: Instant): readonly (readonly DuePlace[])[] {
  const places = due.map(placeOf);
  const projects = new Set(places.map(({ known }) => known.facts.run.project));
  return [...projects].flatMap((project) => {
    const ofIt = places.filter(({ known }) => known.facts.run.project === project);
    return tiesIn(ofIt, now);
  });
}

/** Whether room went to some runs of a tie and others found none: then it matters who was asked first. */
function isDividedBy(tie: readonly DuePlace[], decisions: Decisions["of"]): boolean {
  const schedules = new Set(tie.map(({ known }) => known.facts.run.schedule));
  if (schedules.size === 1) return false;
  const made = tie.map(({ run }) => decisions.get(run));
  return made.some((each) => each?.kind === "admit") && made.some(foundNoRoom);
}

function foundNoRoom(decision: AdmissionDecision | undefined): boolean {
  if (decision === undefined || decision.kind === "admit") return false;
  return ["limit_hour", "limit_balance", "limit_concurrency"].includes(decision.reason.code);
}

function decideAll(due: readonly DueFacts[], unitsOf: UnitsOf, now: Instant): Decisions {
  const projects = new Map<ProjectId, ProjectSoFar>();
  const decisions = new Map<RunId, AdmissionDecision>();
  for (const { run: id, known } of inTurn(due.map(placeOf), unitsOf, now)) {
    const { project } = known.facts.run;
    const { account } = known.standing;
    const soFar = projects.get(project) ?? { account, entries: [], gone: new Set<RunId>() };
    const decision = decideAdmission(factsAfter(known, soFar));
    decisions.set(id, decision);
    projects.set(project, after(soFar, id, decision));
  }
  assert(decisions.size === due.length, "each run is decided on once");
  return { of: decisions, projects: [...projects.values()] };
}

function factsAfter({ facts, standing }: DueFacts, soFar: ProjectSoFar): AdmissionFacts {
  const { head: _before, ...rest } = facts;
  const left = standing.line.filter((each) => !soFar.gone.has(each.run));
  const head = headOfLine(left, facts.now);
  return { ...rest, account: soFar.account, ...(head === undefined ? {} : { head }) };
}

function after(soFar: ProjectSoFar, run: RunId, decision: AdmissionDecision): ProjectSoFar {
  if (decision.kind === "wait" && decision.isInLine === true) return soFar;
  const gone = new Set([...soFar.gone, run]);
  if (decision.kind !== "admit") return { ...soFar, gone };
  const { account, entries } = decision.admitted;
  return { account, entries: [...soFar.entries, ...entries], gone };
}
