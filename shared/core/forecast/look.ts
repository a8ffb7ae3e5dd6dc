import { limits } from "../limits.ts";
import {
  attemptRequest,
  decideAdmission,
  type AdmissionDecision,
  type AdmissionFacts,
} from "../run/decide-admission.ts";
import { eligibleAt, nextLookAt } from "../run/due.ts";
import { startDeadlineAt } from "../run/gate.ts";
import { moveRun } from "../run/run-state.ts";
import { MINUTE_MS } from "../time/duration.ts";
import { earlier, later, plusMs, type Instant } from "../time/instant.ts";
import { worstCaseOf } from "../units/explain.ts";
import { blockersOf } from "./blockers.ts";
import { factsOf, upstreamRuns } from "./course-facts.ts";
import { precedenceOf, settlePlace, type Course, type CourseRun } from "./course.ts";
import { cancelRuns, concludeRun, startRun } from "./executions.ts";
import { easedAccount, isDeniedStill, rememberDenial } from "./shortcuts.ts";

/** Decides about a run that is due; a look of a chain that is over does nothing. */
export function lookAtRun(course: Course, run: CourseRun, chain: number | undefined): void {
  if (chain === undefined) run.isWoken = false;
  if (run.isOver || run.execution !== undefined) return;
  if (chain !== undefined && chain !== run.chain) return;
  if (chain === undefined && isDeniedStill(course, run)) return;
  const { now } = course;
  const dueAt = eligibleAt(run.run);
  if (dueAt > now) {
    if (chain !== undefined) again(course, run, dueAt);
    return;
  }
  const facts = factsOf(course, run);
  const eased = easedAccount(course, run);
  const decision = decideAdmission({ ...facts, account: eased });
  if (course.hasHour && eased === course.account && hasAskedForUnits(decision)) {
    const { spends, open } = course.account;
    course.steps += Math.ceil((spends.length + open.length) / limits.projectionSpendsPerStep);
    rememberDenial(course, run, decision);
  }
  noteBalance(course, run, decision);
  watch(course, run, { facts, decision });
  act(course, run, { decision, chain });
}

/** What is decided before units are asked for costs little. */
function hasAskedForUnits(decision: AdmissionDecision): boolean {
  return decision.kind === "admit" || decision.reason.code.startsWith("limit_");
}

function act(
  course: Course,
  run: CourseRun,
  { decision, chain }: { readonly decision: AdmissionDecision; readonly chain: number | undefined },
): void {
  switch (decision.kind) {
    case "admit": {
      const { limits: standing, provider } = course.account;
      const { limits: _eased, provider: _theirs, ...after } = decision.admitted.account;
      const kept = provider === undefined ? {} : { provider };
      startRun(course, run, decision, { ...after, limits: standing, ...kept });
      return;
    }
    case "conclude":
      concludeRun(course, run, decision.state, decision.reason);
      return;
    case "wait":
      wait(course, run, { decision, chain });
  }
}

type Wait = Extract<AdmissionDecision, { readonly kind: "wait" }>;

/** As the platform does (`admit-run.ts`): a wait of known length is looked at then, any other again and again. */
function wait(
  course: Course,
  run: CourseRun,
  { decision, chain }: { readonly decision: Wait; readonly chain: number | undefined },
): void {
  const { now } = course;
  const { reason, nextEligibleAt, isInLine } = decision;
  const { state, reason: why, waitingSince, nextEligibleAt: promisedAt = now } = run.run;
  run.waitsFrom ??= now;
  const isChained = chain !== undefined;
  const unchanged = state === "waiting" && why?.code === reason.code;
  const isOpen = nextEligibleAt === plusMs(now, limits.waitRecheckMs);
  const openAt = unchanged && isOpen ? openLookAt(run, now) : nextEligibleAt;
  const keepsPlace = (waitingSince !== undefined) === (isInLine === true);
  const isPromised = promisedAt <= nextEligibleAt && (isOpen || promisedAt > now);
  if (unchanged && keepsPlace && isPromised) {
    if (isChained) lookLater(course, run, isOpen ? openAt : promisedAt);
  } else {
    const moved = moveRun(run.run, { kind: "wait", reason, nextEligibleAt, at: now, isInLine });
    if (moved.outcome === "moved") run.run = moved.run;
    settlePlace(course, run);
    const isKept = isOpen && run.lookAt !== undefined && run.lookAt <= nextEligibleAt;
    if (state === "queued" || isChained || !isKept) lookLater(course, run, openAt);
    if (openAt > nextEligibleAt) lookByTick(course, run, nextEligibleAt);
  }
  cancelRuns(course, run.of, decision.cancel);
}

