import { describe, expect, it } from "vitest";
import { bar, FULL, HELD } from "../../cli/bar.ts";
import { grouped } from "../../cli/number-text.ts";
import { sparkline } from "../../cli/sparkline.ts";

describe("a bar", () => {
  it.each([
    [0, "░░░░░░░░░░"],
    [0.001, "█░░░░░░░░░"],
    [0.5, "█████░░░░░"],
    [0.51, "██████░░░░"],
    [1, "██████████"],
    [7, "██████████"],
    [-1, "░░░░░░░░░░"],
  ])("that is full to %d shows %s", (share, drawn) => {
    expect(bar([{ share, char: FULL }], 10)).toBe(drawn);
  });

  it("has its parts one behind the other, and never grows", () => {
    const parts = [
      { share: 0.55, char: FULL },
      { share: 0.45, char: HELD },
    ];

    expect(bar(parts, 10)).toBe("██████▒▒▒▒");
  });
});

describe("a sparkline", () => {
  it.each([
    [[], ""],
    [[0, 0, 0], "▁▁▁"],
    [[1], "█"],
    [[0, 1, 1_000_000], "▁▂█"],
    [[1, 2, 3, 4, 5, 6, 7], "▂▃▄▅▆▇█"],
  ])("of %j is %s", (numbers, drawn) => {
    expect(sparkline(numbers)).toBe(drawn);
  });
});

describe("a number for people", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [-12_345_678, "-12,345,678"],
    [9_007_199_254_740_993n, "9,007,199,254,740,993"],
  ])("%s reads %s", (number, text) => {
    expect(grouped(number)).toBe(text);
  });
});
