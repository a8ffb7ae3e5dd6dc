import { AsyncLocalStorage } from "node:async_hooks";
import { assert } from "../../core/assert.ts";

/**
 * The stretch of time in which a body may use its store. It ends with the body, so that a reader
 * or transaction that leaked out of it fails loudly instead of reading another body's state.
 */
export class BodyScope {
  readonly #what: string;
  readonly #store: object;
  #isOpen = true;

  constructor(store: object, what: string) {
    this.#store = store;
    this.#what = what;
  }

  /** Runs the body inside this scope and ends the scope with it. */
  async run<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await current.run(this, body);
    } finally {
      this.#isOpen = false;
    }
  }

  assertOpen(): void {
    if (!this.#isOpen) assert(false, `${this.#what} is used only while its body runs`);
  }

  /**
   * Throws when called from inside a body of the same store. The inner body would wait for the
   * outer one to end, and the outer one for the inner: a deadlock, found here before it begins.
   */
  static assertOutside(store: object, what: string): void {
    const outer = current.getStore();
    if (outer === undefined || !outer.#isOpen || outer.#store !== store) return;
    assert(false, `${what} starts outside of every other body, got inside ${outer.#what}`);
  }
}

const current = new AsyncLocalStorage<BodyScope>();
