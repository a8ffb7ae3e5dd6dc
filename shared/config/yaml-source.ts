import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Pair } from "yaml";
import { limits } from "../core/limits.ts";
import { printable } from "./describe-value.ts";
import { excerptOf } from "./excerpt.ts";
import {
  formatPath,
  inTextOrder,
  type Finding,
  type Located,
  type LocatedProblem,
  type SourceFile,
} from "./located-problem.ts";
import { isMergeKey, NodeReader, startOf, type ScalarReading } from "./yaml-nodes.ts";
import { syntaxFindings } from "./yaml-syntax.ts";

type Path = readonly (string | number)[];

/** One YAML document as plain values, and where each of them stands in the text. */
export interface YamlSource {
  readonly file: string;
  /** Objects, arrays and scalars; nothing in it is cyclic, and merges are done. */
  readonly value: unknown;
  /** What stands at a path, with every scalar as the text it was written as. */
  texts(path: Path): unknown;
  /** Looks up where a finding stands; one about something missing stands at what should hold it. */
  locate(finding: Finding): LocatedProblem;
}

/**
 * Reads one YAML 1.2 document. Faulty text comes back as problems, whatever it is: an empty text is
 * the value null, and anchors, aliases and merge keys are resolved within limits.
 */
export function readYaml(source: SourceFile, scalars: ScalarReading): Located<YamlSource> {
  // A byte order mark is no part of the first name, and editors do not count it as a column.
  const text = source.text.startsWith("\uFEFF") ? source.text.slice(1) : source.text;
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.configBytes) return tooLarge(source.file, bytes);

  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: "core",
    uniqueKeys: false,
  });
  const reader = new NodeReader(lines);
  const value = document.contents === null ? null : reader.read(document.contents, [], scalars);
  const reading: Reading = { file: source.file, text, lines, reader, root: document.contents };
  const complaints = syntaxFindings(document);
  const broken = complaints.length > 0;
  const findings = broken ? complaints : reader.findings;
  if (findings.length > 0) {
    const problems = findings.map((finding) => locate(reading, finding, broken));
    return { ok: false, problems: inTextOrder(problems) };
  }
  return {
    ok: true,
    value: {
      file: source.file,
      value,
      texts: (path) => reader.read(find(reading, path).value, path, "text"),
      locate: (finding) => locate(reading, finding, false),
    },
  };
}

interface Reading {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly reader: NodeReader;
  readonly root: unknown;
}

interface Spot {
  readonly key: unknown;
  readonly value: unknown;
  readonly complete: boolean;
}

function locate(reading: Reading, finding: Finding, broken: boolean): LocatedProblem {
  const offset = offsetOf(reading, finding);
  const { line, col } = reading.lines.linePos(offset);
  const place = { line: Math.max(line, 1), column: Math.max(col, 1) };
  return {
    file: reading.file,
    ...place,
    path: formatPath(finding.path),
    found: printable(finding.found),
    expected: finding.expected,
    excerpt: excerptOf(reading.text, offset, {
      spans: reading.reader.secrets,
      broken,
    }),
  };
}

function offsetOf(reading: Reading, finding: Finding): number {
  if (typeof finding.at === "object") return finding.at.offset;
  const spot = find(reading, finding.path);
  const { key, value } = spot;
  if (key === undefined) return startOf(value);
  // A block below its name, or nothing at all, is best shown by the name itself.
  const empty = !isNode(value) || (isScalar(value) && value.source === "");
  const block = (isMap(value) || isSeq(value)) && value.flow !== true;
  const atKey = finding.at === "key" || !spot.complete || empty || block;
  return startOf(atKey ? key : value);
}

/** The node at a path, or the last one on the way to it that exists. */
function find(reading: Reading, path: Path): Spot {
  let spot: Spot = { key: undefined, value: reading.root, complete: true };
  for (const step of path) {
    const next = child(reading.reader, reading.reader.anchors.target(spot.value), step);
    if (next === undefined) return { ...spot, complete: false };
    spot = next;
  }
  return spot;
}

function child(reader: NodeReader, node: unknown, step: string | number): Spot | undefined {
  if (isSeq(node) && typeof step === "number") {
    const value = node.items[step];
    return value === undefined ? undefined : { key: undefined, value, complete: true };
  }
  if (!isMap(node)) return undefined;
  let merged: readonly unknown[] = [];
  for (const pair of node.items) {
    if (isMergeKey(pair)) {
      const other = reader.anchors.target(pair.value);
      merged = [...merged, ...(isSeq(other) ? other.items : [other])];
    } else if (nameOf(reader, pair) === step) {
      return { key: pair.key, value: pair.value, complete: true };
    }
  }
  for (const other of merged) {
    const found = child(reader, reader.anchors.target(other), step);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nameOf(reader: NodeReader, pair: Pair): string | undefined {
  const key = reader.anchors.target(pair.key);
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : key.source;
}

function tooLarge(file: string, bytes: number): Located<never> {
  const problem = {
    file,
    line: 1,
    column: 1,
    path: "",
    found: `a file of ${bytes} bytes`,
    expected: `at most ${limits.configBytes}`,
    excerpt: "",
  };
  return { ok: false, problems: [problem] };
}
