import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptIdOf } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { release } from "../../../shared/core/units/account.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { writeReadingMark } from "../../../shared/records/configuration-record.ts";
import { runsTable, timersTable } from "../../../shared/records/tables.ts";
import { audit, isAuditDue } from "../../../shared/usecases/audit/audit.ts";
import { aConfiguration, aSchedule, aSubscription, PROJECT } from "../../support/builders.ts";
import { recordingTelemetry, type RecordingTelemetry } from "../../support/recording-telemetry.ts";
import { exits } from "../../support/scripted-executor.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import { World } from "../../support/world.ts";

let telemetry: RecordingTelemetry;
let world: World;

beforeEach(() => {
  telemetry = recordingTelemetry();
  world = new World({ telemetry: () => telemetry });
});

afterEach(async () => {
  await world.close();
});

const hourly = (name = "hourly") =>
  aSchedule({ name, timing: aTiming({ when: [aCron("5 * * * *")] }), timeoutMs: 50 * MINUTE_MS });

/** Half an hour into a run of 40 minutes. */
async function untilItRuns(): Promise<void> {
  await world.apply(aConfiguration({ schedules: [hourly()] }));
  world.alwaysRuns("hourly", exits(40 * MINUTE_MS));
  await world.live(35 * MINUTE_MS);
  expect((await world.onlyRun("hourly")).state).toBe("running");
}

async function auditNow(): Promise<void> {
  telemetry.clear();
  await audit(world.services);
}

describe("an audit of an installation where all is well", () => {
  it("tells that nothing is wrong", async () => {
    await untilItRuns();

    await world.live(HOUR_MS);
    await auditNow();

    expect(telemetry.stands("orrery.reservations.open")).toBe(1);
    expect(telemetry.stands("orrery.reservations.orphaned")).toBe(0);
    expect(telemetry.stands("orrery.schedules.drifted")).toBe(0);
    expect(telemetry.stands("orrery.configuration.drift")).toBe(0);
    expect(telemetry.stands("orrery.queue.dead.letters", { queue: "submit" })).toBe(0);
    expect(world.log.filter(({ name }) => name.startsWith("audit."))).toEqual([]);
  });
});

describe("a reservation whose run is gone", () => {
  it("is counted and named within the hour, and is over once it is released", async () => {
    await untilItRuns();
    const run = await world.onlyRun("hourly");
    const attempt = attemptIdOf(run.id, 1);
    const key = { schedule: run.schedule, nominal_at: run.nominalAt, run: run.id };
    await world.store.transact("lose", async (tx) => {
      await Promise.resolve();
      tx.delete(runsTable, key);
    });

    telemetry.clear();
    await world.live(HOUR_MS);

    expect(telemetry.stands("orrery.reservations.orphaned")).toBe(1);
    expect(world.log.find(({ name }) => name === "audit.orphaned")).toMatchObject({
      level: "error",
      fields: { project: PROJECT, attempt },
    });

    await world.store.transact("release", async (tx) => {
      const account = await readAccount(tx, PROJECT);
      const posting = release(account, attempt, "lost", world.clock.now());
      await writeAccount(tx, posting.account, posting.entries);
    });
    await world.live(HOUR_MS);

    expect(telemetry.stands("orrery.reservations.orphaned")).toBe(0);
  });
});

describe("a schedule whose timer is lost", () => {
  it("is counted and named by the next sweep", async () => {
    await world.apply(aConfiguration({ schedules: [hourly("lost"), hourly("sound")] }));
    for (const timer of await world.timers()) {
      if (!timer.ref.startsWith("lost.")) continue;
      await world.store.transact("lose", async (tx) => {
        for (let lane = 0; lane < limits.timerLanes; lane += 1) {
          tx.delete(timersTable, { lane, due_at: timer.dueAt, kind: timer.kind, ref: timer.ref });
        }
        await Promise.resolve();
      });
    }

    await auditNow();

    expect(telemetry.stands("orrery.schedules.drifted")).toBe(1);
    const named = world.log.filter(({ name }) => name === "audit.drifted");
    expect(named.map(({ fields }) => fields["schedule"])).toEqual(["lost"]);
  });

  it("is no schedule that fired ahead, that has ended, or that fires next year", async () => {
    const once = aTiming({ when: [aCron("10 0 15 1 *")], until: "2027-01-15T01:00:00Z" });
    const yearly = aTiming({ when: [aCron("0 12 1 2 *")] });
    await world.apply(
      aConfiguration({
        schedules: [
          aSchedule({ name: "once", timing: once }),
          aSchedule({
            name: "each-minute",
            timing: aTiming({ when: [aCron("* * * * *")] }),
            overlap: "allow",
          }),
          aSchedule({ name: "yearly", timing: yearly }),
        ],
      }),
    );
    world.alwaysRuns("once", exits(SECOND_MS));
    world.alwaysRuns("each-minute", exits(SECOND_MS));
    await world.live(15 * MINUTE_MS);

    await world.tick();
    await auditNow();

    expect(telemetry.stands("orrery.schedules.drifted")).toBe(0);
  });
});

