import type { Alarms } from "../ports/clock.ts";
import type { Services } from "../usecases/services.ts";

/** What the API stands on: the services, and what it knows of its own address and token. */
export interface ApiServices extends Services {
  /** The installation's own token: whoever sends it may do everything. */
  readonly apiToken: string;
  /** Wakes a stream that follows something. */
  readonly alarms: Alarms;
  /** Where browsers and plain HTTP clients reach us, such as `http://127.0.0.1:7070`; no slash at its end. */
  readonly publicUrl: () => string;
}
