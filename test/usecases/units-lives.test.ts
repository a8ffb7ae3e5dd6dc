import { describe, expect, it } from "vitest";
import { expectNoStrayExecution, expectNothingOwed } from "../support/invariants.ts";
import { ProjectLife } from "../support/project-life.ts";

/**
 * P4 through the use cases: whole lives of a project, with crashes, lost answers and limits that
 * change in the middle of everything, and its rows read after every commit by somebody who shares no
 * arithmetic with them. A life that fails is told with its seed:
 *
 *     LIVES_SEED=4711 LIVES=1 npx vitest run --project orrery test/usecases/units-lives.test.ts
 */
const isQuick = process.env["TEST_STORE"] !== "ydb";
const LIVES = Number(process.env["LIVES"] ?? (isQuick ? 16 : 2));
const FIRST_SEED = Number(process.env["LIVES_SEED"] ?? 1);
const STEPS = 25;
/** A second of a processor for each life, and a machine that has others to serve. */
const PATIENCE_MS = 60_000 + 20_000 * LIVES;

describe("random lives of a project whose process is killed and whose store fails", () => {
  it(
    "keep every limit after every commit, and owe nothing in the end",
    async () => {
      let [commits, entries, kills] = [0, 0, 0];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + LIVES; seed += 1) {
        const life = new ProjectLife(seed);
        await life.live(STEPS);
        const label = `LIVES_SEED=${seed} LIVES=1\n${life.story}\n`;
        expect(life.wrongs, label).toEqual([]);
        await expectNothingOwed(life.world, label);
        await expectNoStrayExecution(life.world, label);
        await life.world.close();
        commits += life.commits;
        entries += life.entries;
        kills += life.kills;
      }

      // Else they went by without much happening in them.
      expect(commits).toBeGreaterThan(100 * LIVES);
      expect(entries).toBeGreaterThan(20 * LIVES);
      expect(kills).toBeGreaterThan(LIVES);
    },
    PATIENCE_MS,
  );
});
