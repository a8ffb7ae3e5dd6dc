import { assert } from "../../shared/core/assert.ts";

/**
 * `ydb-sdk-proto` is one generated text of 125,000 lines: every message and service of YDB. Kept are
 * the methods that our adapter calls, the messages that these reach, and of a message what is
 * needed to send and to receive it. What is left out throws when it is touched.
 */
interface Block {
  /** `Ydb.Table.CreateSessionRequest`. */
  readonly name: string;
  readonly indent: string;
  /** Its first and last line, by number. */
  readonly first: number;
  last: number;
  readonly children: Block[];
}

/** What of the text stays. */
export interface KeptProto {
  /** Services with the methods of theirs that are called. */
  readonly methods: Readonly<Record<string, readonly string[]>>;
  /** Other things that are named: messages, enums. */
  readonly names: readonly string[];
}

/** Ways to make, check and print a message that nothing of ours uses. */
const UNUSED =
  /^( *)\w+\.(?:prototype\.toJSON|verify|fromObject|toObject|encodeDelimited|decodeDelimited|getTypeUrl) = function/;
const OPENS = /^( *)([\w$]+)\.(\w+) = \(function\(\) \{$/;
const METHOD = /^( *)Object\.defineProperty\(\w+\.prototype\.(\w+) = function/;
const REFERENCE = /\$root\.(\w+(?:\.\w+)+)/g;

/** The text without what is not kept; throws where it is not of the form that its generator gives. */
export function trimYdbProto(source: string, kept: KeptProto): string {
  const lines = source.split("\n");
  const roots = blocksOf(lines);
  assert(roots[0]?.name === "Ydb", "the generated text begins with the namespace Ydb");
  const blocks = new Map(roots.flatMap(flat).map((block) => [block.name, block]));
  const dropped = droppedLines(lines, kept);
  const reached = reachable({ lines, blocks, dropped }, kept);
  cut(roots, { reached, dropped });
  return lines.filter((_, index) => !dropped.has(index)).join("\n");
}

function blocksOf(lines: readonly string[]): readonly Block[] {
  const roots: Block[] = [];
  const open: Block[] = [];
  lines.forEach((line, index) => {
    const [, indent, , own] = OPENS.exec(line) ?? [];
    if (indent !== undefined && own !== undefined) {
      const parent = open.at(-1);
      const name = parent === undefined ? own : `${parent.name}.${own}`;
      const block = { name, indent, first: index, last: index, children: [] };
      (parent?.children ?? roots).push(block);
      open.push(block);
    } else if (open.length > 0 && line === `${open.at(-1)?.indent ?? ""}})();`) {
      const closed = open.pop();
      if (closed !== undefined) closed.last = index;
    }
  });
  assert(open.length === 0, "every namespace of the generated text is closed");
  return roots;
}

function flat(block: Block): readonly Block[] {
  return [block, ...block.children.flatMap(flat)];
}

/** Functions of messages that nobody calls, and methods of services that nobody calls. */
function droppedLines(lines: readonly string[], { methods }: KeptProto): Set<number> {
  const dropped = new Set<number>();
  const called = new Set(Object.values(methods).flat());
  let end: string | undefined;
  lines.forEach((line, index) => {
    if (end === undefined) {
      const unused = UNUSED.exec(line)?.[1];
      const [, indent, method] = METHOD.exec(line) ?? [];
      if (unused !== undefined) end = `${unused}};`;
      else if (method !== undefined && !called.has(method)) end = `${indent ?? ""}}, "name",`;
      else return;
    }
    dropped.add(index);
    if (line.startsWith(end)) end = undefined;
  });
  assert(end === undefined, "every function of the generated text is closed");
  return dropped;
}

/** Every block that what is kept names, and what those name. */
function reachable(
  text: {
    readonly lines: readonly string[];
    readonly blocks: ReadonlyMap<string, Block>;
    readonly dropped: ReadonlySet<number>;
  },
  { methods, names }: KeptProto,
): ReadonlySet<Block> {
  const reached = new Set<Block>();
  const waiting = [...Object.keys(methods), ...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const block = text.blocks.get(name);
    // What is no block of its own, such as a function, stands in the text of its holder.
    if (block === undefined) waiting.push(...parentOf(name));
    if (block === undefined || reached.has(block)) continue;
    reached.add(block);
    waiting.push(...parentOf(name), ...enumsOf(block, text), ...referencesIn(block, text));
  }
  return reached;
}

/** A message's enums: no text names them, because values travel as numbers. */
function enumsOf(
  { children }: Block,
  { lines }: { readonly lines: readonly string[] },
): readonly string[] {
  const isEnum = ({ first }: Block): boolean => (lines[first + 1] ?? "").includes("valuesById");
  return children.filter(isEnum).map(({ name }) => name);
}

function parentOf(name: string): readonly string[] {
  const at = name.lastIndexOf(".");
  return at < 0 ? [] : [name.slice(0, at)];
}

/** What a block's own lines name; what stands in a block inside it is that one's. */
function referencesIn(
  block: Block,
  { lines, dropped }: { readonly lines: readonly string[]; readonly dropped: ReadonlySet<number> },
): readonly string[] {
  const names: string[] = [];
  for (let index = block.first; index <= block.last; index++) {
    const inner = block.children.find(({ first }) => first === index);
    if (inner !== undefined) index = inner.last;
    else if (!dropped.has(index)) {
      for (const [, name = ""] of (lines[index] ?? "").matchAll(REFERENCE)) {
        names.push(name.replace(/\.(?:encode|decode|create|prototype)\b.*$/, ""));
      }
    }
  }
  return names;
}

function cut(
  blocks: readonly Block[],
  text: { readonly reached: ReadonlySet<Block>; readonly dropped: Set<number> },
): void {
  for (const block of blocks) {
    if (text.reached.has(block)) cut(block.children, text);
    else for (let index = block.first; index <= block.last; index++) text.dropped.add(index);
  }
}
