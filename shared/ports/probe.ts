import type { Finding } from "../core/finding.ts";

/** Looks whether one part of an installation works. It changes nothing, and answers for any failure. */
export interface Probe {
  /** The check's name, as its finding has it. */
  readonly check: string;
  look(): Promise<Finding>;
}
