import { describe, expect, it } from "vitest";
import { formatProblem } from "../../shared/config/located-problem.ts";
import { readYaml } from "../../shared/config/yaml-source.ts";
import { limits } from "../../shared/core/limits.ts";

function typed(text: string): unknown {
  const read = readYaml({ file: "f.yaml", text }, "typed");
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.value.value;
}

function problems(text: string): readonly string[] {
  const read = readYaml({ file: "f.yaml", text }, "typed");
  return read.ok ? [] : read.problems.map(formatProblem);
}

function excerpts(text: string): readonly string[] {
  const read = readYaml({ file: "f.yaml", text }, "typed");
  return read.ok ? [] : read.problems.map(({ excerpt }) => excerpt);
}

describe("a YAML text without faults", () => {
  it.each([
    ["an empty text", "", null],
    ["comments alone", "# nothing\n", null],
    [
      "scalars of YAML 1.2",
      "a: 1\nb: yes\nc: true\nd: ~\ne: 2027-01-01\nf: 0x1F",
      {
        a: 1,
        b: "yes",
        c: true,
        d: null,
        e: "2027-01-01",
        f: 31,
      },
    ],
    ["an older version's directive", "%YAML 1.1\n---\na: on", { a: "on" }],
    ["a byte order mark", "\uFEFFa: 1", { a: 1 }],
    ["Windows line ends", "a: 1\r\nb:\r\n  - 2\r\n", { a: 1, b: [2] }],
    ["an anchor and its aliases", "a: &a [1]\nb: *a\nc: [*a]", { a: [1], b: [1], c: [[1]] }],
    ["an anchor defined anew", "a: &x 1\nb: *x\nc: &x 2\nd: *x", { a: 1, b: 1, c: 2, d: 2 }],
    [
      "a redefinition inside what an earlier alias repeats",
      "a: &a { b: &x 1, c: *x }\nd: &x 2\ne: *a\nf: *x",
      { a: { b: 1, c: 1 }, d: 2, e: { b: 1, c: 1 }, f: 2 },
    ],
    [
      "a merge, over which own names win",
      "a: &a {p: 1, q: 2}\nb: {q: 3, <<: *a}",
      { a: { p: 1, q: 2 }, b: { p: 1, q: 3 } },
    ],
    [
      "a list of merges, of which the first wins",
      "a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc: {<<: [*a, *b]}",
      { a: { p: 1 }, b: { p: 2, q: 2 }, c: { p: 1, q: 2 } },
    ],
    ["names every object has", "constructor: 1\ntoString: 2", { constructor: 1, toString: 2 }],
  ])("is read: %s", (_, text, value) => {
    expect(typed(text)).toEqual(value);
  });

  it("keeps every scalar as written when read as texts", () => {
    const read = readYaml({ file: "f.yaml", text: "a: 3.10\nb: yes\nc:\n1: 'x'" }, "text");

    expect(read.ok && read.value.value).toEqual({ a: "3.10", b: "yes", c: "", 1: "x" });
  });

  it("gives one part as texts, through aliases", () => {
    const read = readYaml({ file: "f.yaml", text: "a: &a {v: 1.10}\nb: {c: *a}" }, "typed");

    expect(read.ok && read.value.texts(["b", "c"])).toEqual({ v: "1.10" });
  });
});

