import { parse } from "@cdktf/hcl2json";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A block of a configuration; expressions are texts, and each nested block is a list of blocks. */
export interface HclBlock {
  readonly [name: string]: unknown;
}

/** A resource as it is written. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly body: HclBlock;
}

/** A folder of a configuration, parsed: what needs no Terraform to be looked at. */
export interface Configuration {
  readonly resources: readonly Resource[];
  readonly variables: Readonly<Record<string, HclBlock>>;
  readonly outputs: Readonly<Record<string, HclBlock>>;
  /** Every file's text together. */
  readonly text: string;
}

type Named = Readonly<Record<string, readonly HclBlock[]>>;

interface Parsed {
  readonly resource?: Readonly<Record<string, Named>>;
  readonly variable?: Named;
  readonly output?: Named;
}

/** Parses every `.tf` file of a folder; throws with the place of a syntax error. */
export async function readConfiguration(folder: string): Promise<Configuration> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".tf"));
  const texts = files.map((name) => readFileSync(join(folder, name), "utf8"));
  const parsed = (await Promise.all(
    files.map(async (name, at) => await parse(name, texts[at] ?? "")),
  )) as readonly Parsed[];
  return {
    resources: parsed.flatMap(({ resource = {} }) =>
      Object.entries(resource).flatMap(([type, named]) =>
        Object.entries(named).map(([name, [body = {}]]) => ({ type, name, body })),
      ),
    ),
    variables: firsts(parsed.map(({ variable = {} }) => variable)),
    outputs: firsts(parsed.map(({ output = {} }) => output)),
    text: texts.join("\n"),
  };
}

function firsts(all: readonly Named[]): Readonly<Record<string, HclBlock>> {
  return Object.fromEntries(
    all.flatMap((named) => Object.entries(named)).map(([name, [body = {}]]) => [name, body]),
  );
}

/** The blocks of a name within a block. */
export function blocksOf(body: HclBlock, name: string): readonly HclBlock[] {
  const found = body[name];
  return Array.isArray(found) ? (found as readonly HclBlock[]) : [];
}
