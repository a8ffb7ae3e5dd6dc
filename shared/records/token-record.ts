import type { Subject } from "../core/access/access.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { tokensTable } from "./tables.ts";

/** What is kept of a token. Its secret is not: only the hash that finds this. */
export interface Token {
  /** SHA-256 of the secret, lower-case hex. */
  readonly hash: string;
  readonly id: string;
  readonly subject: Subject;
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  /** A session opens one project's page and nothing else. */
  readonly session?: { readonly project: string };
}

/** The token with this hash, unless it has expired by `now`. */
export async function readToken(
  reader: Reader,
  hash: string,
  now: Instant,
): Promise<Token | undefined> {
  const row = await reader.get(tokensTable, { hash });
  const token = row && fromBody<Token>(row.body);
  return token?.expiresAt !== undefined && token.expiresAt <= now ? undefined : token;
}

export function writeToken(tx: Transaction, token: Token): void {
  const { hash, id, expiresAt } = token;
  tx.put(tokensTable, { hash, id, body: toBody(token), expire_at: expiresAt ?? null });
}

export function deleteToken(tx: Transaction, hash: string): void {
  tx.delete(tokensTable, { hash });
}

/** The token whose hash begins with this id; undefined where there is none. */
export async function findToken(reader: Reader, id: string): Promise<Token | undefined> {
  if (!/^[0-9a-f]{1,64}$/.test(id)) return undefined;
  // Behind every hash that begins so: `g` follows the last hexadecimal digit.
  const rows = await reader.scan(tokensTable, { from: id, to: `${id}g`, limit: 1 });
  const [token] = rows.map((row) => fromBody<Token>(row.body));
  return token?.id === id ? token : undefined;
}

/** A page of all tokens by hash, behind `after`. */
export async function scanTokens(
  reader: Reader,
  page: { readonly limit: number; readonly after?: string },
): Promise<readonly Token[]> {
  const rows = await reader.scan(tokensTable, {
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: { hash: page.after } }),
  });
  return rows.map((row) => fromBody<Token>(row.body));
}
