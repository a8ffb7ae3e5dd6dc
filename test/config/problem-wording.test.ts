import { describe, expect, it } from "vitest";
import { parseByteSize } from "../../shared/config/byte-size.ts";
import { describeValue } from "../../shared/config/describe-value.ts";
import { didYouMean } from "../../shared/config/did-you-mean.ts";
import { formatPath, formatProblem, inTextOrder } from "../../shared/config/located-problem.ts";

describe("a hint at a name", () => {
  const known = ["timezone", "timeout", "overlap", "job"];

  it.each([
    ["tiemzone", ' (did you mean "timezone"?)'],
    ["time-out", ' (did you mean "timeout"?)'],
    ["Overlap", ' (did you mean "overlap"?)'],
    ["jbo", ' (did you mean "job"?)'],
    ["jb", ' (did you mean "job"?)'],
    ["cron", ""],
    ["x", ""],
    ["", ""],
  ])("for %j is %j", (text, hint) => {
    expect(didYouMean(text, known)).toBe(hint);
  });

  it("is not sought among more names than it is worth", () => {
    expect(
      didYouMean(
        "n0",
        Array.from({ length: 501 }, (_, n) => `n${n}`),
      ),
    ).toBe("");
  });
});

describe("a size", () => {
  it.each([
    ["1B", 1],
    ["2KB", 2048],
    ["100GB", 100 * 1024 ** 3],
    ["10 TB", 10 * 1024 ** 4],
    ["1PB", 1024 ** 5],
    ["9PB", undefined],
    ["100", undefined],
    ["1.5GB", undefined],
    ["1 gb", undefined],
    ["-1GB", undefined],
    ["", undefined],
  ])("%j is %j bytes", (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });
});

describe("what was found", () => {
  it.each([
    ["text", '"text" (text)'],
    ["", "an empty text"],
    ["a\u001b\n", '"a\\u001b\\n" (text)'],
    ["x".repeat(61), `"${"x".repeat(60)}…" (text)`],
    [5, "5 (number)"],
    [true, "true (boolean)"],
    [null, "nothing"],
    [undefined, "nothing"],
    [[], "a list"],
    [{}, "a mapping"],
  ])("is said in plain words: %j", (value, words) => {
    expect(describeValue(value, ["a"])).toBe(words);
  });

  it.each([[["webhook", "secret"]], [["env", "vars", 0]], [["env", "docker", "password"]]])(
    "is not repeated at %j",
    (path) => {
      expect(describeValue("hunter2", path)).toBe("text");
      expect(describeValue(1234, path)).toBe("a number");
    },
  );
});

describe("a located problem", () => {
  const problem = {
    file: "orrery.yaml",
    line: 3,
    column: 7,
    path: "schedules.a.when",
    found: "nothing",
    expected: "a mapping",
    excerpt: "",
  };

  it("is printed on one line", () => {
    expect(formatProblem(problem)).toBe(
      "orrery.yaml:3:7 schedules.a.when: found nothing, expected a mapping",
    );
  });

  it("has no path when it is about the whole file", () => {
    expect(formatProblem({ ...problem, path: "" })).toBe(
      "orrery.yaml:3:7: found nothing, expected a mapping",
    );
  });

  it("says who named its file", () => {
    expect(formatProblem({ ...problem, referredBy: "orrery.yaml schedules.a.job" })).toBe(
      "orrery.yaml:3:7 schedules.a.when: found nothing, expected a mapping (named by orrery.yaml schedules.a.job)",
    );
  });

  it("quotes the steps of its path that need it", () => {
    expect(formatPath(["rates", "c1.4", 0, "x"])).toBe('rates."c1.4"[0].x');
  });

  it("stands once in a list, in the order of the text", () => {
    const earlier = { ...problem, line: 2, column: 90 };

    expect(inTextOrder([problem, earlier, { ...problem, path: "elsewhere" }])).toEqual([
      earlier,
      problem,
    ]);
  });
});
