import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../shared/core/errors.ts";
import { REASON_CODES } from "../shared/core/run/reason.ts";
import { FINAL_STATES, LIVE_STATES } from "../shared/core/run/run.ts";
import type { RunEvent } from "../shared/core/run/run-state.ts";

/** The lists in the documentation and the lists in the code are the same lists. */

/** The codes that begin the rows of a page's tables: `| \`CODE\` | …`. */
function codesOf(page: string): readonly string[] {
  const rows = readFileSync(page, "utf8").matchAll(/^\|\s*`(\w+)`\s*\|/gm);
  return Array.from(rows, ([, code = ""]) => code);
}

const EVENTS = Object.keys({
  wait: true,
  admit: true,
  launch: true,
  observe: true,
  conclude: true,
  cancel: true,
  end: true,
  retry: true,
} satisfies Record<RunEvent["kind"], true>);

describe("docs/errors.md", () => {
  it("has every error code once, and no other", () => {
    expect(codesOf("docs/errors.md").toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
  });
});

describe("docs/reasons.md", () => {
  it("has every reason code once, and no other", () => {
    expect(codesOf("docs/reasons.md").toSorted()).toEqual([...REASON_CODES].toSorted());
  });
});

describe("docs/architecture.md", () => {
  const text = readFileSync("docs/architecture.md", "utf8");
  const [, section = ""] = /^### Runs: states and events$(.*?)^###? /ms.exec(text) ?? [];
  const codes = (part: string): readonly string[] =>
    Array.from(part.matchAll(/`(\w+)`/g), ([, name = ""]) => name);

  it("has every state of a run, and no other", () => {
    const [list = ""] = section.split("|");

    expect(codes(list).toSorted()).toEqual([...LIVE_STATES, ...FINAL_STATES].toSorted());
  });

  it("has a row for every event of a run, and no other", () => {
    const rows = section.split("\n").filter((line) => line.startsWith("| `"));

    expect(rows.flatMap((row) => codes(row).slice(0, 1)).toSorted()).toEqual(EVENTS.toSorted());
  });

  it("has a column for every live state, and one for the final ones", () => {
    const [head = ""] = section.split("\n").filter((line) => line.startsWith("| event"));
    const columns = head.split("|").map((cell) => cell.trim());

    expect(columns.slice(2, -1)).toEqual([...LIVE_STATES, "final"]);
  });
});

describe("the source", () => {
  const sources = globSync("{shared,functions,infra,cli}/**/*.ts").filter(
    (path) => !path.endsWith("core/errors.ts") && !path.endsWith("core/run/reason.ts"),
  );
  const text = sources.map((path) => readFileSync(path, "utf8")).join("\n");

  it.each(Object.keys(ERROR_CODES))("can fail with %s", (code) => {
    expect(text.includes(`"${code}"`)).toBe(true);
  });

  it.each(REASON_CODES)("can give the reason %s", (code) => {
    expect(text.includes(`"${code}"`)).toBe(true);
  });
});
