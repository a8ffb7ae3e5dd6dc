import { isMap, isNode, isScalar, isSeq, type YAMLMap } from "yaml";
import type { Finding } from "./located-problem.ts";
import type { Anchors } from "./yaml-anchors.ts";
import { isMergeKey, startOf } from "./yaml-nodes.ts";

type Path = readonly (string | number)[];

interface Place {
  readonly key: unknown;
  readonly value: unknown;
}

/**
 * Where the parts of one document stand, looked up by path through aliases and merges. A mapping's
 * names are indexed when one is first asked for: a file may hold thousands, and a problem in each.
 */
export class YamlPlaces {
  readonly #root: unknown;
  readonly #anchors: Anchors;
  readonly #named = new Map<YAMLMap, ReadonlyMap<string, Place>>();

  constructor(root: unknown, anchors: Anchors) {
    this.#root = root;
    this.#anchors = anchors;
  }

  /** The node at a path, or the last one on the way to it that exists. */
  nodeAt(path: Path): unknown {
    return this.#find(path).value;
  }

  /** The offset a finding points at. */
  offsetOf(finding: Finding): number {
    if (typeof finding.at === "object") return finding.at.offset;
    const { key, value, complete } = this.#find(finding.path);
    if (key === undefined) return startOf(value);
    // A block below its name, or nothing at all, is best shown by the name itself.
    const empty = !isNode(value) || (isScalar(value) && value.source === "");
    const block = (isMap(value) || isSeq(value)) && value.flow !== true;
    const atKey = finding.at === "key" || !complete || empty || block;
    return startOf(atKey ? key : value);
  }

  #find(path: Path): Place & { readonly complete: boolean } {
    let place: Place = { key: undefined, value: this.#root };
    for (const step of path) {
      const next = this.#child(this.#anchors.target(place.value), step);
      if (next === undefined) return { ...place, complete: false };
      place = next;
    }
    return { ...place, complete: true };
  }

  #child(node: unknown, step: string | number): Place | undefined {
    if (typeof step === "string") return isMap(node) ? this.#names(node).get(step) : undefined;
    const value = isSeq(node) ? node.items[step] : undefined;
    return value === undefined ? undefined : { key: undefined, value };
  }

  /** A mapping's own names, then those it merges, the first of each. */
  #names(map: YAMLMap): ReadonlyMap<string, Place> {
    const known = this.#named.get(map);
    if (known !== undefined) return known;
    const names = new Map<string, Place>();
    for (const { key, value } of map.items) {
      const name = this.#anchors.target(key);
      if (!isScalar(name)) continue;
      const text = typeof name.value === "string" ? name.value : (name.source ?? "");
      if (!names.has(text)) names.set(text, { key, value });
    }
    for (const pair of map.items.filter(isMergeKey)) {
      const merged = this.#anchors.target(pair.value);
      for (const item of isSeq(merged) ? merged.items : [merged]) {
        const other = this.#anchors.target(item);
        if (!isMap(other)) continue;
        for (const [name, place] of this.#names(other))
          if (!names.has(name)) names.set(name, place);
      }
    }
    this.#named.set(map, names);
    return names;
  }
}
