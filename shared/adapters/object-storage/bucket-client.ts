import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export interface BucketConnection {
  /** `https://storage.yandexcloud.net`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly bucket: string;
  readonly clock: Clock;
}

/** One bucket's client, and its connections. */
export interface BucketClient {
  readonly bucket: string;
  readonly clock: Clock;
  /** For signing, which sends nothing. */
  readonly s3: S3Client;
  /**
   * Sends something. A function is frozen between its calls and nobody tells it that the other side
   * has gone meanwhile, so connections that lay idle are left for new ones first.
   */
  use<T>(send: (s3: S3Client) => Promise<T>): Promise<T>;
  /** The same for what takes longer than one answer; the returned function says that it is over. */
  hold(): () => void;
  close(): void;
}

/** A client for one bucket. Nothing is connected before something is sent. */
export function openBucketClient(connection: BucketConnection): BucketClient {
  const { endpoint, region, credentials, bucket, clock } = connection;
  const agents = { keepAlive: true, maxSockets: limits.bucketParallel };
  const httpAgent = new HttpAgent(agents);
  const httpsAgent = new HttpsAgent(agents);
  const s3 = new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    // What the SDK does by default is not what every object storage understands.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    followRegionRedirects: false,
    maxAttempts: limits.bucketTries,
    requestHandler: {
      httpAgent,
      httpsAgent,
      connectionTimeout: limits.bucketConnectMs,
      requestTimeout: limits.bucketRequestMs,
      throwOnRequestTimeout: true,
      socketTimeout: limits.bucketRequestMs,
      // Waiting for a free connection is usual here, and a console is no place of ours.
      logger: silent,
    },
    logger: silent,
  });
  signRemovalsByMd5(s3);
  let underWay = 0;
  let usedAt = clock.now();
  const disconnect = (): void => {
    httpAgent.destroy();
    httpsAgent.destroy();
  };
  const hold = (): (() => void) => {
    if (underWay === 0 && clock.now() - usedAt > limits.bucketIdleMs) disconnect();
    underWay += 1;
    return () => {
      underWay -= 1;
      usedAt = clock.now();
    };
  };
  return {
    bucket,
    clock,
    s3,
    hold,
    async use(send) {
      const release = hold();
      try {
        return await send(s3);
      } finally {
        release();
      }
    },
    close() {
      s3.destroy();
      disconnect();
    },
  };
}

const silent = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * A removal of many keys must carry a checksum. The SDK sends a CRC32, which only newer object
 * storages know; every one of them knows Content-MD5.
 */
function signRemovalsByMd5(s3: S3Client): void {
  s3.middlewareStack.add(
    (next, context) => async (args) => {
      const request = args.request as {
        readonly headers: Record<string, string>;
        readonly body: unknown;
      };
      if (context.commandName === "DeleteObjectsCommand" && typeof request.body === "string") {
        for (const name of Object.keys(request.headers)) {
          if (/^x-amz-(checksum|sdk-checksum)-/i.test(name))
            Reflect.deleteProperty(request.headers, name);
        }
        request.headers["content-md5"] = createHash("md5").update(request.body).digest("base64");
      }
      return await next(args);
    },
    // Behind what adds the checksum, and before what signs the request.
    { step: "build", priority: "low", name: "removalMd5" },
  );
}
