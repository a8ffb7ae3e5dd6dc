import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Scalar,
  type Alias,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { limits } from "../core/limits.ts";
import { quoted } from "./describe-value.ts";
import type { Finding } from "./located-problem.ts";
import { isHidden, mayBeSecret, type Span } from "./secret-places.ts";
import { Anchors } from "./yaml-anchors.ts";

/** `typed` reads scalars as YAML 1.2 does; `text` keeps every scalar as it is written. */
export type ScalarReading = "typed" | "text";

type Path = readonly (string | number)[];
type Collection = YAMLMap | YAMLSeq;

/**
 * Turns the nodes of one document into plain values, and refuses what a plain value cannot hold or
 * a hostile file can do: N1 a name is text and stands once in its mapping; N2 an alias names an
 * anchor before it and never its own surroundings; N3 values and nesting stay under their ceilings
 * with every alias written out. We do this ourselves because the library's own conversion builds
 * cyclic objects, looks an alias up by walking the whole document, and throws at the first fault.
 */
export class NodeReader {
  readonly findings: Finding[] = [];
  /** What an excerpt must not show. */
  readonly secrets: Span[] = [];
  readonly anchors = new Anchors();
  readonly #lines: LineCounter;
  readonly #open = new Set<Collection>();
  #values = 0;
  #exhausted = false;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** The plain value of a node; a fault leaves `undefined` in its place and a finding. */
  read(node: unknown, path: Path, scalars: ScalarReading): unknown {
    if (this.#exhausted) return undefined;
    this.#values += 1;
    if (this.#values > limits.configValues || path.length > limits.configDepth) {
      this.#exhaust(path);
      return undefined;
    }
    if (isAlias(node)) return this.#readAlias(node, path, scalars);
    if (isScalar(node)) {
      this.anchors.set(node);
      if (isHidden(path, String(node.source))) this.#hide(node);
      return scalarValue(node, scalars);
    }
    if (!isMap(node) && !isSeq(node)) return scalars === "text" ? "" : null;
    this.anchors.set(node);
    this.#open.add(node);
    const value = isMap(node)
      ? this.#readMap(node, path, scalars)
      : node.items.map((item, index) => this.read(item, [...path, index], scalars));
    this.#open.delete(node);
    return value;
  }

  #readMap(map: YAMLMap, path: Path, scalars: ScalarReading): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const firstAt = new Map<string, number>();
    let merged: readonly Record<string, unknown>[] = [];
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        merged = [...merged, ...this.#readMerged(pair, path, scalars)];
        continue;
      }
      const name = this.#readName(pair, path, scalars);
      if (name === undefined) continue;
      const inner = this.read(pair.value, [...path, name], scalars);
      const offset = startOf(pair.key);
      const earlier = firstAt.get(name);
      if (earlier === undefined) {
        firstAt.set(name, offset);
        value[name] = inner;
      } else {
        this.findings.push({
          path: [...path, name],
          found: `a duplicate name: ${quoted(name)} already stands on line ${this.#line(earlier)}`,
          expected: "every name once",
          at: { offset },
        });
      }
    }
    // A mapping's own names win over merged ones, and an earlier merge over a later one.
    for (const other of merged)
      for (const [name, inner] of Object.entries(other))
        if (!Object.hasOwn(value, name)) value[name] = inner;
    return value;
  }

  #readMerged(pair: Pair, path: Path, scalars: ScalarReading): Record<string, unknown>[] {
    // A step of its own in the path, so that a tower of merges has a depth.
    const read = this.read(pair.value, [...path, "<<"], scalars);
    const others: unknown[] = Array.isArray(read) ? read : [read];
    const mappings = others.filter(
      (other): other is Record<string, unknown> =>
        typeof other === "object" && other !== null && !Array.isArray(other),
    );
    if (mappings.length < others.length && !others.includes(undefined)) {
      this.findings.push({
        path,
        found: "a merge (<<) of something else",
        expected: "a merge of a mapping, or of a list of mappings",
        at: { offset: startOf(pair.key) },
      });
    }
    return mappings;
  }

  #readName(pair: Pair, path: Path, scalars: ScalarReading): string | undefined {
    const key = isAlias(pair.key) ? this.anchors.resolve(pair.key) : pair.key;
    if (isScalar(key)) {
      this.anchors.set(key);
      const name = scalarValue(key, scalars);
      if (typeof name === "string" && name !== "__proto__") return name;
    }
    this.findings.push({
      path,
      found: isScalar(key) ? `the name ${String(key.source)}` : "a name that is not text",
      expected: "a text name; quotes make a text of a number",
      at: { offset: startOf(pair.key ?? pair.value) },
    });
    return undefined;
  }

  #readAlias(alias: Alias, path: Path, scalars: ScalarReading): unknown {
    const target = this.anchors.resolve(alias);
    if (mayBeSecret(path)) this.#hide(alias);
    const shown = mayBeSecret(path) ? "an alias" : `the alias ${quoted(`*${alias.source}`)}`;
    const at = { offset: startOf(alias) };
    if (target === undefined) {
      const expected = "an anchor (&) of that name before it, or quotes around the text";
      this.findings.push({ path, found: shown, expected, at });
      return undefined;
    }
    if (this.#open.has(target as Collection)) {
      const found = `${shown}, inside its own anchor on line ${this.#line(startOf(target))}`;
      this.findings.push({ path, found, expected: "an alias of something outside itself", at });
      return undefined;
    }
    return this.anchors.repeat(() => this.read(target, path, scalars));
  }

  #hide({ range }: Node): void {
    if (range !== null && range !== undefined) this.secrets.push([range[0], range[1]]);
  }

  #exhaust(path: Path): void {
    this.#exhausted = true;
    this.findings.push({
      path: path.slice(0, 4),
      found: "more values or deeper nesting than a configuration has, aliases written out",
      expected: `at most ${limits.configValues} values, ${limits.configDepth} deep`,
    });
  }

  #line(offset: number): number {
    return this.#lines.linePos(offset).line;
  }
}

/** Whether a pair is YAML's `<<`, which merges another mapping into its own. */
export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === Scalar.PLAIN && pair.key.source === "<<";
}

/** Where a parsed node starts in the text. */
export function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function scalarValue(node: Scalar, scalars: ScalarReading): unknown {
  if (typeof node.value === "string" || scalars === "typed") return node.value;
  return node.source ?? "";
}
