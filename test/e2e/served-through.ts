import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { caFile, serverCertificate } from "../../infra/local/certificates.ts";
import { GrpcFaults, type ServiceShape } from "../support/grpc-faults.ts";
import { Opened } from "../support/opened.ts";
import { realClock } from "../support/real-clock.ts";
import { Home } from "./home.ts";
import { SdkClient } from "./sdk-client.ts";
import type { Served } from "./served.ts";

/** A platform that plays DataSphere, and one before it whose projects are DataSphere's. */
export interface ServedThrough {
  readonly cloud: Served;
  readonly ours: Served;
  /** Between the two: what came through, and what is spoilt on the way. */
  readonly faults: GrpcFaults;
}

/**
 * Starts both before the tests of this file, as processes of their own that speak TLS to each other,
 * and ends them after. Faults begin anew with each test.
 */
export function servedThrough(services: readonly ServiceShape[]): ServedThrough {
  const opened = new Opened();
  let started: ServedThrough | undefined;
  const its = (): ServedThrough => {
    if (started === undefined) throw new Error("the platforms start before the tests");
    return started;
  };
  beforeAll(async () => {
    const cloud = await startCloud(opened);
    const { endpoint, rootCerts: ca } = cloud.client;
    const tls = await serverCertificate(cloud.home.folder, "127.0.0.1", realClock.now());
    const faults = await GrpcFaults.before({ endpoint, ca }, { services, tls });
    opened.onTestFinished(() => faults.close());
    started = { cloud, faults, ours: await startOurs(opened, cloud.home, faults.endpoint) };
  });
  beforeEach(() => its().faults.plan(() => undefined));
  afterAll(async () => await opened[Symbol.asyncDispose]());
  return {
    get cloud() {
      return its().cloud;
    },
    get ours() {
      return its().ours;
    },
    get faults() {
      return its().faults;
    },
  };
}

const NOTHING = "version: 1\nschedules: {}\n";

async function startCloud(opened: Opened): Promise<Served> {
  const home = await Home.of(opened);
  await home.write("orrery.yaml", NOTHING);
  const platform = home.up();
  return { home, platform, client: await SdkClient.of(home, platform) };
}

async function startOurs(opened: Opened, cloud: Home, endpoint: string): Promise<Served> {
  const home = await Home.of(opened);
  await home.write("orrery.yaml", NOTHING);
  const token = (await readFile(join(cloud.data, "token"), "utf8")).trim();
  const datasphere = ["--datasphere", endpoint, "--datasphere-ca", caFile(cloud.folder)];
  const own = ["--config", home.config, ...home.where(), "--port", "0"];
  const platform = home.start({
    args: ["up", ...own, ...datasphere],
    environment: { DATASPHERE_TOKEN: token },
  });
  return { home, platform, client: await SdkClient.of(home, platform) };
}
