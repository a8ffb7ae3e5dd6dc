import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { costSections, withSections } from "../support/ru-document.ts";
import { flows, measureFlows, type MeasuredFlow } from "../support/ru-flows.ts";
import { type PinnedCost, pinnedCost } from "../support/ru-report.ts";

/**
 * What each flow costs in all: statements sent, transactions rolled back, rows, request units. A
 * change that costs more has to say so here; one that costs less is to be proud of.
 */
const PINNED: Readonly<Record<string, PinnedCost>> = {
  "tick-idle-1": { queries: 1, rollbacks: 1, read: 0, written: 0, deleted: 0, ru: 0 },
  "tick-idle-1000": { queries: 1, rollbacks: 1, read: 0, written: 0, deleted: 0, ru: 0 },
  "fire-1": { queries: 3, rollbacks: 1, read: 2, written: 2, deleted: 0, ru: 6 },
  "fire-50": { queries: 19, rollbacks: 1, read: 100, written: 100, deleted: 0, ru: 300 },
  run: { queries: 18, rollbacks: 8, read: 10, written: 7, deleted: 1, ru: 26 },
  "run-50": { queries: 189, rollbacks: 20, read: 320, written: 270, deleted: 50, ru: 966 },
  "run-50-projects": {
    queries: 537,
    rollbacks: 110,
    read: 455,
    written: 350,
    deleted: 50,
    ru: 1255,
  },
  "run-minute": { queries: 30, rollbacks: 13, read: 19, written: 10, deleted: 2, ru: 43 },
  "run-hour": { queries: 165, rollbacks: 138, read: 102, written: 22, deleted: 8, ru: 162 },
  poll: { queries: 1, rollbacks: 1, read: 1, written: 0, deleted: 0, ru: 1 },
  "wait-hour": { queries: 91, rollbacks: 67, read: 31, written: 10, deleted: 5, ru: 61 },
  "again-submit": { queries: 3, rollbacks: 1, read: 2, written: 0, deleted: 0, ru: 2 },
  "again-watch": { queries: 1, rollbacks: 1, read: 1, written: 0, deleted: 0, ru: 1 },
  "again-notify": { queries: 1, rollbacks: 1, read: 1, written: 0, deleted: 0, ru: 1 },
  "get-project": { queries: 3, rollbacks: 1, read: 4, written: 0, deleted: 0, ru: 4 },
  "get-run": { queries: 2, rollbacks: 1, read: 4, written: 0, deleted: 0, ru: 4 },
  "get-operation": { queries: 2, rollbacks: 1, read: 4, written: 0, deleted: 0, ru: 4 },
  "list-runs": { queries: 5, rollbacks: 2, read: 104, written: 0, deleted: 0, ru: 104 },
  "list-runs-all": { queries: 20, rollbacks: 2, read: 181, written: 0, deleted: 0, ru: 181 },
  "list-operations": { queries: 8, rollbacks: 1, read: 205, written: 0, deleted: 0, ru: 205 },
};

const HOW_TO_UPDATE =
  "The cost of this flow changed. `npm run bench -- ru --log FLOW` shows each request of it. If the " +
  "change is meant, put what `npm run bench -- ru --pins` prints into this test and run " +
  "`npm run bench -- ru --document`, which writes docs/cost.md.";

let measured: readonly MeasuredFlow[];

// Every flow takes a world and a database of its own, and one of them an hour of virtual time.
beforeAll(async () => {
  measured = await measureFlows();
}, 300_000);

function costOf(name: string): PinnedCost {
  const found = measured.find(({ flow }) => flow.name === name);
  if (found === undefined) throw new Error(`${name} is not measured`);
  return pinnedCost(found);
}

/** Request units, shared among those that were measured together. */
function ruEach(name: string): number {
  const { shares = 1 } = flows.find((flow) => flow.name === name) ?? {};
  return costOf(name).ru / shares;
}

describe("what the database is asked for", () => {
  it.each(flows.map(({ name, what }) => [name, what]))("%s costs what is pinned: %s", (name) => {
    expect(costOf(name), HOW_TO_UPDATE).toEqual(PINNED[name]);
  });

  it("is pinned for every flow, and for nothing else", () => {
    expect(Object.keys(PINNED)).toEqual(flows.map(({ name }) => name));
  });

  it("is what docs/cost.md says", () => {
    const document = readFileSync("docs/cost.md", "utf8");

    expect(withSections(document, costSections(measured)), HOW_TO_UPDATE).toBe(document);
  });

  it("follows the published rule, request by request", () => {
    for (const request of measured.flatMap(({ spent }) => spent.requests)) {
      const { rowsRead, bytesRead, rowsWritten, bytesWritten, rowsDeleted } = request;
      const reads = Math.max(rowsRead, Math.ceil(bytesRead / 4096));
      const writes = Math.max(rowsWritten, Math.ceil(bytesWritten / 1024));
      expect(request.ru).toBe(reads + 2 * (writes + rowsDeleted));
    }
  });

  it("is compiled once and kept", () => {
    const queries = measured
      .flatMap(({ spent }) => spent.requests)
      .filter(({ method }) => method === "ExecuteDataQuery");

    expect(queries.filter(({ keepsPlan }) => !keepsPlan)).toEqual([]);
  });
});

describe("the budgets", () => {
  it("of a tick that finds nothing due hold for any number of schedules", () => {
    expect(costOf("tick-idle-1").ru).toBeLessThanOrEqual(limits.timerLanes);
    expect(costOf("tick-idle-1000")).toEqual(costOf("tick-idle-1"));
  });

  it("of a run with one notification hold where it is alone", () => {
    expect(ruEach("run")).toBeLessThanOrEqual(30);
  });

  it("of a run with one notification hold for each of fifty that fire together in one project", () => {
    expect(ruEach("run-50")).toBeLessThanOrEqual(20);
  });

  // In fifty projects nothing is shared but the scan and the configuration: row by row this is what is
  // left, as docs/decisions/0022-looks-at-one-project-share-transactions.md adds it up.
  it("of a run with one notification are 26 for each of fifty projects that fire together", () => {
    expect(ruEach("run-50-projects")).toBeLessThanOrEqual(26);
  });
});
