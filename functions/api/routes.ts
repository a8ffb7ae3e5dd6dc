import { createHash, timingSafeEqual } from "node:crypto";
import { OrreryError } from "../../shared/core/errors.ts";
import { NAME_PATTERN } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { viewRun } from "../../shared/core/run/run-view.ts";
import { findRun } from "../../shared/usecases/find-run.ts";
import { listRuns } from "../../shared/usecases/list-runs.ts";
import { readIntakeBody } from "../message-body.ts";
import type { Wiring } from "../wiring.ts";
import type { HttpRequest } from "./http-event.ts";

/** An answer before it becomes a gateway response. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers one request of Orrery's own API. Everything but health needs the bearer token. */
export async function answer(wiring: Wiring, request: HttpRequest): Promise<HttpAnswer> {
  const route = `${request.method} ${request.resource}`;
  if (route === "GET /orrery/v1/health") return { status: 200, body: { status: "ok" } };
  if (!isAuthorized(wiring, request)) {
    return refused(401, "UNAUTHENTICATED", "Send the token as `Authorization: Bearer …`");
  }
  switch (route) {
    case "POST /orrery/v1/messages":
      return await postMessage(wiring, request);
    case "GET /orrery/v1/runs": {
      const schedule = request.query["schedule"];
      if (schedule !== undefined && !NAME_PATTERN.test(schedule)) {
        return refused(400, "INVALID_ARGUMENT", "schedule: expected a schedule's name");
      }
      const runs = await listRuns(wiring, {
        limit: limits.listedRuns,
        ...(schedule === undefined ? {} : { schedule }),
      });
      return { status: 200, body: { runs: runs.map(viewRun) } };
    }
    case "GET /orrery/v1/runs/{run}":
      return await getRun(wiring, request.parameters["run"] ?? "");
    default:
      return refused(404, "NOT_FOUND", `There is no ${route}`);
  }
}

/** Puts an intake message on its queue; 202 means the queue has it, not that it was understood. */
async function postMessage(wiring: Wiring, request: HttpRequest): Promise<HttpAnswer> {
  const body = readIntakeBody(request.body);
  if (!body.ok) return refused(400, "INVALID_ARGUMENT", body.reason);
  const id = body.value.id ?? wiring.random.id();
  const message = JSON.stringify({ ...body.value, id });
  const bytes = Buffer.byteLength(message);
  if (bytes > limits.queueMessageBytes) {
    const most = `at most ${limits.queueMessageBytes} fit: send a reference instead of the data`;
    return refused(400, "INVALID_ARGUMENT", `The message has ${bytes} bytes, and ${most}`);
  }
  await wiring.queue.send("intake", [{ body: message, delayMs: 0 }]);
  return { status: 202, body: { id } };
}

async function getRun(wiring: Wiring, text: string): Promise<HttpAnswer> {
  try {
    const run = await wiring.store.snapshot(async (reader) => await findRun(reader, text));
    return { status: 200, body: viewRun(run) };
  } catch (error) {
    if (!(error instanceof OrreryError && error.code === "RUN_NOT_FOUND")) throw error;
    return refused(404, "NOT_FOUND", error.message);
  }
}

/** Compares in constant time: digests first, so that lengths do not show either. */
function isAuthorized(wiring: Wiring, request: HttpRequest): boolean {
  const [scheme, token = ""] = (request.headers["authorization"] ?? "").split(" ");
  return (
    scheme?.toLowerCase() === "bearer" && timingSafeEqual(sha256(token), sha256(wiring.apiToken))
  );
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refused(status: number, code: string, message: string): HttpAnswer {
  return { status, body: { error: { code, message } } };
}
