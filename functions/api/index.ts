import type { Handler } from "@yandex-cloud/function-types";
import { handleRest } from "../../shared/api/rest/handle-rest.ts";
import type { RestAnswer, RestRequest } from "../../shared/api/rest/rest-message.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";
import { decodeHttpEvent } from "./http-event.ts";
import { answerOpenApi, OPENAPI_PATH } from "./openapi.ts";
import { answerProjectPage, PROJECTS_PATH } from "./project-page.ts";

/** What the API stands on: everything. */
export const needs = [
  "store",
  "clock",
  "random",
  "queue",
  "executor",
  "files",
  "channels",
  "log",
  "telemetry",
  "provider",
  "apiToken",
  "alarms",
  "publicUrl",
  "api",
] as const;

/** Answers the DataSphere API and our own over HTTP, a project's page, and the API's description. */
export const handler: Handler.Http = handleCall({ name: "api", trigger: "http" }, async (event) => {
  const { status, headers, body } = await answer(decodeHttpEvent(event));
  return { statusCode: status, headers: { ...headers }, body };
});

async function answer(request: RestRequest): Promise<RestAnswer> {
  if (request.path.startsWith(PROJECTS_PATH))
    return await answerProjectPage(services(needs), request);
  if (request.path.startsWith(OPENAPI_PATH)) return await answerOpenApi(services(needs), request);
  return await handleRest(services(needs).api, request);
}
