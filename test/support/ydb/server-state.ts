import type { CommitListener } from "./database.ts";
import { Database } from "./database.ts";
import type { DoubleLimits, DoubleOptions, TokenRefusal } from "./double.ts";
import { Faults } from "./faults.ts";
import { LogBook } from "./log-book.ts";
import { type Plan, planOf } from "./plan.ts";
import { parseText } from "./parse-text.ts";
import { badRequest, Refusal } from "./refusal.ts";
import type { Bucket } from "./ru-meter.ts";
import { Sessions } from "./sessions.ts";
import type { DataText, SchemaText } from "./statement.ts";

const LIMITS: DoubleLimits = {
  resultRows: 1_000,
  resultBytes: 50 * 1024 * 1024,
  textBytes: 10 * 1024,
  messageBytes: 4 * 1024 * 1024,
  keyBytes: 1024 * 1024,
  transactionsPerSession: 10,
  sessions: 1_000,
};

/** A path names a cluster's or a cloud's database; `/` is what a misread URL comes down to. */
const PATH = /^(\/[\w.-]+)+$/;

/** Everything a server holds, whoever asks. */
export class ServerState {
  readonly limits: DoubleLimits;
  readonly leastRu: 0 | 1;
  readonly sessions: Sessions;
  readonly faults = new Faults();
  readonly book: LogBook;
  readonly tokens = new Map<string, { readonly token: string; readonly refusal: TokenRefusal }>();
  readonly buckets = new Map<string, Bucket>();
  listener: CommitListener | undefined;
  readonly #known: ReadonlySet<string> | undefined;
  readonly #databases = new Map<string, Database>();
  readonly #texts = new Map<string, DataText | SchemaText>();
  readonly #plans = new Map<Database, Map<string, Plan>>();

  constructor({ databases, limits, leastRu = 1, keepsLog = true }: DoubleOptions) {
    this.limits = { ...LIMITS, ...limits };
    this.leastRu = leastRu;
    this.sessions = new Sessions(this.limits);
    this.book = new LogBook(keepsLog);
    this.#known = databases === undefined ? undefined : new Set(databases);
  }

  get databases(): readonly Database[] {
    return [...this.#databases.values()];
  }

  database(path: string): Database {
    let database = this.#databases.get(path);
    if (database === undefined) {
      const isKnown = this.#known?.has(path) ?? PATH.test(path);
      if (!isKnown) throw new Refusal("NOT_FOUND", `Unknown database ${path}`);
      database = new Database(path, () => this.listener);
      this.#databases.set(path, database);
    }
    return database;
  }

  /** A text, read once however often it comes. */
  text(text: string): DataText | SchemaText {
    let parsed = this.#texts.get(text);
    if (parsed === undefined) {
      const bytes = Buffer.byteLength(text);
      if (bytes > this.limits.textBytes) {
        throw badRequest(`The text has ${bytes} bytes, more than ${this.limits.textBytes}`);
      }
      parsed = parseText(text);
      this.#texts.set(text, parsed);
    }
    return parsed;
  }

  /** The plan of a text, made once: tables and columns are only ever added, so it stays right. */
  plan(database: Database, text: string, parsed: DataText): Plan {
    let plans = this.#plans.get(database);
    if (plans === undefined) this.#plans.set(database, (plans = new Map<string, Plan>()));
    let plan = plans.get(text);
    if (plan === undefined) plans.set(text, (plan = planOf(database, parsed)));
    return plan;
  }
}
