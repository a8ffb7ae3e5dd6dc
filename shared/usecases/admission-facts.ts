import type { AdmissionFacts } from "../core/run/decide-admission.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import { nextOccurrence } from "../core/schedule/next-occurrence.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import { readAccount } from "../records/account-record.ts";
import { scanActive, scanWaiting } from "../records/active-record.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { compiledTiming } from "./timing-cache.ts";
import { upstreamFacts } from "./upstream-facts.ts";

/** Reads everything that decides about a run; `submit` decides by it and `explain` shows it. */
export async function admissionFacts(
  reader: Reader,
  run: Run,
  seen: { readonly now: Instant; readonly refusal?: string | undefined },
): Promise<AdmissionFacts> {
  const definition = (await readRunDefinition(reader, run))?.definition;
  const configuration = await readConfiguration(reader);
  const active = isAdHoc(run) ? [] : await scanActive(reader, run.schedule);
  const [head] = await scanWaiting(reader, run.project, 1);
  return {
    run,
    now: seen.now,
    ...(definition === undefined ? {} : { definition }),
    isNamed: isNamed(run, definition),
    ...(seen.refusal === undefined ? {} : { refusal: seen.refusal }),
    others: active.filter((other) => other.run !== run.id),
    upstream: await upstreamFacts(reader, run, definition),
    account: await readAccount(reader, run.project),
    rates: configuration?.rates ?? {},
    ...(head === undefined ? {} : { head }),
  };
}

/** Whether a run's occurrence is still one of its schedule; other causes need none. */
function isNamed(run: Run, definition: ScheduleDefinition | undefined): boolean {
  if (run.cause.kind !== "occurrence" || definition === undefined) return true;
  if (definition.timing === undefined) return false;
  const justBefore = plusMs(run.nominalAt, -1);
  return nextOccurrence(compiledTiming(definition.timing), justBefore) === run.nominalAt;
}
