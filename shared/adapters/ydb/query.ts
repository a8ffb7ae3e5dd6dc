import type { Ydb } from "ydb-sdk";

/** A statement's text, which follows from tables and verbs alone, and the values it is sent with. */
export interface Query {
  readonly text: string;
  readonly parameters: Readonly<Record<string, Ydb.ITypedValue>>;
}

/** In which transaction a query runs, and whether its end is the transaction's. */
export interface TransactionControl {
  /** A new one of this kind, or the one with this id. */
  readonly transaction: { readonly begin: "serializable" | "snapshot" } | { readonly id: string };
  readonly commit: boolean;
}

/** What a query answered. */
export interface Answer {
  /** The transaction that is open now; absent once it was committed. */
  readonly transaction: string | undefined;
  /** One per SELECT, in order, none of them truncated. */
  readonly resultSets: readonly Ydb.IResultSet[];
}
