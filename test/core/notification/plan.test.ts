import { describe, expect, it } from "vitest";
import { planDeliveries } from "../../../shared/core/notification/plan.ts";
import type { Run } from "../../../shared/core/run/run.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, aSubscription, anAttempt, START_AT } from "../../support/builders.ts";

const waiting: Run = aRun({ state: "waiting", reason: { code: "limit_hour", text: "Full" } });
const told = { type: "run.waiting", run: waiting, at: START_AT } as const;
const idsOf = (given: Parameters<typeof planDeliveries>[1]): readonly string[] =>
  planDeliveries([aSubscription()], given).map((delivery) => delivery.id);

describe("something that happened to a run", () => {
  it("is owed once to each subscription that wants it", () => {
    const subscriptions = [
      aSubscription({ name: "ops" }),
      aSubscription({ name: "deaf", on: [] }),
      aSubscription({ name: "log", target: { kind: "log" } }),
    ];

    const deliveries = planDeliveries(subscriptions, told);

    expect(deliveries.map(({ subscription }) => subscription)).toEqual(["ops", "log"]);
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(2);
    expect(
      deliveries.every(({ state, nextTryAt }) => state === "pending" && nextTryAt === START_AT),
    ).toBe(true);
  });

  it("is the same notification when a transaction runs twice", () => {
    expect(idsOf(told)).toEqual(idsOf({ ...told, run: structuredClone(waiting) }));
  });

  it.each([
    ["it happens again later", { ...told, at: plusMs(START_AT, 1) }],
    ["the reason differs", { ...told, run: { ...waiting, reason: { code: "behind", text: "" } } }],
    ["the attempt differs", { ...told, run: { ...waiting, attempts: [anAttempt(waiting)] } }],
    ["something else happens", { ...told, type: "run.skipped" }],
    ["it is another run", { ...told, run: { ...waiting, id: aRun({ schedule: "other" }).id } }],
  ] as const)("is another notification where %s", (_why, other) => {
    expect(idsOf(other)).not.toEqual(idsOf(told));
  });

  it("is told without the value of any variable", () => {
    const run = aRun({ inputs: { TOKEN: "s3cret" } });
    const [delivery] = planDeliveries([aSubscription()], { ...told, run });

    expect(delivery?.body).not.toContain("s3cret");
  });

  it("has what CloudEvents 1.0 requires", () => {
    const [delivery] = planDeliveries([aSubscription()], told);

    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({
      specversion: "1.0",
      type: "orrery.run.waiting.v1",
      source: "/orrery/projects/demo/schedules/nightly",
      subject: waiting.id,
      time: "2027-01-15T00:00:00Z",
    });
  });
});
