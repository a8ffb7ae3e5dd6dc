import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { HOUR_MS } from "../../core/time/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import { givenToken } from "../ydb/given-token.ts";
import { heldToken, isToken, type HeldToken, type TokenSource } from "../ydb/token-source.ts";

/** Where a laptop's token for DataSphere may be, the first one first. */
const VARIABLES = ["DATASPHERE_TOKEN", "YC_IAM_TOKEN", "YC_TOKEN"] as const;

/**
 * Tokens of who uses this machine: from the environment, else from `yc iam create-token`, a new one
 * every hour. Throws UNAUTHENTICATED for a variable that holds no IAM token.
 */
export function laptopToken(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): TokenSource {
  for (const name of VARIABLES) {
    const token = (environment[name] ?? "").trim();
    if (token === "") continue;
    // Those of OAuth stand for a person and are only good for getting another one.
    if (isToken(token) && !/^y\d_|^AQAAAA/.test(token)) return givenToken(token, name);
    throw new OrreryError(
      "UNAUTHENTICATED",
      `${name} holds no IAM token: take one from \`yc iam create-token\`, or leave it out, and yc is asked`,
    );
  }
  return commandToken(clock);
}

function commandToken(clock: Clock): TokenSource {
  let held: HeldToken | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const token = await fromCommand();
    held = heldToken(token, HOUR_MS, clock.now());
    return token;
  };
  return {
    token: async () => {
      if (held !== undefined && clock.now() < held.renewAt) return held.token;
      asking ??= ask().finally(() => (asking = undefined));
      return await asking;
    },
    invalidate: (token) => {
      if (held?.token === token) held = undefined;
    },
  };
}

async function fromCommand(): Promise<string> {
  const options = { timeout: limits.remoteCallMs, windowsHide: true };
  try {
    const { stdout } = await promisify(execFile)("yc", ["iam", "create-token"], options);
    const token = stdout.trim();
    if (isToken(token)) return token;
    throw new Error("it printed no token");
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    // What `yc` printed may hold more than is good to show.
    const why = isAbsent ? "the yc command is not installed" : "yc iam create-token failed";
    throw new OrreryError(
      "UNAUTHENTICATED",
      `There is no token for DataSphere: set DATASPHERE_TOKEN, or log in with \`yc init\` (${why})`,
      { cause: error },
    );
  }
}
