import { runStorm, type Weather } from "../support/storm.ts";
import { startDouble } from "../support/ydb/start-double.ts";

const STORMS = [
  { schedules: 500, projects: 10 },
  { schedules: 150, projects: 1 },
];
const WORKERS = [1, 2, 4, 8, 16];

const HEAD = `Processes that do the same at the same time on one database of the protocol double, with every schedule due at
once and every tenth message coming twice. A try is one run of a transaction's body; one that met a conflict
was in vain. All processes share this machine, so times are upper bounds and mean little by themselves.
`;

/** Prints what transactions of many processes cost each other: tries, conflicts by table, RU. */
export async function bench(): Promise<void> {
  process.stdout.write(HEAD);
  const double = await startDouble({ keepsLog: false });
  try {
    for (const given of STORMS) {
      process.stdout.write(
        `\n${given.schedules} schedules of ${given.projects} projects\n${TITLES}\n`,
      );
      for (const workers of WORKERS) {
        const storm = await runStorm(double, { workers, ...given });
        for (const [part, weather] of Object.entries(storm.parts)) {
          process.stdout.write(`${lineOf(workers, part, weather)}\n`);
        }
        if (storm.failures.length > 0) {
          process.stdout.write(`failed: ${storm.failures.join("; ")}\n`);
        }
        await storm.close();
      }
    }
  } finally {
    await double.close();
  }
}

const COLUMNS = ["transactions", "tries each", "most", "conflicts each", "longest, ms", "RU"];
const WIDTH = 15;
const TITLES = `${"processes".padEnd(10)}${"part".padEnd(8)}${COLUMNS.map((title) => title.padStart(WIDTH)).join("")}  conflicts by table`;

function lineOf(workers: number, part: string, weather: Weather): string {
  const { transactions, tries, mostTries, conflicts, conflictsByTable, longestMs, ru } = weather;
  const figures = [
    String(transactions),
    (tries / transactions).toFixed(2),
    String(mostTries),
    (conflicts / transactions).toFixed(2),
    longestMs.toFixed(0),
    String(ru),
  ];
  const tables = [...conflictsByTable].map(([table, count]) => `${table} ${count}`).join(", ");
  return `${String(workers).padEnd(10)}${part.padEnd(8)}${figures.map((figure) => figure.padStart(WIDTH)).join("")}  ${tables}`;
}
