import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { PROJECT } from "../../support/bundles.ts";

interface Deployed {
  readonly functions: Readonly<
    Record<string, { readonly environment?: Readonly<Record<string, string>> }>
  >;
}

const { functions } = parse(readFileSync(join(PROJECT, "serverless.yaml"), "utf8")) as Deployed;

it.each(Object.entries(functions))(
  "%s gets the variables that it cannot do without, and no others",
  async (name, { environment = {} }) => {
    const composed = (await import(join(PROJECT, "functions/cloud", `${name}.ts`))) as {
      readonly requires?: readonly string[];
    };

    expect(Object.keys(environment).toSorted()).toEqual((composed.requires ?? []).toSorted());
  },
);
