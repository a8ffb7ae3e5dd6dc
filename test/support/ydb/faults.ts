import type { Call, Fault, FaultOutcome, FaultRule } from "./double.ts";
import { ConnectionDropped } from "./refusal.ts";

interface ActiveFault {
  readonly rule: FaultRule;
  /** How many calls fitted. */
  seen: number;
  hits: number;
  readonly firstHit: PromiseWithResolvers<Call>;
  /** Settled by `release`: then what hangs goes on. */
  readonly gate: PromiseWithResolvers<undefined>;
}

/** The faults that are to come, asked once before and once after every call. */
export class Faults {
  readonly #active: ActiveFault[] = [];
  readonly #closed = Promise.withResolvers<undefined>();
  #isClosed = false;

  /** Whether a call may pass without being looked at. */
  get isEmpty(): boolean {
    return this.#active.length === 0;
  }

  add(rule: FaultRule): Fault {
    const fault: ActiveFault = {
      rule,
      seen: 0,
      hits: 0,
      firstHit: Promise.withResolvers(),
      gate: Promise.withResolvers(),
    };
    this.#active.push(fault);
    return {
      get hits() {
        return fault.hits;
      },
      hit: fault.firstHit.promise,
      release: () => fault.gate.resolve(undefined),
      remove: () => this.#remove(fault),
    };
  }

  clear(): void {
    for (const fault of [...this.#active]) this.#remove(fault);
  }

  /** Lets go of whatever hangs: those calls have no effect, as their callers are gone. */
  close(): void {
    this.#isClosed = true;
    this.#closed.resolve(undefined);
  }

  /** How the call ends by a fault, once it has waited; undefined where it goes on. */
  async meet(
    when: FaultRule["when"],
    call: Call,
  ): Promise<Exclude<FaultOutcome, "hang"> | undefined> {
    const fault = this.#due(when, call);
    if (fault === undefined) return undefined;
    fault.hits += 1;
    fault.firstHit.resolve(call);
    const { wait, outcome } = fault.rule;
    if (wait !== undefined) await this.#orClosed(wait(call));
    if (outcome !== "hang") return outcome;
    await this.#orClosed(fault.gate.promise);
    return undefined;
  }

  /** The first fault whose turn it is. Every fault that fits counts the call. */
  #due(when: FaultRule["when"], call: Call): ActiveFault | undefined {
    let due: ActiveFault | undefined;
    for (const fault of this.#active) {
      if (!fits(fault.rule, when, call)) continue;
      fault.seen += 1;
      if (due === undefined && isDue(fault)) due = fault;
    }
    return due;
  }

  async #orClosed(waited: Promise<void>): Promise<void> {
    await Promise.race([waited, this.#closed.promise]);
    if (this.#isClosed) throw new ConnectionDropped("the server is closed");
  }

  #remove(fault: ActiveFault): void {
    const index = this.#active.indexOf(fault);
    if (index >= 0) this.#active.splice(index, 1);
    fault.gate.resolve(undefined);
  }
}

function fits(rule: FaultRule, when: FaultRule["when"], call: Call): boolean {
  return (
    rule.when === when &&
    (rule.method === undefined || rule.method === call.method) &&
    (rule.database === undefined || rule.database === call.database) &&
    (rule.match === undefined || rule.match(call))
  );
}

function isDue({ rule, seen, hits }: ActiveFault): boolean {
  const { nth = 1, chance, times = chance === undefined ? 1 : Infinity } = rule;
  if (seen < nth || hits >= times) return false;
  return chance === undefined || chance.random.fraction() < chance.probability;
}
