import { describe, expect, it } from "vitest";
import { watchFile } from "../../cli/watch-file.ts";
import { ManualClock } from "../../shared/adapters/manual/manual-clock.ts";
import { limits } from "../../shared/core/limits.ts";
import { at } from "../support/timing-builder.ts";

interface World {
  readonly clock: ManualClock;
  /** The fingerprint at each time the file was read again. */
  readonly read: readonly string[];
  write(fingerprint: string): void;
  look(): Promise<void>;
  stop(): void;
}

function aWatchedFile(now: string, applied = now): World {
  const clock = new ManualClock(at("2027-01-01T00:00:00Z"));
  const read: string[] = [];
  let fingerprint = now;
  const stop = watchFile({
    clock,
    fingerprint: () => fingerprint,
    applied,
    changed: () => {
      read.push(fingerprint);
      return Promise.resolve(fingerprint);
    },
  });
  return {
    clock,
    read,
    write: (written) => {
      fingerprint = written;
    },
    look: async () => await clock.advance(limits.configPollMs),
    stop,
  };
}

describe("a watched file", () => {
  it("is read again once it changed and stood still for one look", async () => {
    const file = aWatchedFile("v1");

    file.write("v2");
    await file.look();
    expect(file.read).toEqual([]);
    await file.look();
    await file.look();
    await file.look();

    expect(file.read).toEqual(["v2"]);
  });

  it("is not read while it is still being written", async () => {
    const file = aWatchedFile("v1");

    for (const part of ["v2 part", "v2 more", "v2 most"]) {
      file.write(part);
      await file.look();
    }
    expect(file.read).toEqual([]);
    await file.look();

    expect(file.read).toEqual(["v2 most"]);
  });

  it("is left alone where it is back to what was applied", async () => {
    const file = aWatchedFile("v1");

    file.write("v2");
    await file.look();
    file.write("v1");
    await file.look();
    await file.look();

    expect(file.read).toEqual([]);
  });

  it("is read where it changed between its first reading and the watch", async () => {
    const file = aWatchedFile("v2", "v1");

    await file.look();
    await file.look();

    expect(file.read).toEqual(["v2"]);
  });

  it("is not looked at any more once the watch has ended", async () => {
    const file = aWatchedFile("v1");

    file.stop();
    file.write("v2");
    await file.clock.advance(10 * limits.configPollMs);

    expect(file.read).toEqual([]);
    expect(file.clock.nextAlarmAt()).toBeUndefined();
  });
});

describe("a file that changes while it is being applied", () => {
  it("is applied again, one reading at a time", async () => {
    const clock = new ManualClock(at("2027-01-01T00:00:00Z"));
    let fingerprint = "v1";
    let underWay = 0;
    let most = 0;
    const read: string[] = [];
    let finish = (): void => undefined;
    watchFile({
      clock,
      fingerprint: () => fingerprint,
      applied: "v1",
      changed: async () => {
        const reading = fingerprint;
        read.push(reading);
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise<void>((resolve) => (finish = resolve));
        underWay -= 1;
        return reading;
      },
    });

    fingerprint = "v2";
    await clock.advance(2 * limits.configPollMs);
    fingerprint = "v3";
    await clock.advance(5 * limits.configPollMs);
    finish();
    await clock.advance(0);
    await clock.advance(2 * limits.configPollMs);

    expect(read).toEqual(["v2", "v3"]);
    expect(most).toBe(1);
  });
});
