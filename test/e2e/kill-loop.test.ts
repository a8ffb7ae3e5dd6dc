import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { attemptIdOf, projectId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import type { Account } from "../../shared/core/units/account.ts";
import { rebuild, type Entry } from "../../shared/core/units/ledger.ts";
import { readAccount, scanEntries } from "../../shared/records/account-record.ts";
import { startReceiver, type Receiver } from "../adapters/webhook/receiver.ts";
import { realClock } from "../support/real-clock.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { Home } from "./home.ts";

const KILLS = 8;
const FIRES_FOR_MS = 10 * SECOND_MS;
const PROJECT = projectId("demo");

/** So many notifications are refused at first, and tried again some platforms later. */
const REFUSED_AT_FIRST = 10;

/** A receiver, and what it took: webhook ids of everything it was told, repeats included. */
interface Told {
  readonly receiver: Receiver;
  readonly idsOf: ReadonlyMap<string, readonly string[]>;
}

async function startTold(): Promise<Told> {
  const refused = new Set<string>();
  const idsOf = new Map<string, readonly string[]>();
  const receiver = await startReceiver((request, response) => {
    const id = String(request.headers["webhook-id"]);
    if (!refused.has(id) && refused.size < REFUSED_AT_FIRST) {
      refused.add(id);
      response.writeHead(503).end();
      return;
    }
    const { type, subject } = JSON.parse(receiver.requests.at(-1)?.body ?? "") as {
      type: string;
      subject: string;
    };
    const what = `${type} ${subject}`;
    idsOf.set(what, [...(idsOf.get(what) ?? []), id]);
    response.writeHead(204).end();
  });
  return { receiver, idsOf };
}

/** When the schedules fire: by the second, both ends included. */
interface Window {
  readonly fromAt: Instant;
  readonly untilAt: Instant;
}

function nextWindow(): Window {
  const fromAt = instant(Math.ceil(realClock.now() / SECOND_MS + 1) * SECOND_MS);
  return { fromAt, untilAt: plusMs(fromAt, FIRES_FOR_MS) };
}

function occurrencesOf({ fromAt, untilAt }: Window): readonly Instant[] {
  const count = (untilAt - fromAt) / SECOND_MS + 1;
  return Array.from({ length: count }, (_, n) => plusMs(fromAt, n * SECOND_MS));
}

/** Two schedules: one runs every occurrence, the other skips what overlaps. */
function schedulesOf(home: Home, receiver: string, window: Window): string {
  const schedule = (name: string, overlap: string, seconds: number): string => `
  ${name}:
    when:
      every: 1s
      from: "${formatInstant(window.fromAt)}"
      until: "${formatInstant(window.untilAt)}"
    overlap: ${overlap}
    timeout: 60s
    inputs: { ATTEMPT: "{{ run }}.{{ attempt }}" }
    job: { cmd: "echo \${ATTEMPT} >> ${home.path("executed")}; sleep ${seconds}" }`;
  return `
version: 1
defaults: { project: ${PROJECT} }
projects:
  ${PROJECT}: { limits: { unitsPerHour: 20000, concurrentRuns: 3 } }
schedules:
${schedule("every-one", "allow", 0.3)}
${schedule("one-at-a-time", "skip", 1.2)}
notifications:
  told:
    on: "*"
    webhook: { url: "${receiver}/told" }
`;
}

/** What the data directory holds in the end. */
interface Remains {
  readonly runs: readonly Run[];
  readonly account: Account;
  readonly entries: readonly Entry[];
}

async function remainsOf(home: Home): Promise<Remains> {
  const runs = await home.runs();
  return await home.beside(
    async ({ store }) =>
      await store.snapshot(async (reader) => ({
        runs,
        account: await readAccount(reader, PROJECT),
        entries: await scanEntries(reader, PROJECT, { limit: limits.scanRows }),
      })),
  );
}

/** One run for every occurrence, each of them final, and none ended by anything but its job (P1). */
function expectEveryOccurrenceOnce(runs: readonly Run[], window: Window): void {
  for (const schedule of ["every-one", "one-at-a-time"]) {
    const own = runs.filter((run) => run.schedule === schedule);
    expect(own.map((run) => run.nominalAt)).toEqual(occurrencesOf(window));
  }
  for (const run of runs) {
    const ended = run.state === "skipped" ? `skipped by ${run.reason?.code ?? ""}` : run.state;
    const allowed = ["succeeded", ...(run.schedule === "every-one" ? [] : ["skipped by overlap"])];
    expect(allowed, `${run.id}: ${run.reason?.text ?? ""}`).toContain(ended);
  }
}

/** Every attempt was executed once: its job wrote its line once, and no other job did (P2). */
function expectEveryAttemptOnce(runs: readonly Run[], executed: readonly string[]): void {
  const attempts = runs.flatMap((run) =>
    run.attempts.map((attempt) => attemptIdOf(run.id, attempt.number)),
  );
  expect(executed.toSorted()).toEqual(attempts.toSorted());
}

/** The ledger adds up to the account, which holds nothing, and every run's units are in it (P4). */
function expectLedgerAddsUp({ runs, account, entries }: Remains): void {
  const { project, limits: _limits, version: _version, ...rest } = account;
  const { configuredLimits: _said, configuredBalance: _asked, ...position } = rest;
  expect(rebuild(project, entries)).toEqual(position);
  expect(position).toMatchObject({ held: 0, open: [] });
  const settled = entries.flatMap((entry) =>
    entry.kind === "settle" ? [{ attempt: entry.reservation, units: entry.units }] : [],
  );
  const owed = runs.flatMap((run) =>
    run.attempts.map((attempt) => ({
      attempt: attemptIdOf(run.id, attempt.number),
      units: attempt.end?.unitsSettled,
    })),
  );
  const byAttempt = (a: { attempt: string }, b: { attempt: string }): number =>
    a.attempt < b.attempt ? -1 : 1;
  expect(settled.toSorted(byAttempt)).toEqual(owed.toSorted(byAttempt));
}

/** Every end was told, and what was told more than once came with the same id (P5). */
function expectEveryEndTold(runs: readonly Run[], { idsOf }: Told): void {
  for (const run of runs) {
    expect([...idsOf.keys()]).toContain(`orrery.run.${run.state}.v1 ${run.id}`);
  }
  for (const [what, ids] of idsOf) {
    // A run may wait for its project's limits more than once, which are different events.
    if (!what.startsWith("orrery.run.waiting")) expect(new Set(ids).size, what).toBe(1);
  }
}

describe.concurrent("a platform that is killed again and again", () => {
  it.for([11, 4711])("loses nothing and does nothing twice (seed %i)", async (seed, test) => {
    const home = await Home.of(test);
    const told = await startTold();
    test.onTestFinished(async () => await told.receiver.close());
    const random = seededRandom(seed);
    const window = nextWindow();
    await home.write("orrery.yaml", schedulesOf(home, told.receiver.origin, window));
    await home.apply();

    for (let kill = 0; kill < KILLS; kill += 1) {
      const platform = home.up();
      // From the middle of its start to the middle of its work: the moment itself is the test.
      await pause(300 + Math.floor(random.fraction() * 1_700));
      await platform.crash();
    }
    const last = home.up("--until-idle");
    expect(await last.ended).toEqual({ code: 0, signal: null });

    const remains = await remainsOf(home);
    expectEveryOccurrenceOnce(remains.runs, window);
    expectEveryAttemptOnce(remains.runs, await home.lines("executed"));
    expectLedgerAddsUp(remains);
    expectEveryEndTold(remains.runs, told);
    expect(await home.timers()).toEqual([]);
    expect(await home.liveGroups()).toEqual([]);
  });
});
