import { PRIORITIES, type Priority } from "../schedule/schedule-definition.ts";

/** Sorts runs that wait: 0 goes first. */
export function rankOf(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

/** How many ranks there are. */
export const RANKS = PRIORITIES.length;
