import { describe, expect, it } from "vitest";
import { parseCron } from "../../../shared/core/schedule/cron-pattern.ts";
import { nextLocal } from "../../../shared/core/schedule/next-local.ts";
import { formatLocalTime, localTime } from "../../../shared/core/time/local-time.ts";

/** The first local times from a Thursday on, 2026-01-01T00:00:00. */
function walk(expression: string, count: number, from = "2026-01-01T00:00:00"): readonly string[] {
  const pattern = parseCron(expression);
  if (!pattern.ok) return pattern.problems.map(({ expected }) => expected);
  const walked: string[] = [];
  let cursor = Date.parse(`${from}Z`);
  while (walked.length < count) {
    const local = nextLocal(pattern.value, localTime(cursor));
    if (local === undefined) break;
    walked.push(formatLocalTime(local));
    cursor = local + 1;
  }
  return walked;
}

const days = (expression: string, count: number, from?: string): readonly string[] =>
  walk(expression, count, from).map((local) => local.slice(0, 10));
const times = (expression: string, count: number): readonly string[] =>
  walk(expression, count).map((local) => local.slice(11));

/** What is wrong with an expression, as "found: expected" lines. */
function complaints(expression: string): readonly string[] {
  const pattern = parseCron(expression);
  return pattern.ok ? [] : pattern.problems.map(({ found, expected }) => `${found}: ${expected}`);
}

