import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** Both clocks: one of them stands still while a machine sleeps, and a person may set the other. */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * Kept connections to one service. A function is frozen between its calls and a laptop sleeps, and
 * nobody tells either that the other side has gone meanwhile: a call on such a connection fails, or
 * hangs until its time is up. So a connection remembers when it was last used, and one that rested
 * for longer than `limits.ymqIdleMs` by either clock is closed before the next call, not tried.
 */
export interface Connections {
  readonly agent: HttpAgent;
  /** Closes those that rested too long; before every call. */
  dropStale(): void;
  /** Closes all that rest: one turned out to be dead, and the others are as old. */
  dropResting(): void;
  close(): void;
}

export function createConnections(isTls: boolean, clock: Clock): Connections {
  // The latest is taken first, so those behind it age and are closed.
  const settings = { keepAlive: true, scheduling: "lifo" } as const;
  const agent = isTls ? new HttpsAgent(settings) : new HttpAgent(settings);
  const restedSince = new WeakMap<Duplex, Moment>();
  const now = (): Moment => ({ wallMs: Number(clock.now()), monotonicMs: clock.monotonicMs() });

  // It says whether to keep the connection, which its type leaves out.
  const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    restedSince.set(socket, now());
    return keep(socket);
  };
  const resting = (): readonly Duplex[] =>
    Object.values(agent.freeSockets).flatMap((each) => each ?? []);
  return {
    agent,
    dropStale: () => {
      const { wallMs, monotonicMs } = now();
      for (const socket of resting()) {
        const since = restedSince.get(socket);
        const restedMs = Math.max(
          wallMs - (since?.wallMs ?? 0),
          monotonicMs - (since?.monotonicMs ?? 0),
        );
        if (restedMs > limits.ymqIdleMs) socket.destroy();
      }
    },
    dropResting: () => {
      for (const socket of resting()) socket.destroy();
    },
    close: () => agent.destroy(),
  };
}
