import { setImmediate } from "node:timers/promises";

/**
 * How many turns may follow each other before everything else gets one. A connection blocks, so
 * a chain of bodies would otherwise run from promise to promise and starve timers and sockets;
 * eight of the largest transactions are some 20 ms, and eight of the smallest hide the cost.
 */
const TURNS_IN_A_ROW = 8;

/** Lets asynchronous work through one at a time, first come first served. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #inARow = 0;

  /** Runs `turn` once every earlier one has ended, however it ended; answers as it does. */
  async take<T>(turn: () => T | Promise<T>): Promise<T> {
    const mine = this.#last.then(async () => {
      await this.#pause();
      return await turn();
    });
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #pause(): Promise<void> {
    this.#inARow = (this.#inARow + 1) % TURNS_IN_A_ROW;
    if (this.#inARow === 0) await setImmediate();
  }
}
