import { assert } from "../../shared/core/assert.ts";
import type { MeasuredFlow } from "./ru-flows.ts";
import { grouped, tenths } from "./ru-report.ts";

/**
 * List prices, without what a contract changes. YDB: a course of Yandex's of 2025, roubles with
 * VAT; no page in dollars that we could read has it. Functions: "Cloud Functions pricing policy"
 * of 2026, and Message Queue's of the same year, dollars without VAT.
 */
const PRICES = {
  roublesPerMillionRu: 21.38,
  dollarsPerMillionCalls: 0.1554917784,
  dollarsPerGbHour: 0.0531147456,
  dollarsPerMillionMessages: 0.39008,
} as const;

/** What each month has for nothing. */
const FREE = { ru: 1_000_000, calls: 1_000_000, gbHours: 10, messages: 100_000 } as const;

/** A tick by the minute, 30 days long. */
const TICKS = 30 * 24 * 60;
/** What `serverless.yaml` gives a function, and how long a call is assumed to take. */
const CALL_GB = 0.25;
const CALL_SECONDS = 0.5;

/** What one run costs beside the ticks that there are anyway. */
interface PerRun {
  readonly ru: number;
  readonly calls: number;
  readonly messages: number;
}

const HEAD = ["month", "RU", "YDB, ₽", "calls", "GB·h", "messages", "functions and queues, $"];

/** What months of so many runs cost, each with one notification and fired alone. */
export function monthTable(measured: readonly MeasuredFlow[]): readonly (readonly string[])[] {
  const minute = perRun(measured, "run-minute");
  const hour = perRun(measured, "run-hour");
  const idle = { ru: flowOf(measured, "tick-idle-1000").cost.ru * TICKS, runs: 0 };
  return [
    HEAD,
    month("nothing runs", idle.ru, { runs: 0, each: minute }),
    ...[100, 10_000, 1_000_000].flatMap((runs) => [
      month(`${grouped(runs)} runs of a minute`, idle.ru, { runs, each: minute }),
      month(`${grouped(runs)} runs of an hour`, idle.ru, { runs, each: hour }),
    ]),
  ];
}

function month(
  what: string,
  idleRu: number,
  { runs, each }: { readonly runs: number; readonly each: PerRun },
): readonly string[] {
  const ru = idleRu + runs * each.ru;
  const calls = TICKS + runs * each.calls;
  const gbHours = (calls * CALL_GB * CALL_SECONDS) / 3600;
  const messages = runs * each.messages;
  const dollars =
    (beyond(calls, FREE.calls) / 1e6) * PRICES.dollarsPerMillionCalls +
    beyond(gbHours, FREE.gbHours) * PRICES.dollarsPerGbHour +
    (beyond(messages, FREE.messages) / 1e6) * PRICES.dollarsPerMillionMessages;
  const roubles = (beyond(ru, FREE.ru) / 1e6) * PRICES.roublesPerMillionRu;
  return [
    what,
    grouped(ru),
    money(roubles),
    grouped(calls),
    tenths(gbHours),
    grouped(messages),
    money(dollars),
  ];
}

function beyond(used: number, free: number): number {
  return Math.max(0, used - free);
}

function money(amount: number): string {
  return amount === 0
    ? "0"
    : amount.toLocaleString("en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2 });
}

/** A new serverless database's throttle, and how much unused throughput it saves up. */
const DEFAULT_RU_PER_SECOND = 10;
const RESERVE_SECONDS = 300;

const LOADS = [10, 100, 1_000];

/** What a new database's throttle lets through, and how far to raise it for more. */
export function throttleTable(measured: readonly MeasuredFlow[]): readonly (readonly string[])[] {
  const head = [
    "each run is",
    "a minute",
    "at once",
    ...LOADS.map((runs) => `${grouped(runs)} a minute`),
  ];
  const rows = ["run", "run-50", "run-minute", "run-hour"].map((name) => {
    const { flow, cost } = flowOf(measured, name);
    const each = cost.ru / flow.shares;
    return [
      flow.what,
      tenths((DEFAULT_RU_PER_SECOND * 60) / each),
      grouped(Math.floor((DEFAULT_RU_PER_SECOND * RESERVE_SECONDS) / each)),
      ...LOADS.map((runs) => `${grouped(Math.ceil((runs * each) / 60))} RU/s`),
    ];
  });
  return [head, ...rows];
}

function perRun(measured: readonly MeasuredFlow[], name: string): PerRun {
  const { flow, cost, spent } = flowOf(measured, name);
  const { tick = 0 } = spent.calls;
  const calls = Object.values(spent.calls).reduce((sum, count) => sum + count, 0) - tick;
  return {
    ru: cost.ru / flow.shares,
    calls: calls / flow.shares,
    messages: spent.messages / flow.shares,
  };
}

function flowOf(measured: readonly MeasuredFlow[], name: string): MeasuredFlow {
  const found = measured.find(({ flow }) => flow.name === name);
  assert(found !== undefined, `${name} was measured`);
  return found;
}
