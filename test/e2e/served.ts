import { afterAll, beforeAll } from "vitest";
import { createToken } from "../../shared/usecases/access/tokens.ts";
import { Opened } from "../support/opened.ts";
import { Home } from "./home.ts";
import type { PlatformProcess } from "./platform-process.ts";
import { SdkClient } from "./sdk-client.ts";

/** A platform of its own for all tests of a file. */
export interface Served {
  readonly home: Home;
  readonly platform: PlatformProcess;
  /** With the platform's own token. */
  readonly client: SdkClient;
}

/** Starts a platform before the tests of this file, and ends it after them. */
export function served(): Served {
  const opened = new Opened();
  let started: Served | undefined;
  const its = (): Served => {
    if (started === undefined) throw new Error("the platform starts before the tests");
    return started;
  };
  beforeAll(async () => {
    const home = await Home.of(opened);
    await home.write("orrery.yaml", "version: 1\nschedules: {}\n");
    const platform = home.up();
    started = { home, platform, client: await SdkClient.of(home, platform) };
  });
  afterAll(async () => await opened[Symbol.asyncDispose]());
  return {
    get home() {
      return its().home;
    },
    get platform() {
      return its().platform;
    },
    get client() {
      return its().client;
    },
  };
}

/** A program of a subject that has no role yet. */
export async function aSubject({ home, client }: Served, id: string): Promise<SdkClient> {
  return await home.beside(async ({ services }) => {
    const { secret } = await createToken(services, { id, type: "userAccount" });
    return client.as(secret);
  });
}