describe("a delivery that is given up", () => {
  it("is counted as it is buried", async () => {
    await world.apply(
      aConfiguration({
        schedules: [hourly()],
        subscriptions: [aSubscription({ on: ["run.succeeded"] })],
      }),
    );
    world.alwaysRuns("hourly", exits(SECOND_MS));
    world.webhook.answer = () => ({ delivered: false, retryable: false, detail: "HTTP 410" });

    await world.live(10 * MINUTE_MS);

    const buried = { outcome: "buried", target: "webhook" };
    expect(telemetry.total("orrery.deliveries", buried)).toBe(1);
  });
});

describe("a schedules file that cannot be used", () => {
  it("is told as a drift until one that can is read", async () => {
    const mark = async (outcome: "applied" | "rejected"): Promise<void> =>
      await world.store.transact("mark", async (tx) => {
        await Promise.resolve();
        writeReadingMark(tx, { id: outcome, outcome });
      });

    await mark("rejected");
    await auditNow();
    expect(telemetry.stands("orrery.configuration.drift")).toBe(1);

    await mark("applied");
    await auditNow();
    expect(telemetry.stands("orrery.configuration.drift")).toBe(0);
  });
});

describe("runs that wait", () => {
  it("are counted by why, with how long the first of them has waited", async () => {
    await world.apply(aConfiguration({ schedules: [hourly()], limits: { balance: 0 } }));

    await world.live(40 * MINUTE_MS);

    const reason = "limit_balance";
    expect(telemetry.stands("orrery.runs.waiting", { reason })).toBe(1);
    expect(telemetry.stands("orrery.run.wait.oldest", { reason })).toBe(35 * 60);
    expect(telemetry.stands("orrery.runs.waiting", { reason: "overlap" })).toBe(0);
  });
});

describe("messages that are given up", () => {
  it("are counted by their queue", async () => {
    await world.apply(aConfiguration({ schedules: [hourly()] }));
    world.crashPoints.arm(({ name }) => {
      if (name === "transact submit") throw new Error("The store is away");
      return undefined;
    });

    await world.live(120 * MINUTE_MS);

    expect(world.deadLetters()).toBeGreaterThan(0);
    const given = telemetry.stands("orrery.queue.dead.letters", { queue: "submit" });
    expect(given).toBe(world.deadLetters());
    expect(
      telemetry.total("orrery.messages", { queue: "submit", outcome: "failed" }),
    ).toBeGreaterThan(9);
  });
});

describe("an audit that fails", () => {
  it("is counted and told, and costs its tick nothing", async () => {
    await world.close();
    world = new World({
      telemetry: () => telemetry,
      seenStore: (store) => ({
        ...store,
        transact: async (label, body) => {
          if (label === "audit") throw new Error("no");
          return await store.transact(label, body);
        },
        snapshot: async (body) => await store.snapshot(body),
        close: async () => await store.close(),
      }),
    });

    await world.live(10 * MINUTE_MS);

    expect(telemetry.total("orrery.audits", { outcome: "failed" })).toBe(1);
    expect(world.failures).toEqual([]);
    expect(world.log.at(-1)).toMatchObject({ name: "audit.failed", level: "warn" });
  });
});

describe("the ticks of an hour", () => {
  it("audit six times where somebody listens, and never where nobody does", async () => {
    await world.live(HOUR_MS);
    expect(telemetry.total("orrery.audits", { outcome: "done" })).toBe(6);

    const quiet = new World();
    await quiet.live(HOUR_MS);
    expect(quiet.services.telemetry.isOn).toBe(false);
    await quiet.close();
  });

  it("are ones that audit by the clock alone", () => {
    const now = world.clock.now();
    const ticks = Array.from({ length: 60 }, (_, minute) => plusMs(now, minute * MINUTE_MS));
    const due = ticks.map(isAuditDue);

    expect(due.filter(Boolean)).toHaveLength(6);
  });
});
