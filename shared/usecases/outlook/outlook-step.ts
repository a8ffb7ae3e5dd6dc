import type { ProjectEvent } from "../../core/notification/project-event.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Account } from "../../core/units/account.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import type { Outlook } from "../../records/outlook-record.ts";

/** What a step of an outlook stands on. */
export interface OutlookFacts {
  readonly account: Account;
  /** As the steps before have left it. */
  readonly outlook: Outlook;
  readonly now: Instant;
}

/** What a step comes to. */
export interface OutlookResult {
  readonly outlook: Outlook;
  /** Told in the transaction that writes the outlook. */
  readonly events: readonly ProjectEvent[];
  /** What else is written in it. */
  readonly write?: (tx: Transaction) => void;
}

/** Works out one part of a project's outlook; it reads, and leaves the writing to whoever asks. */
export type OutlookStep = (reader: Reader, facts: OutlookFacts) => Promise<OutlookResult>;
