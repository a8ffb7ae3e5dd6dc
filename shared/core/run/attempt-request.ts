import { attemptIdOf } from "../ids.ts";
import { limits } from "../limits.ts";
import type { ScheduleDefinition } from "../schedule/schedule-definition.ts";
import type { AdmissionRequest } from "../units/explain.ts";
import { rateOf } from "../units/rates.ts";
import type { Work } from "../work.ts";
import type { Run } from "./run.ts";

/** The next attempt of a run, as its project's account is asked for it. */
export interface AttemptRequest extends AdmissionRequest {
  readonly number: number;
  /** The dearest of the instance types the job may get: that one is reserved for. */
  readonly instanceType: string;
}

/** Undefined where an instance type has no rate: its units cannot be bounded. */
export function attemptRequestOf(
  run: Run,
  definition: ScheduleDefinition,
  rates: Readonly<Record<string, number>>,
): AttemptRequest | undefined {
  const dearest = dearestOf(definition.work, rates);
  if (dearest === undefined) return undefined;
  const number = run.attempts.length + 1;
  return {
    attempt: attemptIdOf(run.id, number),
    number,
    instanceType: dearest.name,
    rate: dearest.rate,
    timeoutMs: definition.timeoutMs,
    graceMs: definition.work.gracefulShutdown?.timeoutMs ?? limits.killGraceMs,
    startWithinMs: limits.startWithinMs,
  };
}

/** The dearest instance type that work may get; undefined where one of them has no rate. */
export function dearestOf(
  { instanceTypes }: Work,
  rates: Readonly<Record<string, number>>,
): { readonly name: string; readonly rate: number } | undefined {
  let dearest: { readonly name: string; readonly rate: number } | undefined;
  for (const name of instanceTypes) {
    const rate = rateOf(name, rates);
    if (rate === undefined) return undefined;
    if (dearest === undefined || rate > dearest.rate) dearest = { name, rate };
  }
  return dearest;
}
