import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Closing } from "../../support/opened.ts";

/** One answer of the service: a token, a status, one that never ends, a body as it is, or none. */
export type MetadataAnswer =
  | { readonly token: string; readonly expiresIn: unknown }
  | { readonly status: number }
  | { readonly stallsAfter: number }
  | { readonly body: string }
  | "hang"
  | "cut";

export interface MetadataService {
  readonly url: string;
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** Answers the next requests, one each; others are answered by 500. */
  next(...answers: readonly MetadataAnswer[]): void;
}

/** A metadata service that answers what a test scripted. */
export async function startMetadataService(closing: Closing): Promise<MetadataService> {
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const answers: MetadataAnswer[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? "", headers: request.headers });
    give(answers.shift() ?? { status: 500 }, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    requests,
    next: (...more) => void answers.push(...more),
  };
}

function give(answer: MetadataAnswer, response: ServerResponse): void {
  if (answer === "hang") return;
  if (answer === "cut") response.destroy();
  else if ("stallsAfter" in answer) response.writeHead(answer.stallsAfter).write("{");
  else if ("status" in answer) response.writeHead(answer.status).end("no");
  else if ("body" in answer) response.end(answer.body);
  else {
    const { token, expiresIn } = answer;
    const body = { access_token: token, expires_in: expiresIn, token_type: "Bearer" };
    response.end(JSON.stringify(body));
  }
}
