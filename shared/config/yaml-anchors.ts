import { isAlias, type Alias, type Node } from "yaml";

/** What the aliases of one document stand for, kept while its nodes are read in their order. */
export class Anchors {
  readonly #named = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node>();
  #repeats = 0;

  /** Sets an anchor where it is written; repeating it must not bring back an overridden one. */
  set(node: Node): void {
    if (node.anchor !== undefined && this.#repeats === 0) this.#named.set(node.anchor, node);
  }

  /**
   * What an alias stands for: the last anchor of its name before it. Settled where the alias is
   * written, the answer stays, wherever the part around it is repeated.
   */
  resolve(alias: Alias): Node | undefined {
    const target = this.#targets.get(alias) ?? this.#named.get(alias.source);
    if (target !== undefined) this.#targets.set(alias, target);
    return target;
  }

  /** The node itself, or what it stands for once the document was read. */
  target(node: unknown): unknown {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  /** Reads what an alias repeats. */
  repeat<T>(read: () => T): T {
    this.#repeats += 1;
    const value = read();
    this.#repeats -= 1;
    return value;
  }
}
