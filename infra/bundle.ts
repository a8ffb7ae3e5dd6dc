import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkBudgets } from "./bundle/budgets.ts";
import { buildFunctions } from "./bundle/build-functions.ts";
import { partsOf, sizeTable } from "./bundle/size-report.ts";
import { readManifest } from "./local/manifest.ts";

/**
 * Builds the functions of `serverless.yaml` into `dist/functions`: for each a folder as the cloud
 * unpacks it, and its archive; beside them `functions.json`, which says what there is. Fails where a
 * function outgrew its budget.
 *
 *   node infra/bundle.ts [--out FOLDER] [--node PATH]
 *
 * With `--node` the code caches are for that Node, such as one of the cloud's version.
 */
const project = resolve(import.meta.dirname, "..");
const { values } = parseArgs({
  options: { out: { type: "string" }, node: { type: "string" } },
});
const out = resolve(values.out ?? join(project, "dist/functions"));
const { functions } = readManifest(readFileSync(join(project, "serverless.yaml"), "utf8"));
const built = await buildFunctions({ project, out, functions, node: values.node });
const listed = built.map(({ inputs, ...rest }) => ({ ...rest, parts: partsOf(inputs) }));
await writeFile(join(out, "functions.json"), `${JSON.stringify({ functions: listed }, null, 2)}\n`);
process.stdout.write(`${sizeTable(built)}\n\nKiB; / stands before a budget.\n`);
checkBudgets(built);
