import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";

/** The Lockbox secret that Terraform keeps the installation's token in, and its key. */
const SECRET = { name: "orrery-api-token", key: "token" };

/**
 * The token for a platform elsewhere: `ORRERY_TOKEN`, else the installation's own from Lockbox
 * through the `yc` command, where that is installed and may read it. Throws UNAUTHENTICATED.
 */
export async function remoteToken(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const given = (environment["ORRERY_TOKEN"] ?? "").trim();
  if (given !== "") return checked(given);
  const { name, key } = { ...SECRET, name: environment["ORRERY_TOKEN_SECRET"] ?? SECRET.name };
  const found = await fromLockbox(name, key);
  return checked(found.trim());
}

async function fromLockbox(name: string, key: string): Promise<string> {
  const options = { timeout: limits.remoteCallMs, windowsHide: true };
  try {
    const args = ["lockbox", "payload", "get", "--name", name, "--key", key];
    return (await promisify(execFile)("yc", args, options)).stdout;
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    // What `yc` printed may hold more than is good to show.
    const why = isAbsent
      ? "the yc command is not installed"
      : `yc could not read the secret ${name}`;
    throw new OrreryError(
      "UNAUTHENTICATED",
      `There is no token for the platform: set ORRERY_TOKEN, or let yc read it from Lockbox (${why})`,
      { cause: error },
    );
  }
}

/** A token goes into a header as it is. */
function checked(token: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new OrreryError(
    "UNAUTHENTICATED",
    "The token for the platform is empty, or has characters that no token has",
  );
}
