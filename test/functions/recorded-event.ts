import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An event as a trigger sent it, from `events/`. Fresh for each caller, who may change it. */
export function recordedEvent(name: string): object {
  const path = join(import.meta.dirname, "events", `${name}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as object;
}
