/** Closes what a test has opened once it is over; the context of every test is one. */
export interface Closing {
  onTestFinished(close: () => void | Promise<void>): void;
}

/** Closes in reverse order at the end of its block; for `it.each`, which passes no context. */
export class Opened implements Closing, AsyncDisposable {
  readonly #closing: (() => void | Promise<void>)[] = [];

  onTestFinished(close: () => void | Promise<void>): void {
    this.#closing.unshift(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing) await close();
  }
}
