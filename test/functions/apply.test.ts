import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { handler } from "../../functions/apply/index.ts";
import { functionContext } from "../../infra/local/function-context.ts";
import { installParts } from "../../functions/wiring.ts";
import type { ConfigFiles, FileReading } from "../../shared/config/config-files.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { parseInstant } from "../../shared/core/time/instant.ts";
import { noTelemetry } from "../../shared/ports/telemetry.ts";
import type { Rejection } from "../../shared/records/rejection-record.ts";
import { scanSchedules } from "../../shared/records/schedule-record.ts";
import type { SourceApplied } from "../../shared/usecases/apply-source.ts";
import { listRejections } from "../../shared/usecases/list-rejections.ts";
import { aFolder } from "../infra/local/a-front.ts";
import { filesOf } from "../support/config-files.ts";
import { keptLog, type KeptLog } from "../support/kept-log.ts";
import { Opened, type Closing } from "../support/opened.ts";
import { realClock } from "../support/real-clock.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { openTestStore } from "../support/test-store.ts";
import { recordedEvent } from "./recorded-event.ts";

const CONTEXT = functionContext(
  { name: "apply", handler: "", timeoutMs: 60_000, memoryMb: 256, triggers: [] },
  { requestId: "r1", clock: realClock },
);

type Read = (path: string) => Promise<FileReading>;

interface ApplyWorld {
  /** What is in the bucket below `config/`. */
  texts: Record<string, string>;
  /** Stands before every reading of a file. */
  before: ((path: string, read: Read) => Promise<FileReading>) | undefined;
  readonly log: KeptLog;
  apply(event: string): Promise<SourceApplied | undefined>;
  /** The names of the live schedules. */
  live(): Promise<readonly string[]>;
  rejections(): Promise<readonly Rejection[]>;
  /** How often the schedules file was read. */
  readonly readings: number;
}

function aWorld(test: Closing): ApplyWorld {
  const store = openTestStore(join(aFolder(test), "orrery.db"));
  test.onTestFinished(async () => await store.close());
  const log = keptLog();
  let readings = 0;
  const open = (): ConfigFiles => ({
    ...filesOf(world.texts),
    read: async (path) => {
      if (path === "orrery.yaml") readings += 1;
      const read: Read = async (asked) => await filesOf(world.texts).read(asked);
      return await (world.before?.(path, read) ?? read(path));
    },
  });
  installParts({
    ...{ store, log, clock: realClock, random: seededRandom(1), telemetry: noTelemetry },
    // Nothing waits in these worlds, so nobody is told of anything.
    queue: { send: async () => await Promise.reject(new Error("nothing is to be sent")) },
    configuration: { prefix: "config/", file: "orrery.yaml", open },
  });
  const world: ApplyWorld = {
    texts: {},
    before: undefined,
    log,
    apply: async (event) =>
      (await handler(recordedEvent(event) as never, CONTEXT)) as SourceApplied | undefined,
    live: async () =>
      await store.snapshot(async (reader) => {
        const records = await scanSchedules(reader, { limit: limits.scanRows });
        return records.map(({ schedule }) => String(schedule));
      }),
    rejections: async () => await listRejections({ store }, 10),
    get readings() {
      return readings;
    },
  };
  return world;
}

const yaml = (name: string, job = '{ cmd: "true" }'): string => `version: 1
defaults: { project: demo }
schedules:
  ${name}:
    when: { every: 1h }
    job: ${job}
`;

describe("a schedules file that was written into the bucket", () => {
  it.each(["object-create", "object-update", "object-batch"])(
    "is live once its event was handled, however often it comes: %s",
    async (event) => {
      await using opened = new Opened();
      const world = aWorld(opened);
      world.texts = { "orrery.yaml": yaml("nightly") };

      const first = await world.apply(event);
      const second = await world.apply(event);

      expect(first).toMatchObject({ outcome: "applied", applied: { added: ["nightly"] } });
      expect(second).toMatchObject({ outcome: "applied", applied: { added: [], unchanged: 1 } });
      expect(await world.live()).toEqual(["nightly"]);
      expect(world.readings).toBe(2);
    },
  );

  it("counts as it is by now, and not as it was when its event was sent", async (test) => {
    const world = aWorld(test);
    world.texts = { "orrery.yaml": yaml("newer") };
    await world.apply("object-update");

    await world.apply("object-create");

    expect(await world.live()).toEqual(["newer"]);
  });

  it("is read with the job's file beside it, whose change counts as one of it", async (test) => {
    const world = aWorld(test);
    const job = "./jobs/train/config.yaml";
    world.texts = { "orrery.yaml": yaml("nightly", job), [job]: "cmd: echo one\n" };
    await world.apply("object-create");
    world.texts[job] = "cmd: echo two\n";

    const applied = await world.apply("object-job-file");

    expect(applied).toMatchObject({ applied: { changed: ["nightly"] } });
  });

  it("is not read for what is elsewhere in the bucket", async (test) => {
    const world = aWorld(test);
    world.texts = { "orrery.yaml": yaml("nightly") };

    expect(await world.apply("object-elsewhere")).toBeUndefined();
    expect(world.readings).toBe(0);
  });

  it("is left for the trigger to send again where the bucket does not answer", async (test) => {
    const world = aWorld(test);
    world.before = () =>
      Promise.reject(new OrreryError("BUCKET_UNAVAILABLE", "The bucket did not answer"));

    await expect(world.apply("object-create")).rejects.toMatchObject({
      code: "BUCKET_UNAVAILABLE",
    });
    expect(await world.rejections()).toEqual([]);
  });
});

