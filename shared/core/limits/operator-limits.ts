/** Ceilings of what operators decide about schedules. */
export const operatorLimits = {
  /** A note of a pause: a sentence or two; ours names five runs of 90 characters. */
  pauseNoteChars: 500,
  /**
   * Pauses that are over and still count for what was due in them: 80 bytes each. They matter where
   * nothing ticked meanwhile, and nobody pauses a schedule eight times between two ticks.
   */
  pastPauses: 8,
  /** Occurrences left out at once: 14 bytes each, so the row of a schedule stays within its 4 KB. */
  skipsMax: 100,
  /** Failures in a row before a schedule pauses by itself. */
  pauseAfterFailuresMax: 100,
  /** Runs that the note of such a pause names: 5 of 90 characters fit a note. */
  failuresNamed: 5,
  /** Runs read first for each failure that counts: every second may be one that was skipped. */
  failureSearchFactor: 2,
};
