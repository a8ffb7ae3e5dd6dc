import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { addressRangeOf } from "./address-range.ts";

/** Every address of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

/** A connection that was not opened, because the address is where nothing may be sent. */
export class AddressRefusedError extends Error {
  readonly range: string;

  constructor(range: string) {
    super(`The address is ${range}: no connection was opened.`);
    this.name = "AddressRefusedError";
    this.range = range;
  }
}

interface ConnectorOptions {
  /** Range names as `addressRangeOf` gives them. */
  readonly permittedRanges: ReadonlySet<string>;
  readonly resolve: ResolveHost;
  /** How long a connection may take to open, the name's resolution included. */
  readonly timeoutMs: number;
}

/**
 * Opens connections to permitted addresses alone. A name is resolved once, by the connection
 * itself, so the addresses that were judged are those it connects to: a name that answers
 * differently a moment later gains nothing. One forbidden address among many refuses the name.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { permittedRanges, resolve, timeoutMs } = options;
  const refusalOf = (address: string): AddressRefusedError | undefined => {
    const range = addressRangeOf(address);
    return permittedRanges.has(range) ? undefined : new AddressRefusedError(range);
  };
  const lookup: LookupFunction = (hostname, _options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [refusal] = addresses.flatMap(({ address }) => refusalOf(address) ?? []);
        callback(refusal ?? null, refusal === undefined ? [...addresses] : []);
      },
      (error: unknown) => callback(error as Error, []),
    );
  };
  // With `autoSelectFamily` a socket asks for all addresses and tries them in turn.
  const connect = buildConnector({ lookup, autoSelectFamily: true, timeout: timeoutMs });
  return (target, callback) => {
    // A literal address is never looked up, so this is the only place that sees it.
    const refusal = isIP(target.hostname) === 0 ? undefined : refusalOf(target.hostname);
    if (refusal === undefined) connect(target, callback);
    else queueMicrotask(() => callback(refusal, null));
  };
}
