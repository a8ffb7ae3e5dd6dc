import { assert } from "../shared/core/assert.ts";
import type { Services } from "../shared/usecases/services.ts";

/** What handlers stand on: the services, and what the HTTP face compares a bearer token with. */
export interface Wiring extends Services {
  readonly apiToken: string;
}

let installed: Wiring | undefined;

/** Gives every handler of this process its services; a platform calls it before any handler runs. */
export function install(wiring: Wiring): void {
  installed = wiring;
}

/** The services of this process. */
export function services(): Wiring {
  assert(installed !== undefined, "a platform installs the services before it calls a handler");
  return installed;
}
