import { assert } from "../../shared/core/assert.ts";
import { ALARMS, promqlOf } from "../../shared/core/telemetry/alarms.ts";
import { METRICS, type Metric } from "../../shared/core/telemetry/metrics.ts";

/** The file that programs which are not ours read: Terraform, a dashboard, a script. */
export const LISTING_FILE = "infra/observability/observability.json";

/** The page whose tables are made from the same lists. */
export const PAGE_FILE = "docs/observability.md";

/** Metrics and alarms as data, each alarm with its condition in PromQL. */
export function listing(): object {
  const metrics = Object.entries(METRICS).map(([name, metric]) => ({ name, ...metric }));
  const alarms = ALARMS.map((alarm) => ({ ...alarm, promql: promqlOf(alarm) }));
  return { metrics, alarms };
}

/** The page with its two tables as the lists are now; everything else of it is left as it is. */
export function withTables(page: string): string {
  return replaced(replaced(page, "metrics", metricsTable()), "alarms", alarmsTable());
}

function replaced(page: string, name: string, table: string): string {
  const place = new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`);
  assert(place.test(page), `${PAGE_FILE} has a place for ${name}`);
  return page.replace(place, () => `<!-- ${name} -->\n\n${table}\n<!-- /${name} -->`);
}

function metricsTable(): string {
  const rows = Object.entries(METRICS as Readonly<Record<string, Metric>>).map(
    ([name, { kind, unit, attributes, meaning }]) => {
      const listed = Object.entries(attributes).map(([attribute, values]) => {
        const text = typeof values === "string" ? values : values.map(code).join(", ");
        return `${code(attribute)}: ${text}`;
      });
      return [code(name), kind, code(unit), listed.join("; "), meaning];
    },
  );
  return table(["metric", "kind", "unit", "attributes", "means"], rows);
}

function alarmsTable(): string {
  const rows = ALARMS.map((alarm) => {
    const { name, promise, severity, remedy, builtIn } = alarm;
    const condition = code(promqlOf(alarm).replaceAll("|", "\\|"));
    return [code(name), severity, promise, condition, remedy, builtIn ?? ""];
  });
  return table(["alarm", "who", "promise", "on where", "what to do", "without a collector"], rows);
}

const code = (text: string): string => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = line(head.map(() => "---"));
  return [line(head), rule, ...rows.map(line)].join("\n") + "\n";
}
