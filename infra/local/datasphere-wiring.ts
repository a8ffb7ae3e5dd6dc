import { readFileSync } from "node:fs";
import type { DataSphereSession } from "../../shared/adapters/datasphere/session.ts";
import { folderJobFiles } from "../../shared/adapters/local-files/folder-job-files.ts";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import type { Executor } from "../../shared/ports/executor.ts";
import type { JobFiles } from "../../shared/ports/job-files.ts";
import type { Provider } from "../../shared/ports/provider.ts";
import { storeClaims } from "../../shared/usecases/store-claims.ts";
import type { PlatformBucket } from "./bucket-wiring.ts";
import { localClock, type DataDirectory } from "./wiring.ts";

/** The part of the laptop's composition root that executes in DataSphere. */

/** Where DataSphere is, and a session with it. */
export interface PlatformDatasphere {
  /** As it was given. */
  readonly address: string;
  readonly session: DataSphereSession;
  /** The owner of projects, limits and balances. */
  readonly provider: Provider;
  /** Executes on a platform's state. */
  readonly executor: (data: Pick<DataDirectory, "store" | "files">, jobFiles: JobFiles) => Executor;
}

export interface DatasphereAddress {
  /** `HOST[:PORT]`. */
  readonly address: string;
  /** A file with the authority to trust, where that is not one of the system's. */
  readonly ca?: string | undefined;
}

/**
 * Opens a session with DataSphere, with a token from the environment or from `yc`. Nothing connects
 * yet. Throws USAGE for what is no address, and UNAUTHENTICATED.
 */
export async function openDatasphere({
  address,
  ca,
}: DatasphereAddress): Promise<PlatformDatasphere> {
  const endpoint = endpointOf(address);
  const authority = ca === undefined || ca === "" ? undefined : authorityIn(ca);
  // Loaded only here: the SDK takes a tenth of a second, which nobody else is to wait for.
  const [{ openDataSphere }, { laptopToken }, { createDatasphereExecutor }, { openProvider }] =
    await Promise.all([
      import("../../shared/adapters/datasphere/session.ts"),
      import("../../shared/adapters/datasphere/laptop-token.ts"),
      import("../../shared/adapters/datasphere/datasphere-executor.ts"),
      import("../../shared/adapters/datasphere-projects/open-provider.ts"),
    ]);
  const clock = localClock;
  const tokens = laptopToken(process.env, clock);
  const session = openDataSphere({ endpoint, ca: authority, tokens, clock });
  return {
    address,
    session,
    provider: openProvider({ session, clock }),
    executor: ({ store, files }, jobFiles) =>
      createDatasphereExecutor({
        session,
        claims: storeClaims({ store, clock }),
        jobFiles,
        files,
        clock,
      }),
  };
}

/** A data directory whose work is executed in DataSphere, which owns the projects; not on this machine. */
export function onDatasphere(
  data: DataDirectory,
  datasphere: PlatformDatasphere,
  bucket: PlatformBucket | undefined,
): DataDirectory {
  // What a bucket configures has its files there; a job of a folder has them in the folder.
  const jobFiles: JobFiles =
    bucket === undefined
      ? folderJobFiles
      : {
          list: async (root, path) => await filesOf(root, bucket.jobFiles).list(root, path),
          read: (root, path) => filesOf(root, bucket.jobFiles).read(root, path),
        };
  const { provider } = datasphere;
  return { ...data, provider, executor: datasphere.executor(data, jobFiles) };
}

function filesOf(root: string, inBucket: JobFiles): JobFiles {
  return root.startsWith("s3://") ? inBucket : folderJobFiles;
}

/** DataSphere answers on the port of HTTPS unless told otherwise. */
function endpointOf(address: string): string {
  const [, host = "", port = "443"] =
    /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(address) ?? [];
  if (host !== "" && Number(port) > 0 && Number(port) <= 65_535) return `${host}:${port}`;
  throw new OrreryError(
    "USAGE",
    `${JSON.stringify(address)} is no address of DataSphere: right is HOST or HOST:PORT, such as ` +
      "datasphere.api.cloud.yandex.net",
  );
}

function authorityIn(file: string): Buffer {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new OrreryError(
      "USAGE",
      `The authority file ${file} cannot be read: ${messageOf(error)}`,
    );
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return Buffer.from(text);
  throw new OrreryError("USAGE", `The authority file ${file} holds no certificate in PEM`);
}
