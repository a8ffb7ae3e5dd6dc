import { describe, expect, it } from "vitest";
import { assert } from "../../../shared/core/assert.ts";
import {
  parseTemplate,
  renderTemplate,
  type TemplateValues,
} from "../../../shared/core/expression/template.ts";
import { at } from "../../support/timing-builder.ts";

const VALUES: TemplateValues = {
  nominalAt: at("2027-01-14T22:05:09Z"),
  effectiveAt: at("2027-01-14T22:06:00Z"),
  schedule: "nightly-train",
  run: "nightly-train.20270114T220509Z.0a1b2c3d",
  project: "bt1qk3v0d2m5p8s1a4r7",
  attempt: "nightly-train.20270114T220509Z.0a1b2c3d.1",
  timezone: "Europe/Moscow",
};

function rendered(text: string): string {
  const template = parseTemplate(text);
  assert(template.ok, `it parses: ${JSON.stringify(template)}`);
  return renderTemplate(template.value, VALUES);
}

function complaints(text: string): readonly string[] {
  const template = parseTemplate(text);
  return template.ok ? [] : template.problems.map(({ found, expected }) => `${found}: ${expected}`);
}

describe("a text with holes", () => {
  it.each([
    ["", ""],
    ["no holes }} here", "no holes }} here"],
    ["{{ schedule }}", "nightly-train"],
    ["{{project}}/{{run}}", `${VALUES.project}/${VALUES.run}`],
    ["a{{ attempt }}b", `a${VALUES.attempt}b`],
    ["{{ nominalAt }}", "2027-01-15T01:05:09+03:00"],
    ["{{ nominalAt | date('yyyy-MM-dd') }}", "2027-01-15"],
    ["{{nominalAt|date( 'HH:mm:ss' )}}", "01:05:09"],
    ["{{ effectiveAt | date(\"yyyyMMdd'T'HHmmss\") }}", "20270115T010600"],
    ["{{ nominalAt | date('yyyy''y'' MM''m''') }}", "2027y 01m"],
    [`{{ nominalAt | date("HH 'o''clock'") }}`, "01 o'clock"],
    ["{{ nominalAt | date('dd.MM.yyyy }}') }}!", "15.01.2027 }}!"],
    ["{{ nominalAt | date('') }}", ""],
    ["{{ '{{' }} a {{ \"}}\" }} {{ 'it''s' }}", "{{ a }} it's"],
  ])("prints %s", (text, expected) => {
    expect(rendered(text)).toBe(expected);
  });

  it("prints the same values in another zone by its clock", () => {
    const template = parseTemplate("{{ nominalAt | date('yyyy-MM-dd HH') }}");
    assert(template.ok, "it parses");

    expect(renderTemplate(template.value, { ...VALUES, timezone: "UTC" })).toBe("2027-01-14 22");
  });
});

describe("a text with a faulty hole", () => {
  const names = "nominalAt, effectiveAt, schedule, run, project, attempt";
  const shape = `a name (${names}), with | date('…') if it is an instant`;
  const formats = "yyyy, MM, dd, HH, mm, ss, or letters in quotes, as in yyyy'y'";

  it.each([
    ["{{ now }}", `the name now: one of ${names}`],
    ["{{ constructor }}", `the name constructor: one of ${names}`],
    ["{{ timezone }}", `the name timezone: one of ${names}`],
    ["{{ schedule | upper }}", "the filter upper: date, the one filter there is"],
    [
      "{{ schedule | date('yyyy') }}",
      "schedule | date('yyyy'): date only after nominalAt or effectiveAt",
    ],
    ["{{ nominalAt | date }}", "date without a format: a quoted format, as in date('yyyy-MM-dd')"],
    ["{{ nominalAt | date(yyyy) }}", "yyyy: a quoted format, as in date('yyyy-MM-dd')"],
    ["{{ nominalAt | date('YYYY') }}", `YYYY in the format YYYY: ${formats}`],
    ["{{ nominalAt | date('yyyy-M') }}", `M in the format yyyy-M: ${formats}`],
    [`{{ nominalAt | date("yyyy'T") }}`, `' in the format yyyy'T: ${formats}`],
    ["{{ }}", `an empty hole: ${shape}`],
    ["{{ nominalAt.getTime() }}", `nominalAt.getTime(): ${shape}`],
    ["{{ 1 + 1 }}", `1 + 1: ${shape}`],
    ["{{ run", "{{ run: }} to close the hole; a literal {{ is written {{ '{{' }}"],
    ["{{ '}}", `': ${shape}`],
  ])("is refused: %s", (text, complaint) => {
    expect(complaints(text)).toEqual([complaint]);
  });

  it("says every fault at once", () => {
    expect(complaints("{{ a }} {{ run }} {{ b }}")).toHaveLength(2);
  });
});
