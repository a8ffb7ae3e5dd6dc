import {
  ALL_AUTHENTICATED_USERS,
  ALL_USERS,
  callerId,
  type Subject,
} from "../../core/access/access.ts";
import { OrreryError } from "../../core/errors.ts";
import { formatInstant, type Instant } from "../../core/time/instant.ts";
import {
  deleteToken as removeToken,
  findToken,
  scanTokens,
  writeToken,
  type Token,
} from "../../records/token-record.ts";
import { readPage, type Page } from "../read-page.ts";
import type { Services } from "../services.ts";
import { newSecret } from "./new-secret.ts";

/** Ids that stand for somebody already: a token for one would speak in another's name. */
const RESERVED: ReadonlySet<string> = new Set([
  ALL_USERS.id,
  ALL_AUTHENTICATED_USERS.id,
  callerId({ kind: "platform" }),
]);

/** What only the answer to the creation carries: the secret is kept nowhere. */
export interface CreatedToken {
  readonly token: Token;
  readonly secret: string;
}

/** Makes a token for a subject; without `expiresAt` it holds until it is deleted. */
export async function createToken(
  services: Pick<Services, "store" | "clock" | "random">,
  subject: Subject,
  expiresAt?: Instant,
): Promise<CreatedToken> {
  const now = services.clock.now();
  check(subject, expiresAt, now);
  const { secret, token: known } = newSecret(services.random);
  const token: Token = {
    ...known,
    subject,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  await services.store.transact("create-token", (tx) => {
    writeToken(tx, token);
    return Promise.resolve();
  });
  return { token, secret };
}

/** A page of all API tokens that have not expired, in an order that new ones do not change. */
export async function listTokens(
  services: Pick<Services, "store" | "clock">,
  page: { readonly size: number; readonly after?: string | undefined },
): Promise<Page<Token, string>> {
  const now = services.clock.now();
  return await services.store.snapshot(
    async (reader) =>
      await readPage<Token, string>({
        ...page,
        scan: async (scan) => await scanTokens(reader, scan),
        keyOf: (token) => token.hash,
        keep: (tokens) =>
          tokens.filter(
            ({ session, expiresAt }) =>
              session === undefined && (expiresAt === undefined || expiresAt > now),
          ),
      }),
  );
}

/** Makes a token worth nothing, from its next use on; one that is gone already is fine. */
export async function deleteToken(services: Pick<Services, "store">, id: string): Promise<void> {
  await services.store.transact("delete-token", async (tx) => {
    const token = await findToken(tx, id);
    if (token !== undefined) removeToken(tx, token.hash);
  });
}

function check(subject: Subject, expiresAt: Instant | undefined, now: Instant): void {
  if (subject.type === "system" || RESERVED.has(subject.id)) {
    throw new OrreryError("ARGUMENT_INVALID", `Subject ${subject.id} is no single caller`, {
      fields: [{ field: "subject_id", description: `${subject.id} is reserved` }],
    });
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    const description = `${formatInstant(expiresAt)} has passed`;
    throw new OrreryError("ARGUMENT_INVALID", `A token that expires in the past: ${description}`, {
      fields: [{ field: "expires_at", description }],
    });
  }
}
