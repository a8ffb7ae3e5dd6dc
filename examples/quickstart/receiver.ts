import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

/** A running receiver: where it listens, and how it stops. */
export interface Receiver {
  readonly address: string;
  close(): void;
}

/**
 * A receiver of notifications, as one would write it: it verifies the signature, drops what it has
 * seen before, and tells what arrived.
 */
export async function startReceiver(options: {
  readonly port: number;
  readonly secret: string;
  readonly tell: (line: string) => void;
}): Promise<Receiver> {
  const webhook = new Webhook(options.secret);
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const id = String(request.headers["webhook-id"]);
      try {
        const body = Buffer.concat(chunks).toString("utf8");
        webhook.verify(body, request.headers as Record<string, string>);
        const { type, subject } = JSON.parse(body) as { type: string; subject: string };
        if (!seen.has(id)) options.tell(`✉ got ${type} for ${subject}, signature verified`);
        seen.add(id);
        response.writeHead(204).end();
      } catch {
        options.tell("✘ refused a notification: wrong signature");
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}
