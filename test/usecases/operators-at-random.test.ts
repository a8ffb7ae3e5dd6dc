import { afterEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../shared/core/ids.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { pauseSchedule, resumeSchedule } from "../../shared/usecases/pause-schedule.ts";
import { skipOccurrences, unskipOccurrences } from "../../shared/usecases/skip-occurrences.ts";
import { aConfiguration, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { stateOf, World } from "../support/world.ts";

/**
 * Operators act at any instant, files are applied, messages are lost and ticks fail to come. Whatever
 * the order, an occurrence is left out where a person who keeps book would say so, and else it runs.
 */
const LIFE_MINUTES = 45;
const nightly = scheduleName("nightly");

let world: World;
afterEach(async () => await world.close());

/** What a person who keeps book knows. */
class Book {
  readonly #pauses: { readonly at: Instant; until: Instant }[] = [];
  /** Occurrences that are left out, by the minute. */
  readonly #skips = new Set<number>();
  #isPaused = false;

  pause(now: Instant): void {
    if (!this.#isPaused) this.#pauses.push({ at: now, until: plusMs(START_AT, DAY_MS) });
    this.#isPaused = true;
  }

  resume(now: Instant): void {
    const last = this.#pauses.at(-1);
    if (this.#isPaused && last !== undefined) last.until = now;
    this.#isPaused = false;
  }

  skip(now: Instant, count: number): void {
    const next = Math.floor((now - START_AT) / MINUTE_MS) + 1;
    for (let minute = next; minute < next + count; minute += 1) this.#skips.add(minute);
  }

  undo(now: Instant): void {
    const isToCome = (minute: number): boolean => START_AT + minute * MINUTE_MS > now;
    for (const minute of this.#skips) if (isToCome(minute)) this.#skips.delete(minute);
  }

  expected(minute: number): string {
    const dueAt = START_AT + minute * MINUTE_MS;
    if (this.#pauses.some(({ at, until }) => at < dueAt && dueAt <= until))
      return "skipped (paused)";
    return this.#skips.has(minute) ? "skipped (skip_requested)" : "succeeded";
  }
}

async function apply(draw: number): Promise<void> {
  const timing = aTiming({ when: [aCron("* * * * *")] });
  const policies = draw < 0.5 ? {} : { timeoutMs: 20 * MINUTE_MS, priority: "high" as const };
  const schedule = {
    timing,
    overlap: "allow",
    catchup: { policy: "all", windowMs: DAY_MS },
  } as const;
  await world.apply(aConfiguration({ schedules: [aSchedule({ ...schedule, ...policies })] }));
}

async function act(book: Book, random: ReturnType<typeof seededRandom>): Promise<void> {
  const draw = random.fraction();
  const now = world.clock.now();
  if (draw < 0.25) {
    book.pause(now);
    await pauseSchedule(world.services, nightly, { by: "anna" });
  } else if (draw < 0.5) {
    book.resume(now);
    await resumeSchedule(world.services, nightly, "anna");
  } else if (draw < 0.7) {
    const count = 1 + Math.floor(random.fraction() * 4);
    book.skip(now, count);
    await skipOccurrences(world.services, nightly, { count });
  } else if (draw < 0.8) {
    book.undo(now);
    await unskipOccurrences(world.services, nightly, undefined);
  } else {
    await apply(random.fraction());
  }
}

/** Time goes on: as ever, without a tick, or with every message lost. */
async function goOn(random: ReturnType<typeof seededRandom>): Promise<void> {
  const stepMs = Math.floor(random.fraction() * 150 * SECOND_MS);
  const draw = random.fraction();
  if (draw < 0.1) world.dropAllMessages();
  if (draw > 0.8) await world.clock.advance(stepMs);
  else await world.live(stepMs);
}

describe("a schedule whose operators act at any time", () => {
  it.each([1, 2, 3, 4, 5, 6])(
    "leaves out what they said, and nothing else: life %i",
    async (seed) => {
      world = new World({ seed });
      world.alwaysRuns("nightly", exits(SECOND_MS));
      const random = seededRandom(seed);
      const book = new Book();
      await apply(0);

      const endAt = plusMs(START_AT, LIFE_MINUTES * MINUTE_MS);
      while (world.clock.now() < endAt) {
        await goOn(random);
        await act(book, random);
      }
      const now = world.clock.now();
      book.pause(now);
      await pauseSchedule(world.services, nightly, { by: "anna" });
      // What lost its messages is found by its timers.
      await world.live(40 * MINUTE_MS);

      const runs = (await world.runs("nightly")).filter(({ nominalAt }) => nominalAt <= now);
      const minutes = 1 + Math.floor((now - START_AT) / MINUTE_MS);
      const expected = Array.from({ length: minutes }, (_, minute) => book.expected(minute));
      expect(runs.map(stateOf)).toEqual(expected);
      expect(new Set(expected).size).toBe(3);
      expect(world.failures).toEqual([]);
      await world.apply(aConfiguration({ schedules: [] }));
      await world.live(2 * MINUTE_MS);
      await expectNothingOwed(world);
    },
  );
});
