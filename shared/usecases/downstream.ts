import { runIdOf, type ScheduleName } from "../core/ids.ts";
import { holds } from "../core/run/gate.ts";
import { causeKey, isFinal, type Run, type RunCause } from "../core/run/run.ts";
import { leftOutBecause } from "../core/schedule/operator-state.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import { readRuns } from "../records/run-record.ts";
import { readDefinitions, type DefinitionRecord } from "../records/schedule-record.ts";

/**
 * The runs that the end of `run` brings about in schedules that have no clock of their own: queued
 * where the condition holds and nobody paused them, else skipped, so that every expected run has a
 * row. A run skipped here has ended too, so the walk goes on behind it; a configuration has no circles. Runs that exist
 * already are left out. The caller writes them in the transaction that ends `run`.
 */
export async function downstreamRuns(
  reader: Reader,
  run: Run,
  ended: { readonly downstream: readonly ScheduleName[]; readonly now: Instant },
): Promise<readonly Run[]> {
  const walk = [{ run, downstream: ended.downstream }];
  for (const upstream of walk) {
    if (!isFinal(upstream.run.state)) continue;
    const records = await readDefinitions(reader, upstream.downstream);
    const runs = records.flatMap((record) =>
      record === undefined || record.definition.timing !== undefined
        ? []
        : [
            {
              run: runAfter(upstream.run, record, ended.now),
              downstream: record.downstream,
            },
          ],
    );
    const existing = await readRuns(
      reader,
      runs.map((each) => each.run.id),
    );
    walk.push(...runs.filter((_, index) => existing[index] === undefined));
  }
  return walk.slice(1).map((each) => each.run);
}

function runAfter(upstream: Run, { definition, operator }: DefinitionRecord, now: Instant): Run {
  const cause: RunCause = { kind: "upstream", run: upstream.id };
  const { name: schedule, project, priority } = definition;
  const { nominalAt } = upstream;
  const run = {
    id: runIdOf({ schedule, nominalAt }, causeKey(cause)),
    schedule,
    project,
    cause,
    priority,
    nominalAt,
    effectiveAt: now,
    ...(upstream.inputsAt === undefined ? {} : { inputsAt: upstream.inputsAt }),
    inputs: {},
    attempts: [],
    ...(upstream.traceParent === undefined ? {} : { traceParent: upstream.traceParent }),
  };
  const leftOut = leftOutBecause(operator, run);
  if (leftOut !== undefined) return { ...run, state: "skipped", reason: leftOut, finishedAt: now };
  const dependency = definition.after.find((each) => each.schedule === upstream.schedule);
  if (dependency === undefined || holds(dependency.condition, upstream.state)) {
    return { ...run, state: "queued" };
  }
  const text = `It needs ${upstream.schedule} ${dependency.condition}, which is ${upstream.state}`;
  return { ...run, state: "skipped", reason: { code: "dependency", text }, finishedAt: now };
}
