import { Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";
import { once } from "node:events";
import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What bare servers answer, whatever they are asked. Bytes are in Base64, since JSON carries them. */
export interface BareAnswers {
  /** The bytes of a message by the gRPC path it answers. */
  readonly grpc: Readonly<Record<string, string>>;
  /** A body by the HTTP method it answers. */
  readonly http: Readonly<Record<string, string>>;
  readonly tls: { readonly certificate: string; readonly key: string };
}

/** The ports of 127.0.0.1 they listen on. */
export interface BarePorts {
  readonly grpc: number;
  readonly secureGrpc: number;
  readonly http: number;
}

/**
 * Servers that know nothing but an answer to each call: what their libraries do at most. A process
 * of its own, which hears its answers from the one that started it, and says its ports.
 */
async function serve(answers: BareAnswers): Promise<BarePorts> {
  const { certificate, key } = answers.tls;
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  return {
    grpc: await bareGrpc(answers.grpc, ServerCredentials.createInsecure()),
    secureGrpc: await bareGrpc(answers.grpc, ServerCredentials.createSsl(null, [pair])),
    http: await bareHttp(answers.http),
  };
}

async function bareGrpc(
  answers: BareAnswers["grpc"],
  credentials: ServerCredentials,
): Promise<number> {
  const server = new Server();
  const asItIs = (bytes: Buffer): Buffer => bytes;
  for (const [path, base64] of Object.entries(answers)) {
    const bytes = Buffer.from(base64, "base64");
    const handler: handleUnaryCall<Buffer, Buffer> = (_call, done) => done(null, bytes);
    server.register(path, handler, asItIs, asItIs, "unary");
  }
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

async function bareHttp(answers: BareAnswers["http"]): Promise<number> {
  const bodies = new Map(
    Object.entries(answers).map(([method, text]) => [method, Buffer.from(text)]),
  );
  const listener: RequestListener = (request, response) => {
    const body = bodies.get(request.method ?? "");
    request.resume().once("end", () => {
      const headers = { "Content-Type": "application/json", "Content-Length": body?.length ?? 0 };
      response.writeHead(200, headers).end(body);
    });
  };
  const server: HttpServer = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

// It ends with whoever started it.
process.once("disconnect", () => process.exit());
process.once("message", (answers: BareAnswers) => {
  void serve(answers).then((ports) => process.send?.(ports));
});
