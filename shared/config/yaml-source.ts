import { LineCounter, parseDocument } from "yaml";
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
import { NodeReader, type ScalarReading } from "./yaml-nodes.ts";
import { YamlPlaces } from "./yaml-places.ts";
import { syntaxFindings } from "./yaml-syntax.ts";

type Path = readonly (string | number)[];

/** One YAML document as plain values, and where each of them stands in the text. */
export interface YamlSource {
  readonly file: string;
  /** Objects, arrays and scalars; nothing in it is cyclic, and merges are done. */
  readonly value: unknown;
  /** What stands at a path, with every scalar as the text it was written as. */
  readonly texts: (path: Path) => unknown;
  /** Looks up where a finding stands; one about something missing stands at what should hold it. */
  readonly locate: (finding: Finding) => LocatedProblem;
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
  const places = new YamlPlaces(document.contents, reader.anchors);
  const complaints = syntaxFindings(document);
  const broken = complaints.length > 0;
  const locate = (finding: Finding): LocatedProblem => {
    const offset = places.offsetOf(finding);
    const line = Math.max(lines.linePos(offset).line, 1);
    const lineAt = lines.lineStarts[line - 1] ?? 0;
    return {
      file: source.file,
      line,
      column: offset - lineAt + 1,
      path: formatPath(finding.path),
      found: printable(finding.found),
      expected: finding.expected,
      excerpt: excerptOf({ text, offset, lineAt, secrets: reader.secrets, broken }),
    };
  };
  const findings = broken ? complaints : reader.findings;
  if (findings.length > 0) return { ok: false, problems: inTextOrder(findings.map(locate)) };
  const texts = (path: Path): unknown => reader.read(places.nodeAt(path), path, "text");
  return { ok: true, value: { file: source.file, value, texts, locate } };
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
