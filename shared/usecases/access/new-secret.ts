import type { Random } from "../../ports/random.ts";
import type { Token } from "../../records/token-record.ts";
import { tokenDigest } from "./authenticate.ts";

/** A secret that only its receiver keeps, and what is kept of it. */
interface NewSecret {
  readonly secret: string;
  readonly token: Pick<Token, "hash" | "id">;
}

/** Two ids of 20 characters: some 200 bits that nobody can guess. */
export function newSecret(random: Random): NewSecret {
  const secret = `orr_${random.id()}${random.id()}`;
  const hash = tokenDigest(secret).toString("hex");
  return { secret, token: { hash, id: tokenIdOf(hash) } };
}

/** The hash's beginning: 80 bits that name the token and find its row, and give nothing away. */
function tokenIdOf(hash: string): string {
  return hash.slice(0, 20);
}
