import { costOf, type MeasuredFlow } from "./ru-flows.ts";
import { grouped } from "./ru-report.ts";
import type { CountedRequest } from "./ru-stage.ts";

const HEAD = ["function", "asks for", "found", "puts", "bytes", "deletes", "RU"];

/** The transactions of a flow that touched rows, in their order; equal ones that follow count up. */
export function stepTable({ spent }: MeasuredFlow): readonly (readonly string[])[] {
  const lines: { readonly cells: readonly string[]; readonly ru: number; times: number }[] = [];
  for (const requests of transactionsOf(spent.requests)) {
    const { ru } = costOf(requests);
    const cells = cellsOf(requests);
    const last = lines.at(-1);
    if (ru === 0) continue;
    if (last?.ru === ru && last.cells.join("|") === cells.join("|")) last.times += 1;
    else lines.push({ cells, ru, times: 1 });
  }
  return [
    HEAD,
    ...lines.map(({ cells, ru, times }) => [...cells, times === 1 ? `${ru}` : `${times} × ${ru}`]),
  ];
}

function transactionsOf(
  requests: readonly CountedRequest[],
): readonly (readonly CountedRequest[])[] {
  const byTransaction = new Map<string, CountedRequest[]>();
  for (const request of requests) {
    const { transaction = "" } = request;
    byTransaction.set(transaction, [...(byTransaction.get(transaction) ?? []), request]);
  }
  return [...byTransaction.values()];
}

function cellsOf(requests: readonly CountedRequest[]): readonly string[] {
  const { rowsRead, bytesWritten } = costOf(requests);
  const texts = requests.flatMap((request) => request.texts);
  return [
    requests[0]?.by ?? "",
    tablesIn(texts, /^SELECT .* FROM `(\w+)`/s),
    grouped(rowsRead),
    tablesIn(texts, /^UPSERT INTO `(\w+)`/),
    grouped(bytesWritten),
    tablesIn(texts, /^DELETE FROM `(\w+)`/),
  ];
}

function tablesIn(texts: readonly string[], pattern: RegExp): string {
  return [...new Set(texts.flatMap((text) => pattern.exec(text)?.[1] ?? []))].join(", ");
}
