import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Closing } from "../opened.ts";

/** The ARN that a queue of this name has, as Message Queue writes it. */
function arnOf(name: string): string {
  return `yrn:yc:ymq:ru-central1:f:${name}`;
}

/** A queue that was asked for. */
export interface MadeQueue {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** As much of Message Queue as making queues needs. It keeps those that were made. */
export async function startFakeQueues(
  test: Closing,
): Promise<{ readonly url: string; readonly made: readonly MadeQueue[] }> {
  const made: MadeQueue[] = [];
  const server = createServer((request, response) => {
    void respondTo(request, made, urlOf(server.address())).then((answer) => {
      response.writeHead(200, { "Content-Type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: urlOf(server.address()), made };
}

function urlOf(address: string | AddressInfo | null): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`;
}

interface Asked {
  readonly QueueName?: string;
  readonly QueueUrl?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
}

async function respondTo(
  request: IncomingMessage,
  made: MadeQueue[],
  url: string,
): Promise<object> {
  const asked = JSON.parse(await text(request)) as Asked;
  const method = String(request.headers["x-amz-target"]).split(".").at(-1);
  switch (method) {
    case "ListQueues":
      return {};
    case "CreateQueue": {
      const { QueueName: name = "", Attributes: attributes = {} } = asked;
      made.push({ name, attributes });
      return { QueueUrl: `${url}/${name}` };
    }
    case "GetQueueAttributes":
      return { Attributes: { QueueArn: arnOf(asked.QueueUrl?.split("/").at(-1) ?? "") } };
    default:
      throw new Error(`These queues do not answer ${String(method)}`);
  }
}
