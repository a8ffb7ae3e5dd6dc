import type { Target } from "../core/notification/subscription.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Executor } from "../ports/executor.ts";
import type { Files } from "../ports/files.ts";
import type { Log } from "../ports/log.ts";
import type { Provider } from "../ports/provider.ts";
import type { Queue } from "../ports/queue.ts";
import type { Random } from "../ports/random.ts";
import type { Store } from "../ports/store.ts";
import type { Telemetry } from "../ports/telemetry.ts";

/** Every port a use case may ask for; each takes only those it needs. */
export interface Services {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: Queue;
  readonly executor: Executor;
  readonly files: Files;
  readonly channels: Channels;
  readonly log: Log;
  /** Who is told how it goes: spans and metrics. */
  readonly telemetry: Telemetry;
  /** Who owns projects, limits and balances where that is not us; absent on a laptop of its own. */
  readonly provider?: Provider | undefined;
}

/** One channel for each kind of target. */
type Channels = {
  readonly [K in Target["kind"]]: Channel<Extract<Target, { readonly kind: K }>>;
};
