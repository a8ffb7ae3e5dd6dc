import type { Check } from "../shared/gen/orrery/v1/run_service_pb.ts";
import type { Terminal } from "./terminal.ts";

/** Prints every rule with a mark for whether it holds. */
export function printChecks(terminal: Terminal, checks: readonly Check[]): void {
  for (const { holds, sentence } of checks) {
    const mark = holds ? terminal.dress("green", "✔") : terminal.dress("red", "✘");
    terminal.out(`  ${mark} ${sentence}`);
  }
}
