import { limits } from "../limits.ts";
import type { Reason } from "../run/reason.ts";
import { formatInstant, plusMs, type Instant } from "../time/instant.ts";
import type { NextFire } from "./next-fire.ts";

/** Why a schedule's occurrences do not run for the time being. */
export interface Pause {
  /** Occurrences that are due after this instant are left out. */
  readonly at: Instant;
  /** The subject that paused it; absent where it paused by itself. */
  readonly by?: string;
  readonly note?: string;
}

/** A pause that is over: occurrences that were due up to `until` stay left out. */
interface PastPause {
  readonly at: Instant;
  readonly until: Instant;
  readonly by?: string;
}

/**
 * What operators decided about a schedule. It stands beside its definition and is theirs alone: no
 * configuration that is applied changes it, but for skips that its timing no longer names, and it
 * goes with its schedule.
 *
 * O1 Whether an occurrence is left out follows from this and its times alone, whenever somebody asks:
 *    a pause that is over counts for what was due while it lasted, so that nothing is made up for.
 */
export interface OperatorState {
  readonly pause?: Pause;
  /** Oldest first; the newest says since when failures count. */
  readonly pastPauses?: readonly PastPause[];
  /** Nominal times of occurrences that are left out once, ascending. */
  readonly skips?: readonly Instant[];
}

/**
 * Why an occurrence does not run by what operators decided; undefined where it does. Of several
 * reasons a pause is told first.
 */
export function leftOutBecause(
  state: OperatorState | undefined,
  { nominalAt, effectiveAt }: NextFire,
): Reason | undefined {
  if (state === undefined) return undefined;
  const { pause, pastPauses = [], skips = [] } = state;
  if (pause !== undefined && effectiveAt > pause.at) {
    return { code: "paused", text: pauseText(pause) };
  }
  const past = pastPauses.find(({ at, until }) => at < effectiveAt && effectiveAt <= until);
  if (past !== undefined) {
    return { code: "paused", text: `${pauseText(past)}, until ${formatInstant(past.until)}` };
  }
  if (!skips.includes(nominalAt)) return undefined;
  return { code: "skip_requested", text: "Somebody asked to leave this occurrence out" };
}

function pauseText({ at, by, note }: Pause): string {
  const who = by === undefined ? "It paused by itself" : `${by} paused its schedule`;
  return `${who} at ${formatInstant(at)}${note === undefined ? "" : `: ${note}`}`;
}

/** Pauses a schedule; of one that is paused the note is changed, and who stands for it. */
export function paused(
  state: OperatorState | undefined,
  { at, by, note }: Pause,
): OperatorState & { readonly pause: Pause } {
  const before = state?.pause;
  const said = {
    ...(by === undefined ? {} : { by }),
    ...(note === undefined ? {} : { note }),
  };
  if (before === undefined) return { ...state, pause: { at, ...said } };
  // Whoever repeats a call without a note means the pause, and not to take the note back.
  if (note === undefined || note === before.note) return { ...state, pause: before };
  return { ...state, pause: { at: before.at, ...said } };
}

/** Ends a pause at `now`; the state stays as it is where there is none. */
export function resumed(state: OperatorState | undefined, now: Instant): OperatorState {
  const { pause, pastPauses = [], ...rest } = state ?? {};
  if (pause === undefined) return state ?? {};
  const { at, by } = pause;
  const ended: PastPause = { at, until: now, ...(by === undefined ? {} : { by }) };
  // Nothing that was due longer ago is fired any more.
  const kept = pastPauses.filter(({ until }) => until > plusMs(now, -limits.runRetentionMs));
  return { ...rest, pastPauses: [...kept, ended].slice(-limits.pastPauses) };
}

/** The state with these occurrences left out, and no others. */
export function withSkips(
  state: OperatorState | undefined,
  nominals: readonly Instant[],
): OperatorState {
  const { skips: _before, ...rest } = state ?? {};
  const skips = [...new Set(nominals)].toSorted((a, b) => a - b);
  return skips.length === 0 ? rest : { ...rest, skips };
}

/** Since when failed runs count towards a pause; undefined where all of them do. */
export function failuresCountFrom(state: OperatorState | undefined): Instant | undefined {
  return state?.pastPauses?.at(-1)?.until;
}

/** Undefined where operators decided nothing: then nothing is kept. */
export function keptState(state: OperatorState): OperatorState | undefined {
  return Object.keys(state).length === 0 ? undefined : state;
}
