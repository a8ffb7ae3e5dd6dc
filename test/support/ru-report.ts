import type { MeasuredFlow } from "./ru-flows.ts";
import type { CountedRequest } from "./ru-stage.ts";

/** What the test pins of a flow: its cost in all, not shared. */
export interface PinnedCost {
  readonly queries: number;
  readonly rollbacks: number;
  readonly read: number;
  readonly written: number;
  readonly deleted: number;
  readonly ru: number;
}

export function pinnedCost({ cost, spent }: MeasuredFlow): PinnedCost {
  const rollbacks = cost.requests.get("RollbackTransaction") ?? 0;
  return {
    queries: spent.requests.length - rollbacks,
    rollbacks,
    read: cost.rowsRead,
    written: cost.rowsWritten,
    deleted: cost.rowsDeleted,
    ru: cost.ru,
  };
}

/** The table of the test, ready to be put there. */
export function pinLines(measured: readonly MeasuredFlow[]): string {
  return measured
    .map((each) => {
      const members = Object.entries(pinnedCost(each)).map(([name, value]) => `${name}: ${value}`);
      return `  "${each.flow.name}": { ${members.join(", ")} },`;
    })
    .join("\n");
}

const HEAD = ["what", "queries", "rollbacks", "read", "written", "deleted", "KB", "RU", "RU each"];

/** The table of all flows. */
export function flowTable(measured: readonly MeasuredFlow[]): readonly (readonly string[])[] {
  const rows = measured.map((each) => {
    const { queries, rollbacks, read, written, deleted, ru } = pinnedCost(each);
    const { bytesRead, bytesWritten } = each.cost;
    const counts = [queries, rollbacks, read, written, deleted].map((count) => grouped(count));
    const kilobytes = tenths((bytesRead + bytesWritten) / 1024);
    return [each.flow.what, ...counts, kilobytes, grouped(ru), eachOf(each)];
  });
  return [HEAD, ...rows];
}

/** RU shared among those that the flow was measured for. */
function eachOf({ cost, flow }: MeasuredFlow): string {
  const each = cost.ru / flow.shares;
  return Number.isInteger(each) ? grouped(each) : tenths(each);
}

/** A number as the documents write it: 1,000. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** The same with one decimal place. */
export function tenths(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
}

/** Rows of cells as a table for a terminal: text to the left, numbers to the right. */
export function asText(rows: readonly (readonly string[])[]): string {
  const columns = columnsOf(rows);
  return rows.map((cells) => padded(cells, columns).join("  ").trimEnd()).join("\n");
}

/** The same for a document, as Prettier writes it. */
export function asMarkdown(rows: readonly (readonly string[])[]): string {
  const columns = columnsOf(rows);
  const [head = [], ...body] = rows;
  const rule = columns.map(({ width, isNumber }) =>
    isNumber ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [padded(head, columns), rule, ...body.map((cells) => padded(cells, columns))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

interface Column {
  readonly width: number;
  readonly isNumber: boolean;
}

function columnsOf([head = [], ...body]: readonly (readonly string[])[]): readonly Column[] {
  return head.map((title, column) => {
    const cells = body.map((each) => each[column] ?? "");
    return {
      width: Math.max(3, ...[title, ...cells].map(({ length }) => length)),
      isNumber: cells.every((cell) => /^[\d.,× ]+$/.test(cell)),
    };
  });
}

function padded(cells: readonly string[], columns: readonly Column[]): readonly string[] {
  return columns.map(({ width, isNumber }, column) => {
    const cell = cells[column] ?? "";
    return isNumber ? cell.padStart(width) : cell.padEnd(width);
  });
}

/** Every request of a flow with its statements, and its RU as anybody can work them out. */
export function logLines({ flow, cost, spent }: MeasuredFlow): string {
  const transactions = new Map<string, number>();
  const lines = spent.requests.map((request, index) => {
    const { transaction = "", by, texts } = request;
    if (!transactions.has(transaction)) transactions.set(transaction, transactions.size + 1);
    const number = String(index + 1).padStart(4);
    const where = `${by}, transaction ${transactions.get(transaction) ?? 0}`;
    const statements = texts.map((text) => `\n        ${text}`).join("");
    return `${number}  ${where}: ${kindOf(request)}, ${arithmeticOf(request)}${statements}`;
  });
  return [`${flow.name}: ${flow.what}; ${cost.ru} RU`, ...lines].join("\n");
}

function kindOf({ method, commits }: CountedRequest): string {
  return commits ? `${method} with commit` : method;
}

/** The published rule with this request's numbers in it. */
function arithmeticOf(request: CountedRequest): string {
  const { rowsRead, bytesRead, rowsWritten, bytesWritten, rowsDeleted, ru } = request;
  const terms: string[] = [];
  if (rowsRead > 0) terms.push(`max(${rowsRead} rows, ${bytesRead} B / 4 KB) × 1`);
  if (rowsWritten > 0) terms.push(`max(${rowsWritten} rows, ${bytesWritten} B / 1 KB) × 2`);
  if (rowsDeleted > 0) terms.push(`${rowsDeleted} deleted × 2`);
  return terms.length === 0 ? "no row, 0 RU" : `${terms.join(" + ")} = ${ru} RU`;
}