/** Its timer stands where it may go on: the tick before that has it looked at then, or the one after. */
function lookByTick(course: Course, run: CourseRun, at: Instant): void {
  const { now } = course;
  const tickAt = plusMs(now, MINUTE_MS - (now % MINUTE_MS));
  course.agenda.add(later(at, tickAt), "wake", { kind: "look", run }, precedenceOf(run));
}

function lookLater(course: Course, run: CourseRun, at: Instant): void {
  if (helpsToLook(run)) again(course, run, at);
  else lookByDeadline(course, run);
}

function openLookAt({ run, of }: CourseRun, now: Instant): Instant {
  const definition = of.planned?.definition;
  const deadlineAt = definition && startDeadlineAt(run, definition);
  const at = nextLookAt(run, now);
  return deadlineAt === undefined ? at : earlier(at, plusMs(deadlineAt, 1));
}

/** Time alone brings no units, and the end of a run wakes who waits for some. */
function helpsToLook({ run }: CourseRun): boolean {
  return run.reason?.code !== "limit_balance" && run.reason?.code !== "low_balance";
}

function lookByDeadline(course: Course, run: CourseRun): void {
  const definition = run.of.planned?.definition;
  const deadlineAt = definition && startDeadlineAt(run.run, definition);
  if (deadlineAt !== undefined) again(course, run, plusMs(deadlineAt, 1));
}

/** The next look at a run, which is the only one. */
function again(course: Course, run: CourseRun, at: Instant): void {
  run.chain += 1;
  run.lookAt = at;
  if (at > course.plan.until) return;
  const look = { kind: "look", run, chain: run.chain } as const;
  course.agenda.add(at, "look", look, precedenceOf(run));
}

/** Remembers when the balance first was too small, and when it first was low. */
function noteBalance(course: Course, run: CourseRun, decision: AdmissionDecision): void {
  if (decision.kind === "admit") return;
  const { code } = decision.reason;
  if (code === "low_balance") course.lowAt ??= course.now;
  if (code !== "limit_balance" || course.balanceEndsAt !== undefined) return;
  if (decision.kind === "conclude" || isBeyond(course, run)) course.balanceEndsAt = course.now;
}

/** Whether a run asks for more than there would be if all running work gave back what it holds. */
function isBeyond({ account, now }: Course, { run, of }: CourseRun): boolean {
  const { planned } = of;
  const { balance } = account;
  if (planned === undefined || balance === undefined) return false;
  const facts = { run, rates: planned.rates, account };
  const request = attemptRequest(facts, planned.definition);
  return request !== undefined && worstCaseOf(account, request, now).spend.units > balance;
}

function watch(
  course: Course,
  run: CourseRun,
  decided: { readonly facts: AdmissionFacts; readonly decision: AdmissionDecision },
): void {
  const wanted = course.plan.watched;
  if (wanted === undefined || course.watched !== undefined) return;
  const { nominalAt, effectiveAt, cause } = run.run;
  const isIt = run.of.name === wanted.schedule && nominalAt === wanted.nominalAt;
  if (!isIt || cause.kind !== "occurrence") return;
  const { now: decidedAt } = course;
  const blockers = blockersOf(decided.facts, decided.decision, upstreamRuns(course, run));
  course.watched = { run, nominalAt, effectiveAt, decidedAt, ...decided, blockers };
}
