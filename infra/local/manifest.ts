import { parse } from "yaml";
import * as z from "zod";
import { OrreryError, messageOf } from "../../shared/core/errors.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";

/** What fires a function, in the words of `serverless.yaml`. */
export type Trigger =
  | { readonly kind: "timer"; readonly expression: string }
  | {
      readonly kind: "queue";
      readonly queue: string;
      readonly batch: number;
      readonly cutoffMs: number;
    }
  | {
      readonly kind: "http";
      /** In capitals; `ANY` takes every method. */
      readonly method: string;
      /** With `{name}` for one segment, and `{name+}` at the end for all that follow. */
      readonly path: string;
    }
  | {
      readonly kind: "object";
      readonly changes: readonly ObjectChangeKind[];
      /** What a key begins and ends with. */
      readonly prefix: string;
      readonly suffix: string;
    };

/** What became of an object. One that is written over was created. */
export type ObjectChangeKind = (typeof OBJECT_CHANGES)[number];

const OBJECT_CHANGES = ["create", "update", "delete"] as const;

export interface FunctionManifest {
  readonly name: string;
  /** `functions/tick/index.handler`: the module and its export. */
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly triggers: readonly Trigger[];
}

interface QueueManifest {
  readonly visibilityTimeoutMs: number;
  readonly maxReceiveCount: number;
  readonly deadLetter: string;
}

/** The functions, triggers and queues of a deployment. */
export interface Manifest {
  readonly functions: readonly FunctionManifest[];
  readonly queues: Readonly<Record<string, QueueManifest>>;
}

const seconds = z.coerce
  .number()
  .int()
  .positive()
  .transform((value) => value * SECOND_MS);

/** A greedy parameter is the last segment. */
const ROUTE_PATH = /^\/$|^(\/([^{}/]+|\{\w+\}))*(\/\{\w+\+\})?$/;

const trigger = z.union([
  z
    .strictObject({ cron: z.object({ expression: z.string() }) })
    .transform(({ cron }): Trigger => ({ kind: "timer", expression: cron.expression })),
  z
    .strictObject({
      ymq: z.object({
        queue: z.string(),
        batch: z.number().int().min(1).max(1_000),
        cutoff: z.number().int().min(0).max(60),
      }),
    })
    .transform(({ ymq }): Trigger => {
      return {
        kind: "queue",
        queue: ymq.queue,
        batch: ymq.batch,
        cutoffMs: ymq.cutoff * SECOND_MS,
      };
    }),
  z
    .strictObject({
      s3: z.object({
        events: z.array(z.enum(["create.object", "update.object", "delete.object"])).min(1),
        prefix: z.string().default(""),
        suffix: z.string().default(""),
      }),
    })
    .transform(({ s3: { events, prefix, suffix } }): Trigger => {
      const changes = OBJECT_CHANGES.filter((each) => events.includes(`${each}.object`));
      return { kind: "object", changes, prefix, suffix };
    }),
  z
    .strictObject({ http: z.object({ method: z.string(), path: z.string().regex(ROUTE_PATH) }) })
    .transform(({ http }): Trigger => {
      return { kind: "http", method: http.method.toUpperCase(), path: http.path };
    }),
]);

const manifest = z
  .object({
    provider: z.object({ timeout: seconds, memorySize: z.number().int() }),
    custom: z.object({
      queues: z.record(
        z.string(),
        z
          .strictObject({
            visibilityTimeout: seconds,
            maxReceiveCount: z.number().int().min(1),
            deadLetter: z.string(),
          })
          .transform(({ visibilityTimeout, ...rest }): QueueManifest => {
            return { visibilityTimeoutMs: visibilityTimeout, ...rest };
          }),
      ),
    }),
    functions: z.record(
      z.string(),
      z.object({
        handler: z.string(),
        timeout: seconds.optional(),
        memorySize: z.number().int().optional(),
        events: z.array(trigger),
      }),
    ),
  })
  .transform(({ provider, custom, functions }): Manifest => {
    const entries = Object.entries(functions).map(([name, each]) => ({
      name,
      handler: each.handler,
      timeoutMs: each.timeout ?? provider.timeout,
      memoryMb: each.memorySize ?? provider.memorySize,
      triggers: each.events,
    }));
    return { functions: entries, queues: custom.queues };
  });

/** Reads the text of a `serverless.yaml`; one that is not understood is refused with the place. */
export function readManifest(text: string): Manifest {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw invalid(messageOf(error));
  }
  const result = manifest.safeParse(document);
  if (!result.success) throw invalid(z.prettifyError(result.error));
  const unknown = result.data.functions
    .flatMap((each) => each.triggers)
    .find((each) => each.kind === "queue" && !Object.hasOwn(result.data.queues, each.queue));
  if (unknown?.kind === "queue") throw invalid(`queue ${unknown.queue} is not in custom.queues`);
  return result.data;
}

function invalid(problem: string): OrreryError {
  return new OrreryError("CONFIG_INVALID", `serverless.yaml cannot be used: ${problem}`);
}
