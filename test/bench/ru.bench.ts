import { readFileSync, writeFileSync } from "node:fs";
import { costSections, withSections } from "../support/ru-document.ts";
import { flows, measureFlows, type MeasuredFlow } from "../support/ru-flows.ts";
import { asText, flowTable, logLines, pinLines, pinnedCost } from "../support/ru-report.ts";

const USAGE = `Options of ru: none for the table, or one of
  --log FLOW,…   every request of these flows, with its statements, rows and RU
  --json         the table as JSON
  --pins         the figures as test/usecases/request-units.test.ts has them
  --document     writes the figures into docs/cost.md
`;

const CONDITIONS = `Measured on the protocol double through the real handlers, API, record layer and SDK, on virtual time.
RU by the published rule: max(rows, 4 KB blocks) × 1 for reads, max(rows, 1 KB blocks) × 2 for writes,
2 for a deleted row; a request that touches no row costs none. CPU is not modelled. Connecting, discovery
and sessions come before. Nothing else runs, so no transaction meets another.`;

/** Prints what each flow costs the database: requests, rows, bytes and request units. */
export async function bench(options: readonly string[]): Promise<void> {
  const [option = "", names = ""] = options;
  switch (option) {
    case "":
      print(`${CONDITIONS}\n\n${asText(flowTable(await measureFlows()))}`);
      return;
    case "--log":
      print((await measureNamed(names.split(","))).map(logLines).join("\n\n"));
      return;
    case "--json":
      print(JSON.stringify((await measureFlows()).map(asJson), undefined, 2));
      return;
    case "--pins":
      print(pinLines(await measureFlows()));
      return;
    case "--document":
      writeDocument(await measureFlows());
      return;
    default:
      process.stderr.write(USAGE);
      process.exitCode = 2;
  }
}

async function measureNamed(names: readonly string[]): Promise<readonly MeasuredFlow[]> {
  const wanted = flows.filter(({ name }) => names.includes(name));
  if (wanted.length === names.length) return await measureFlows(wanted);
  process.stderr.write(`Name one or more of: ${flows.map(({ name }) => name).join(", ")}\n`);
  process.exitCode = 2;
  return [];
}

function asJson(measured: MeasuredFlow): object {
  const { flow, cost, spent } = measured;
  const { bytesRead, bytesWritten } = cost;
  const { calls, messages } = spent;
  const { name, what, shares } = flow;
  return { name, what, shares, ...pinnedCost(measured), bytesRead, bytesWritten, calls, messages };
}

function writeDocument(measured: readonly MeasuredFlow[]): void {
  const path = "docs/cost.md";
  writeFileSync(path, withSections(readFileSync(path, "utf8"), costSections(measured)));
  print(`${path} has these figures now.`);
}

/** What there is to say, on a line of its own. */
function print(text: string): void {
  if (text === "") return;
  process.stdout.write(`${text}\n`);
}