describe("a schedules file with problems", () => {
  it("is reported with every place, set aside once, and changes nothing that is live", async (test) => {
    const world = aWorld(test);
    world.texts = { "orrery.yaml": yaml("nightly") };
    await world.apply("object-create");
    world.texts = { "orrery.yaml": yaml("other").replace("every: 1h", "evry: 1h") };

    const applied = await world.apply("object-update");
    await world.apply("object-update");

    expect(applied).toMatchObject({
      outcome: "rejected",
      reason: "orrery.yaml has 2 problems: nothing of it was used",
    });
    expect(await world.live()).toEqual(["nightly"]);
    const said = world.log.entries.filter(({ name }) => name === "configuration.problem");
    expect(said[1]).toMatchObject({
      level: "warn",
      message: expect.stringContaining("orrery.yaml:5:13 schedules.other.when.evry") as string,
      fields: { file: "orrery.yaml", line: 5, column: 13 },
    });
    expect(world.log.entries.at(-1)).toMatchObject({
      level: "error",
      name: "configuration.rejected",
      message: expect.stringContaining("The live configuration stays as it was") as string,
    });
    const rejections = await world.rejections();
    expect(rejections).toHaveLength(1);
    expect(rejections[0]).toMatchObject({
      source: "apply",
      id: "b1c2d3e4-0002",
      sentAt: parseInstant("2027-01-15T00:00:00.123Z"),
      reason: expect.stringMatching(
        /^orrery\.yaml:5:\d+ .* \(orrery\.yaml has 2 problems/,
      ) as string,
      excerpt: expect.stringContaining("evry: 1h") as string,
    });
  });

  it("does not stop the next one, which is right", async (test) => {
    const world = aWorld(test);
    world.texts = { "orrery.yaml": "version: 1\nschedules: [" };
    await world.apply("object-create");

    world.texts = { "orrery.yaml": yaml("nightly") };
    await world.apply("object-update");

    expect(await world.live()).toEqual(["nightly"]);
  });
});

describe("a schedules file that was removed", () => {
  it("is reported, and what is live stays", async (test) => {
    const world = aWorld(test);
    world.texts = { "orrery.yaml": yaml("nightly") };
    await world.apply("object-create");
    world.texts = {};

    const applied = await world.apply("object-delete");

    expect(applied).toMatchObject({ outcome: "rejected", problems: [] });
    expect(await world.live()).toEqual(["nightly"]);
    expect(await world.rejections()).toMatchObject([
      { source: "apply", reason: "Cannot read /config/orrery.yaml: it is not there" },
    ]);
  });
});

describe("two changes at once", () => {
  /** The first reading of the schedules file waits with what it has seen until it is let go. */
  function held(world: ApplyWorld): {
    readonly hasRead: Promise<unknown>;
    readonly letGo: () => void;
  } {
    const hasRead = Promise.withResolvers<undefined>();
    const letGo = Promise.withResolvers<undefined>();
    let isFirst = true;
    world.before = async (path, read) => {
      const seen = await read(path);
      if (!isFirst || path !== "orrery.yaml") return seen;
      isFirst = false;
      hasRead.resolve(undefined);
      await letGo.promise;
      return seen;
    };
    return { hasRead: hasRead.promise, letGo: () => letGo.resolve(undefined) };
  }

  it.each([
    ["a new one", "before"],
    ["the one that is live already", "newer"],
  ])("leave the later content live, whoever writes last, where it is %s", async (_what, live) => {
    await using opened = new Opened();
    const world = aWorld(opened);
    world.texts = { "orrery.yaml": yaml(live) };
    await world.apply("object-create");
    const { hasRead, letGo } = held(world);

    world.texts = { "orrery.yaml": yaml("older") };
    const slow = world.apply("object-create");
    await hasRead;
    world.texts = { "orrery.yaml": yaml("newer") };
    await world.apply("object-update");
    letGo();

    expect(await slow).toMatchObject({ outcome: "applied" });
    expect(await world.live()).toEqual(["newer"]);
  });

  it("report no problem of a content that was mended meanwhile", async (test) => {
    const world = aWorld(test);
    const { hasRead, letGo } = held(world);

    world.texts = { "orrery.yaml": "version: 1\nschedules: [" };
    const slow = world.apply("object-create");
    await hasRead;
    world.texts = { "orrery.yaml": yaml("newer") };
    await world.apply("object-update");
    letGo();

    expect(await slow).toMatchObject({ outcome: "applied" });
    expect(await world.rejections()).toEqual([]);
  });

  it("end, for the trigger to send again, where others never let one come to its end", async (test) => {
    const world = aWorld(test);
    world.texts = { "orrery.yaml": yaml("nightly") };
    let depth = 0;
    world.before = async (path, read) => {
      const seen = await read(path);
      if (depth > 0) return seen;
      depth += 1;
      await world.apply("object-update");
      depth -= 1;
      return seen;
    };

    await expect(world.apply("object-create")).rejects.toMatchObject({ code: "STORE_BUSY" });
  });
});
