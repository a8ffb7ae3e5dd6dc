import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

/** Pausing, resuming and leaving out, as commands. */
let world: CliWorld;
beforeEach(async () => {
  world = new CliWorld();
  const asked = aSchedule({ name: "asked", timing: null });
  await world.apply(aConfiguration({ schedules: [aSchedule(), asked] }));
});
afterEach(async () => {
  await world.close();
});

const call = async (...args: readonly string[]): ReturnType<typeof orrery> =>
  await orrery(...args, "--data", world.directory);
const json = async (...args: readonly string[]): Promise<unknown> =>
  await orreryJson(...args, "--data", world.directory);

const INSTANT = /\d{4}-\d\d-\d\dT02:30:00Z/;

describe("orrery pause", () => {
  it("pauses a schedule with a note, which the listing shows", async () => {
    const { code, out } = await call("pause", "nightly", "--note", "the bucket\nmoves");

    expect(code).toBe(0);
    expect(out).toMatch(
      /^nightly is paused since \d{4}.*Z: the bucket moves\n`orrery resume nightly`/,
    );
    const listed = (await call("schedules")).out.split("\n");
    expect(listed[1]).toMatch(/^asked +demo +- +-$/);
    expect(listed[2]).toMatch(/ paused by orrery: the bucket moves$/);
    expect(await json("schedules")).toMatchObject({
      schedules: [{}, { schedule: "nightly", pause: { by: "orrery", note: "the bucket\nmoves" } }],
    });
  });

  it("keeps the first note where it is repeated without one", async () => {
    const first = await json("pause", "nightly", "--note", "why");

    expect(await json("pause", "nightly")).toEqual(first);
  });

  it("is undone by orrery resume, which says when it fires next and may be repeated", async () => {
    await call("pause", "nightly");

    const { code, out } = await call("resume", "nightly");

    expect(code).toBe(0);
    expect(out).toMatch(/^nightly is not paused; it fires next at \d{4}.*T02:30:00Z\.\n$/);
    expect((await call("resume", "nightly")).out).toBe(out);
    expect((await call("resume", "asked")).out).toBe("asked is not paused.\n");
    expect(await json("resume", "nightly")).not.toHaveProperty("pause");
  });
});

describe("orrery skip", () => {
  it("leaves out the next occurrence, and prints what is left out", async () => {
    const { code, out } = await call("skip", "nightly");

    expect(code).toBe(0);
    expect(out).toMatch(/^nightly leaves out:\n {2}\d{4}.*T02:30:00Z\n$/);
    expect((await call("schedules")).out).toMatch(/nightly .* skips \d{4}.*T02:30:00Z\n/);
    expect((await call("skip", "nightly")).out).toBe(out);
  });

  it("takes a count, a time and --undo", async () => {
    const three = (await json("skip", "nightly", "--count", "3")) as {
      readonly skips: readonly { readonly nominalAt: string }[];
    };
    const [first, second] = three.skips.map(({ nominalAt }) => nominalAt);
    expect(three.skips).toHaveLength(3);
    expect((await call("schedules")).out).toContain(`skips ${first ?? ""} and 2 more`);

    const left = await call("skip", "nightly", "--undo", "--at", second ?? "");

    expect(left.out.match(new RegExp(INSTANT, "g"))).toHaveLength(2);
    expect((await call("skip", "nightly", "--undo")).out).toBe("Nothing of nightly is left out.\n");
    expect((await call("skip", "nightly", "--at", second ?? "")).out).toContain(second);
  });

  it("is an error for a time that the schedule does not name, and exits 2", async () => {
    const { code, out, err } = await call("skip", "nightly", "--at", "2099-01-15T02:31:00Z");

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("the next is 2099-01-16T02:30:00Z");
  });
});

describe("a schedule that is not there", () => {
  it.each(["pause", "resume", "skip"])(
    "is told with the nearest name by orrery %s",
    async (name) => {
      const { code, out, err } = await call(name, "nighty");

      expect({ code, out }).toEqual({ code: 3, out: "" });
      expect(err).toContain("Nothing was changed: schedule nighty is not configured");
      expect(err).toContain('(did you mean "nightly"?) [SCHEDULE_NOT_FOUND]');
    },
  );
});
