import type { Handler } from "@yandex-cloud/function-types";
import { services } from "../wiring.ts";
import { decodeHttpEvent } from "./http-event.ts";
import { answer } from "./routes.ts";

/** Answers Orrery's own HTTP API. */
export const handler: Handler.Http = async (event) => {
  const { status, body } = await answer(services(), decodeHttpEvent(event));
  return {
    statusCode: status,
    headers: { "Content-Type": "application/json; charset=utf-8" },
    body: JSON.stringify(body),
  };
};
