import type { ApiServices } from "../shared/api/api-services.ts";
import type { Api } from "../shared/api/api.ts";
import { assert } from "../shared/core/assert.ts";

/** What handlers stand on: the services, and the API over them. */
export interface Wiring extends ApiServices {
  readonly api: Api;
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
