import type { WrongField } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";

/** Collects what is wrong with one request, up to `limits.apiViolations`. */
export class Violations {
  readonly #found: WrongField[] = [];

  get found(): readonly WrongField[] {
    return this.#found;
  }

  /** Whether nothing more is told, so that looking further is for nothing. */
  get isFull(): boolean {
    return this.#found.length >= limits.apiViolations;
  }

  add(field: string, description: string): void {
    if (!this.isFull) this.#found.push({ field, description });
  }
}

/** The path of a field inside a message; the request itself has none. */
export function pathOf(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}
