import { createHash } from "node:crypto";
import type { Instant } from "../../shared/core/time/instant.ts";
import { httpEvent, objectEvent, queueEvent, timerEvent } from "../local/trigger-events.ts";

/** The events that `orrery invoke` knows by name. */
export const SAMPLES = ["timer", "queue", "object", "http"] as const;

export type Sample = (typeof SAMPLES)[number];

export function isSample(name: string): name is Sample {
  return (SAMPLES as readonly string[]).includes(name);
}

/** What is sampled besides the kind. */
export interface SampleFacts {
  readonly at: Instant;
  /** What the queue's message says, or a request's body. */
  readonly body: string;
  /** The object's key, or a request's path. */
  readonly path?: string | undefined;
}

/** An event as a trigger of that kind sends it. */
export function sampleEvent(sample: Sample, { at, body, path }: SampleFacts): object {
  const call = { id: "sample-1", at };
  switch (sample) {
    case "timer":
      return timerEvent("sample", call);
    case "queue": {
      const md5 = createHash("md5").update(body).digest("hex");
      const attributes = { SentTimestamp: String(at) };
      return queueEvent("sample", [{ id: call.id, body, md5, attributes }], at);
    }
    case "object":
      return objectEvent([{ kind: "create", key: path ?? "config/orrery.yaml" }], call);
    case "http":
      return httpEvent(
        {
          method: "GET",
          path: path ?? "/openapi/orrery.json",
          resource: path ?? "/openapi/{document}",
          parameters: {},
          query: [],
          headers: { Host: "localhost" },
          body: Buffer.from(body),
          sourceIp: "127.0.0.1",
        },
        call,
      );
  }
}