describe("a YAML text with a fault", () => {
  it.each([
    [
      "a duplicate name",
      "a: 1\nb: 2\na: 3",
      'f.yaml:3:1 a: found a duplicate name: "a" already stands on line 1, expected every name once',
    ],
    [
      "an alias without an anchor",
      "a: *x",
      'f.yaml:1:4 a: found the alias "*x", expected an anchor (&) of that name before it, or quotes around the text',
    ],
    [
      "an alias inside its own anchor",
      "a:\n  b: &x\n    c: [1, *x]",
      'f.yaml:3:12 a.b.c[1]: found the alias "*x", inside its own anchor on line 3, expected an alias of something outside itself',
    ],
    ["a tab", "a:\n\t- 1", "f.yaml:2:1: found a tab in the indentation, expected spaces"],
    [
      "a second document",
      "a: 1\n---\nb: 2",
      "f.yaml:2:1: found a second document, expected one document: no --- or ... between parts",
    ],
    [
      "a tag of nobody's",
      "a: !foo 1",
      "f.yaml:1:4: found a tag (!), expected a plain value without a tag, or quotes around the text",
    ],
    [
      "a tag for another language's objects",
      "a: !!binary aGk=",
      "f.yaml:1:4: found a tag (!), expected a plain value without a tag, or quotes around the text",
    ],
    [
      "a name that is a number",
      "1: x",
      "f.yaml:1:1: found the name 1, expected a text name; quotes make a text of a number",
    ],
    [
      "a name that is a list",
      "? [a]\n: 1",
      "f.yaml:1:3: found a name that is not text, expected a text name; quotes make a text of a number",
    ],
    [
      "a name objects keep for themselves",
      "__proto__: {a: 1}",
      "f.yaml:1:1: found the name __proto__, expected a text name; quotes make a text of a number",
    ],
    [
      "a merge of a number",
      "a: {<<: 5}",
      "f.yaml:1:5 a: found a merge (<<) of something else, expected a merge of a mapping, or of a list of mappings",
    ],
    [
      "an open quote",
      'a: "b',
      "f.yaml:1:6: found something that is never closed or separated, expected the closing quote, bracket, comma or colon",
    ],
    [
      "an alias after a byte order mark",
      "\uFEFFa: *x",
      'f.yaml:1:4 a: found the alias "*x", expected an anchor (&) of that name before it, or quotes around the text',
    ],
    [
      "a crooked indentation after a byte order mark",
      "\uFEFFa: 1\nb:\n  c: 1\n d: 2",
      "f.yaml:4:1: found a line whose indentation does not match, expected the same indentation for all entries of a list or mapping",
    ],
  ])("names its place: %s", (_, text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it("tells all faults of one kind of reading, in the order of the text", () => {
    expect(problems("b: *x\na: *y\nb: 1")).toEqual([
      expect.stringContaining('f.yaml:1:4 b: found the alias "*x"'),
      expect.stringContaining('f.yaml:2:4 a: found the alias "*y"'),
      expect.stringContaining('f.yaml:3:1 b: found a duplicate name: "b"'),
    ]);
  });

  it("is told its first slip alone where the reader loses its place", () => {
    expect(problems("a: 1\n\tb: 2\nc: 3\n- d\ne: 4")).toEqual([
      "f.yaml:2:1: found a tab in the indentation, expected spaces",
    ]);
  });

  it("is told all its tags", () => {
    expect(problems("a: !x 1\nb: !y 2").map((problem) => problem.split(":")[1])).toEqual([
      "1",
      "2",
    ]);
  });

  it("shows the line and a caret under the place, tabs kept", () => {
    expect(excerpts("ok: 1\na:\t[1, *x]")).toEqual(["a:\t[1, *x]\n  \t    ^"]);
  });

  it("shows the part of a long line around the place, without control characters", () => {
    const [excerpt = ""] = excerpts(
      `a: ["${"-".repeat(500)}\u001b[31m", *x, "${"+".repeat(500)}"]`,
    );

    const [line = "", caret = ""] = excerpt.split("\n");
    expect(line).toHaveLength(100);
    expect(line.slice(caret.indexOf("^"))).toMatch(/^\*x/);
    expect(line).toContain("- [31m");
  });
});

describe("a YAML text made to exhaust its reader", () => {
  it.each([
    [
      "aliases that multiply",
      Array.from({ length: 9 }, (_, n) =>
        n === 0 ? "a0: &a0 x" : `a${n}: &a${n} [${`*a${n - 1},`.repeat(10)}]`,
      ).join("\n"),
      "more values or deeper nesting",
    ],
    [
      "a tower of aliases",
      Array.from({ length: 1000 }, (_, n) =>
        n === 0 ? "a0: &a0 x" : `a${n}: &a${n} [*a${n - 1}]`,
      ).join("\n"),
      "more values or deeper nesting",
    ],
    [
      "a tower of merges",
      Array.from({ length: 20_000 }, (_, n) =>
        n === 0 ? "a0: &a0 {x: 1}" : `a${n}: &a${n} {<<: *a${n - 1}}`,
      ).join("\n"),
      "more values or deeper nesting",
    ],
    ["one level too many", "[".repeat(34) + "]".repeat(34), "more values or deeper nesting"],
    [
      "a merge too many",
      Array.from({ length: 34 }, (_, n) =>
        n === 0 ? "a0: &a0 {x: 1}" : `a${n}: &a${n} {<<: *a${n - 1}}`,
      ).join("\n"),
      "more values or deeper nesting",
    ],
    ["nested brackets", "[".repeat(100_000), "nesting too deep"],
    ["nested dashes", "- ".repeat(100_000), "nesting too deep"],
    ["nested mappings", "{a: ".repeat(100_000), "nesting too deep"],
    [
      "sheer size",
      `a: ${"x".repeat(limits.configBytes)}`,
      `a file of ${limits.configBytes + 3} bytes, expected at most ${limits.configBytes}`,
    ],
  ])("is one problem: %s", (_, text, found) => {
    expect(problems(text)).toEqual([expect.stringContaining(found)]);
  });
});

describe("a merge of very many mappings", () => {
  it("is read", () => {
    expect(typed(`a: &a {x: 1}\nb: {<<: [${"*a,".repeat(130_000)}]}`)).toMatchObject({
      b: { x: 1 },
    });
  });
});

describe("nesting as deep as allowed", () => {
  it("is read", () => {
    expect(problems("[".repeat(32) + "]".repeat(32))).toEqual([]);
  });
});

describe("a secret in a faulty text", () => {
  it.each([
    ["beside a duplicate", "w: {secret: hunter2, a: 1, a: 2}"],
    ["as the duplicate", "secret: hunter2\nsecret: 'hunter2'"],
    ["below its name", "w:\n  password:\n    hunter2\n  a: *x"],
    ["over several lines", 'w: {secret: "x\n  hunter2 y", a: *x}'],
    ["behind an anchor", "w: {secret: *s, b: *x}\nx: &s hunter2\nz: {secret: *s, b: *x}"],
    ["that looks like an alias", "secret: *hunter2"],
    ["that looks like a tag", "secret: !hunter2 x"],
    ["that starts like nothing YAML knows", "secret: @hunter2"],
    ["that is never closed", "a: {secret: 'hunter2\nb: 1"],
    ["in a URL that does not parse", "url: https://me:hunter2@host/x: y: z"],
    ["over lines that are never closed", 'secret: "x\n  y\n  z\n  hunter2'],
    ["as a name below it", "secret:\n  hunter2: x: y"],
    ["under a misspelt name", "webhook: {sceret: hunter2, a: *x}"],
    ["in a list of variables", "env: {vars: [TOKEN=hunter2, A: hunter2], a: *x}"],
    ["beside a fault that does not parse", "a: {webhook: {sceret: hunter2}}}"],
    ["in the path of a URL", "w: {url: https://host/hunter2, a: *x}"],
  ])("is never shown: %s", (_, text) => {
    expect(problems(text)).not.toEqual([]);
    expect([...problems(text), ...excerpts(text)].join("\n")).not.toContain("hunter2");
  });

  it("is not suspected under a name somebody chose", () => {
    expect(excerpts("schedules: {docker: {timeout: 5m, a: *x}}")[0]).toContain("timeout: 5m");
  });

  it("may be shown as a reference", () => {
    expect(excerpts('w: {secret: "${env:KEY}", a: *x}')[0]).toContain("${env:KEY}");
  });
});
