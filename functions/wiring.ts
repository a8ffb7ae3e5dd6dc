import type { ApiServices } from "../shared/api/api-services.ts";
import type { Api } from "../shared/api/api.ts";
import type { ConfigurationSource } from "../shared/config/configuration-source.ts";
import { assert } from "../shared/core/assert.ts";

/** What handlers stand on: the services, and the API over them. */
export interface Wiring extends ApiServices {
  readonly api: Api;
  /** Where the live configuration comes from; a laptop without a schedules file has none. */
  readonly configuration?: ConfigurationSource;
}

/** Whoever names these gets them where there are any: only DataSphere owns projects but us. */
const OPTIONAL: ReadonlySet<keyof Wiring> = new Set(["provider"] as const);

let installed: Partial<Wiring> | undefined;

/** Gives every handler of this process its services; a platform calls it before any handler runs. */
export function install(wiring: Wiring): void {
  installed = wiring;
}

/** The same where a process is one function, which has what that function needs and nothing else. */
export function installParts(parts: Partial<Wiring>): void {
  installed = parts;
}

/**
 * The services of this process that a handler names. A handler exports the list, and the cloud's
 * composition has to have a part for each name, so one that is missing does not compile.
 */
export function services<K extends keyof Wiring>(needs: readonly K[]): Required<Pick<Wiring, K>> {
  const parts = installed;
  assert(parts !== undefined, "a platform installs the services before it calls a handler");
  const missing = needs.filter((name) => !OPTIONAL.has(name) && parts[name] === undefined);
  assert(missing.length === 0, `this process has the parts ${missing.join(", ")}`);
  return parts as Required<Pick<Wiring, K>>;
}
