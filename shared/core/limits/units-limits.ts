/** Ceilings of budgets and of what follows from them. Each with its arithmetic. */
export const unitsLimits = {
  /** Percents of a budget that are told: each may be a notification, and 1 to 100 is all there is. */
  budgetPercents: 20,
  /**
   * Runs gone through for the last one that started, where a low balance keeps runs apart. Two tell it
   * mostly; this many are 128 KB of rows, and more than an hour of a schedule that fires every minute.
   */
  spacingRows: 128,
};