describe("a cron text that is accepted", () => {
  it("has five fields, or six with seconds first", () => {
    expect(times("5 4 * * *", 1)).toEqual(["04:05:00"]);
    expect(times("30 5 4 * * *", 1)).toEqual(["04:05:30"]);
  });

  it("may be spaced in any way", () => {
    expect(times("  5\t4  *  * * ", 1)).toEqual(["04:05:00"]);
  });

  it.each([
    ["@hourly", ["2026-01-01T00:00:00", "2026-01-01T01:00:00"]],
    ["@daily", ["2026-01-01T00:00:00", "2026-01-02T00:00:00"]],
    ["@midnight", ["2026-01-01T00:00:00", "2026-01-02T00:00:00"]],
    ["@weekly", ["2026-01-04T00:00:00", "2026-01-11T00:00:00"]],
    ["@monthly", ["2026-01-01T00:00:00", "2026-02-01T00:00:00"]],
    ["@yearly", ["2026-01-01T00:00:00", "2027-01-01T00:00:00"]],
    ["@Annually", ["2026-01-01T00:00:00", "2027-01-01T00:00:00"]],
  ])("may be the nickname %s", (nickname, expected) => {
    expect(walk(nickname, 2)).toEqual(expected);
  });

  it.each([
    ["5/15 0 * * *", ["00:05:00", "00:20:00", "00:35:00", "00:50:00"]],
    ["*/25 0 * * *", ["00:00:00", "00:25:00", "00:50:00"]],
    ["10-40/15 0 * * *", ["00:10:00", "00:25:00", "00:40:00"]],
    ["05,5,005 00 * * *", ["00:05:00"]],
    ["1-3,2-4 0 * * *", ["00:01:00", "00:02:00", "00:03:00", "00:04:00"]],
    ["*/60 0-1 * * *", ["00:00:00", "01:00:00"]],
    ["58/1 23 * * *", ["23:58:00", "23:59:00"]],
  ])("reads %s", (expression, expected) => {
    expect(times(expression, expected.length + 1).slice(0, expected.length)).toEqual(expected);
    expect(days(expression, expected.length + 1).at(-1)).toBe("2026-01-02");
  });

  it.each([
    ["0 0 * * 0", ["2026-01-04", "2026-01-11"]],
    ["0 0 * * 7", ["2026-01-04", "2026-01-11"]],
    ["0 0 * * SUN", ["2026-01-04", "2026-01-11"]],
    ["0 0 * * sat-sun", ["2026-01-03", "2026-01-04", "2026-01-10"]],
    ["0 0 * * 6-7", ["2026-01-03", "2026-01-04", "2026-01-10"]],
    ["0 0 * * 5-0", ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-09"]],
    ["0 0 * * sun-mon", ["2026-01-04", "2026-01-05", "2026-01-11"]],
    ["0 0 * * 1/2", ["2026-01-02", "2026-01-04", "2026-01-05", "2026-01-07"]],
    ["0 0 * * Mon-fri/2", ["2026-01-02", "2026-01-05", "2026-01-07"]],
    ["0 0 1 feb,JUN-jul *", ["2026-02-01", "2026-06-01", "2026-07-01"]],
    ["0 0 ? * ?", ["2026-01-01", "2026-01-02"]],
  ])("knows weekdays and months by number and name: %s", (expression, expected) => {
    expect(days(expression, expected.length)).toEqual(expected);
  });

  it.each([
    // Either field matches once both restrict, and anything but a bare star restricts.
    ["0 0 13 * 5", ["2026-01-02", "2026-01-09", "2026-01-13", "2026-01-16"]],
    ["0 0 13 * *", ["2026-01-13", "2026-02-13"]],
    ["0 0 ? * 5", ["2026-01-02", "2026-01-09"]],
    ["0 0 13 * *,5", ["2026-01-01", "2026-01-02"]],
    ["0 0 */1 * 5", ["2026-01-01", "2026-01-02"]],
    ["0 0 13 * 0-6", ["2026-01-01", "2026-01-02"]],
    ["0 0 30 2 mon", ["2026-02-02", "2026-02-09"]],
  ])("fires on the days of either day field: %s", (expression, expected) => {
    expect(days(expression, expected.length)).toEqual(expected);
  });

  it.each([
    ["0 0 L * *", ["2026-01-31", "2026-02-28", "2026-03-31"]],
    ["0 0 l-3 * *", ["2026-01-28", "2026-02-25", "2026-03-28"]],
    ["0 0 L-30 * *", ["2026-01-01", "2026-03-01", "2026-05-01"]],
    ["0 0 LW * *", ["2026-01-30", "2026-02-27", "2026-03-31"]],
    ["0 0 15W * *", ["2026-01-15", "2026-02-16", "2026-03-16", "2026-04-15"]],
    // 1 August 2026 is a Saturday, so its nearest working day would be in July.
    ["0 0 1w 8 *", ["2026-08-03"]],
    // 31 May 2026 is a Sunday, so its nearest working day would be in June.
    ["0 0 31W * *", ["2026-01-30", "2026-03-31", "2026-05-29", "2026-07-31"]],
    ["0 0 * * 5L", ["2026-01-30", "2026-02-27"]],
    ["0 0 * * friL,0l", ["2026-01-25", "2026-01-30", "2026-02-22"]],
    ["0 0 * * mon#2", ["2026-01-12", "2026-02-09"]],
    ["0 0 * * 7#1,4#5", ["2026-01-04", "2026-01-29", "2026-02-01", "2026-03-01"]],
    ["0 0 L-1,15,LW * *", ["2026-01-15", "2026-01-30", "2026-02-15", "2026-02-27"]],
    ["0 0 L * 1#1", ["2026-01-05", "2026-01-31", "2026-02-02"]],
  ])("counts days from a month's end and by weekday: %s", (expression, expected) => {
    expect(days(expression, expected.length)).toEqual(expected);
  });

  it("finds dates that come once in decades", () => {
    expect(days("0 0 29 2 *", 2, "2096-03-01T00:00:00")).toEqual(["2104-02-29", "2108-02-29"]);
    // A fifth Monday in February is a 29th on a Monday, and 2100 has none.
    expect(days("0 0 * 2 mon#5", 3)).toEqual(["2044-02-29", "2072-02-29", "2112-02-29"]);
  });

  it("ends with the year 9999", () => {
    expect(days("0 0 1 1 *", 3, "9998-01-02T00:00:00")).toEqual(["9999-01-01"]);
  });

  it.each([
    ["* * * * *", "frequent"],
    ["0 */6 * * *", "frequent"],
    ["0 0-23 * * *", "frequent"],
    ["0 0-11,12-23 * * *", "frequent"],
    ["@hourly", "frequent"],
    ["0 9-17 * * *", "fixed"],
    ["*/5 2 * * *", "fixed"],
    ["0 0/6 * * *", "fixed"],
    ["@daily", "fixed"],
  ])("has a rhythm, told from its hours: %s is %s", (expression, rhythm) => {
    expect(parseCron(expression)).toMatchObject({ ok: true, value: { rhythm } });
  });
});

describe("a cron text that is refused", () => {
  it.each([
    ["0 22-6 * * *", "22-6 in the hour field: a rising range; across midnight write 22-23,0-6"],
    [
      "0 0 * * fri-mon",
      "fri-mon in the day of week field: a rising range; across the end of a week write fri-sat,sun-mon",
    ],
    [
      "0 0 * * 7-2",
      "7-2 in the day of week field: a rising range; across the end of a week write sun-tue",
    ],
    [
      "0 0 1 nov-jan *",
      "nov-jan in the month field: a rising range; across new year write nov-dec,jan",
    ],
    [
      "0 22-6/2 * * *",
      "22-6/2 in the hour field: a rising range; write the parts on both sides as ranges of their own",
    ],
    [
      "*/90 * * * *",
      "*/90 in the minute field: a step from 1 to 60; for a longer rhythm: every: 90m",
    ],
    [
      "0 1-5/25 * * *",
      "1-5/25 in the hour field: a step from 1 to 24; for a longer rhythm: every: 25h",
    ],
    ["0 0 * */13 *", "*/13 in the month field: a step from 1 to 12"],
    ["*/0 * * * *", "*/0 in the minute field: a step from 1 to 60"],
    ["0 0 30 2 *", '"0 0 30 2 *": a date that comes; no month named here has over 29 days'],
    ["0 0 31W 4,6 ?", '"0 0 31W 4,6 ?": a date that comes; no month named here has over 30 days'],
    ["0 0 L-29 feb *", '"0 0 L-29 feb *": a date that comes; no month named here has over 29 days'],
    ["0 ? * * *", "? in the hour field: * here; ? stands only alone, as a whole day field"],
    [
      "0 0 ?,1 * *",
      "? in the day of month field ?,1: * here; ? stands only alone, as a whole day field",
    ],
    [
      "0 0 * * L",
      "L in the day of week field: a weekday before L, as in 5L or friL for the last Friday",
    ],
    ["0 0 32W * *", "32W in the day of month field: 1W to 31W, or LW"],
    ["0 0 L-31 * *", "L-31 in the day of month field: L-1 to L-30: a month has 31 days at most"],
    [
      "0 0 * * mon#6",
      "mon#6 in the day of week field: a weekday, # and a number from 1 to 5, as in mon#2 for the second Monday",
    ],
    ["0 0 * * 8L", "8L in the day of week field: 0L to 7L, or a name as in friL"],
    [
      "0 H * * *",
      "H in the hour field: a value; to spread schedules over time, give them a jitter",
    ],
  ])("%s", (expression, complaint) => {
    expect(complaints(expression)).toEqual([complaint]);
  });

  it.each(["0 0 1-5W * *", "0 0 5L * *", "0 0 1#2 * *", "0 0 * * 15W", "0 L * * *", "0 0 * L *"])(
    "has a special where it means nothing, and learns where it would: %s",
    (expression) => {
      expect(complaints(expression)).toHaveLength(1);
      expect(complaints(expression)[0]).toContain(
        "L and W belong to the day of month (L, L-3, LW, 15W), nL and # to the day of week (5L, mon#2)",
      );
    },
  );

  it.each([
    ["60 24 0 13 8", 5],
    ["1,,2 * * * *", 1],
    ["5- * * * *", 1],
    ["-5 * * * *", 1],
    ["1.5 * * * *", 1],
    ["1-2-3 * * * *", 1],
    ["*/5/2 * * * *", 1],
    ["*5 * * * *", 1],
    ["0 0 * * monday", 1],
    ["0 0 * mon *", 1],
    ["0 0 * * mon#", 1],
    ["0 0 * * #2", 1],
    ["0 0 * * 1#2-3", 1],
    ["0 0 W * *", 1],
    ["* * * * * *L", 1],
  ])("has one problem for each faulty field: %s", (expression, count) => {
    expect(complaints(expression)).toHaveLength(count);
  });

  it.each([
    ["", "not 0"],
    ["   ", "not 0"],
    ["* * * *", "not 4"],
    ["* * * * * * * *", "not 8"],
    ["0 0 0 1 1 ? 2027", "a year is said with from and until"],
  ])("has a wrong number of fields: '%s'", (expression, hint) => {
    expect(complaints(expression)).toEqual([expect.stringContaining("five fields")]);
    expect(complaints(expression)[0]).toContain(hint);
  });

  it("has an unknown nickname, and learns the known ones", () => {
    expect(complaints("@reboot")).toEqual([
      "@reboot: one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually, or five or six fields",
    ]);
  });

  it("is longer than any meaningful text", () => {
    expect(complaints(`${"1,".repeat(500)}1 * * * *`)).toEqual([
      "1009 characters: at most 1000 characters",
    ]);
  });
});
