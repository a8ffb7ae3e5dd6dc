import type { YdbFailure } from "./failure.ts";

/** Something that calls are made for, and that ends as one. */
export class GuardedWork {
  /** Why it failed: the first failure that one of its calls met, or its end from outside. */
  failure: YdbFailure | undefined;
  /** Whether whoever wanted it has its result, or its failure. */
  isDone = false;
  /** How to end each of its calls. */
  readonly calls = new Set<() => void>();
  /** Rejects once it has failed. */
  readonly failed: Promise<never>;
  readonly #reject: (failure: YdbFailure) => void;

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.failed.catch(() => undefined); // It may fail while nobody waits.
    this.#reject = reject;
  }

  /** Ends it and its calls; the first failure stays. */
  fail(failure: YdbFailure): void {
    this.failure ??= failure;
    this.#reject(this.failure);
    for (const cancel of [...this.calls]) cancel();
  }
}
