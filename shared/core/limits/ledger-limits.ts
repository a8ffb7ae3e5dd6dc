/** Ceilings of looking through ledgers. Each with its arithmetic; relations stand in `limits.ts`. */
export const ledgerLimits = {
  /**
   * What a verification tells of, at most: 100 of 200 bytes are 20 KB. Whoever mends a ledger begins
   * with the first, and the count says how many there are.
   */
  ledgerDifferences: 100,
  /** Rows of entries in one read of a verification: 100 of 1 KB, or of 8 KB with the longest reasons. */
  ledgerVerifyRows: 100,
  /** What a difference quotes of a row that cannot be read. */
  ledgerQuotedChars: 100,
  /** Why somebody posted to a ledger by hand, in the entry behind who did. */
  ledgerReasonChars: 200,
};
