import { describe, expect, it } from "vitest";
import { Rounds } from "../../../infra/local/rounds.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { keptLog } from "../../support/kept-log.ts";
import { at } from "../../support/timing-builder.ts";

const aClock = (): ManualClock => new ManualClock(at("2027-01-01T00:00:00Z"));

describe("a chore", () => {
  it("is done a period after it was last done, first one period from now", async () => {
    const clock = aClock();
    const doneAt: number[] = [];
    const startAt = clock.now();
    const rounds = new Rounds(clock, keptLog());

    rounds.every(100, () => {
      doneAt.push(clock.now() - startAt);
      return Promise.resolve();
    });
    await clock.advance(350);

    expect(doneAt).toEqual([100, 200, 300]);
  });

  it("that takes long is not begun a second time meanwhile", async () => {
    const clock = aClock();
    let begun = 0;
    let finish = (): void => undefined;
    const rounds = new Rounds(clock, keptLog());
    rounds.every(100, async () => {
      begun += 1;
      await new Promise<void>((resolve) => (finish = resolve));
    });

    await clock.advance(1_000);
    expect(begun).toBe(1);
    finish();
    await clock.advance(0);
    await clock.advance(100);

    expect(begun).toBe(2);
  });

  it("that fails is logged and done again", async () => {
    const clock = aClock();
    const log = keptLog();
    let tries = 0;
    const rounds = new Rounds(clock, log);

    rounds.every(100, () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error("disk full")) : Promise.resolve();
    });
    await clock.advance(200);

    expect(tries).toBe(2);
    expect(log.entries).toMatchObject([
      { level: "error", message: "A chore failed and is tried again: disk full" },
    ]);
  });
});

describe("stopped rounds", () => {
  it("begin nothing any more, not even what is asked for afterwards", async () => {
    const clock = aClock();
    let done = 0;
    const chore = (): Promise<void> => {
      done += 1;
      return Promise.resolve();
    };
    const rounds = new Rounds(clock, keptLog());
    rounds.every(100, chore);

    await rounds.stop();
    rounds.every(100, chore);
    await clock.advance(1_000);

    expect(done).toBe(0);
    expect(clock.nextAlarmAt()).toBeUndefined();
  });

  it("wait for the chore under way, and let it be the last", async () => {
    const clock = aClock();
    const rounds = new Rounds(clock, keptLog());
    let finish = (): void => undefined;
    rounds.every(100, async () => await new Promise<void>((resolve) => (finish = resolve)));
    await clock.advance(100);

    let stopped = false;
    const stopping = rounds.stop().then(() => (stopped = true));
    await clock.advance(0);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    await clock.advance(0);

    expect(clock.nextAlarmAt()).toBeUndefined();
  });
});
