import {
  DiscoveryServiceDefinition as Discovery,
  type ListEndpointsResult,
  ListEndpointsResultSchema,
} from "@ydbjs/api/discovery";
import {
  type CreateSessionResult,
  CreateSessionResultSchema,
  type ExecuteQueryResult,
  ExecuteQueryResultSchema,
  TableServiceDefinition as Table,
} from "@ydbjs/api/table";
import { QueryServiceDefinition as Query } from "@ydbjs/api/query";
import { status } from "@grpc/grpc-js";
import type { DatabaseAddress } from "../../../shared/adapters/ydb/database-address.ts";
import type { Closing } from "../../support/opened.ts";
import { GrpcServer, type Incoming, type MethodDefinition } from "../../support/ydb/grpc-server.ts";
import {
  done,
  type OperationReply,
  refused,
  succeeded,
} from "../../support/ydb/operation-reply.ts";
import {
  ConnectionDropped,
  GrpcRefusal,
  Refusal,
  type StatusName,
} from "../../support/ydb/refusal.ts";
import type { Init } from "../../support/ydb/wire.ts";

/** The methods of a real server that anything here ever calls, plus those that it must not. */
const METHODS = {
  ListEndpoints: Discovery.listEndpoints,
  CreateSession: Table.createSession,
  DeleteSession: Table.deleteSession,
  KeepAlive: Table.keepAlive,
  ExecuteDataQuery: Table.executeDataQuery,
  BeginTransaction: Table.beginTransaction,
  CommitTransaction: Table.commitTransaction,
  RollbackTransaction: Table.rollbackTransaction,
  "Query.CreateSession": Query.createSession,
} as const;

export type ScriptedMethod = keyof typeof METHODS;

export interface ScriptedCall {
  readonly method: ScriptedMethod;
  /** As the codec reads it, whatever its type. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly incoming: Incoming;
}

/** How one call is answered. */
export type Answering = (call: ScriptedCall) => OperationReply | Promise<OperationReply>;

/**
 * A gRPC server that answers what a test scripted and nothing else: any other call is recorded as
 * unexpected, refused as UNIMPLEMENTED, and fails the test when the server closes.
 */
export class ScriptedServer {
  readonly calls: ScriptedCall[] = [];
  readonly #server = new GrpcServer(64 * 1024 * 1024);
  readonly #once = new Map<ScriptedMethod, Answering[]>();
  readonly #always = new Map<ScriptedMethod, Answering>();
  readonly #unexpected: string[] = [];
  readonly #arrivals: { readonly method: ScriptedMethod; readonly resolve: () => void }[] = [];
  #port = 0;

  /** Starts a server; unless `bare`, discovery and sessions are scripted to go well. */
  static async start(
    closing: Closing,
    script: "usual" | "bare" = "usual",
  ): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    for (const [method, definition] of Object.entries(METHODS)) {
      // Query's answers are of another form; nothing here scripts one, as ours never asks for it.
      const served = definition as unknown as MethodDefinition<object, OperationReply>;
      server.#serve(method as ScriptedMethod, served);
    }
    server.#port = await server.#server.listen();
    if (script === "usual") server.#usual();
    closing.onTestFinished(async () => {
      await server.close();
      if (server.#unexpected.length > 0) {
        throw new Error(`unscripted calls came in: ${server.#unexpected.join(", ")}`);
      }
    });
    return server;
  }

  get address(): DatabaseAddress {
    return { endpoint: `127.0.0.1:${this.#port}`, database: "/local", tls: false };
  }

  /** Answers the next calls of a method, one each. */
  next(method: ScriptedMethod, ...answers: readonly Answering[]): void {
    const waiting = this.#once.get(method) ?? [];
    this.#once.set(method, [...waiting, ...answers]);
  }

  /** Answers every call of a method that has no next answer. */
  always(method: ScriptedMethod, answer: Answering): void {
    this.#always.set(method, answer);
  }

  /** Resolves when the next call of this method comes in. */
  async arrival(method: ScriptedMethod): Promise<void> {
    await new Promise<void>((resolve) => this.#arrivals.push({ method, resolve }));
  }

  count(method: ScriptedMethod): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  dropConnections(): void {
    this.#server.dropConnections();
  }

  async close(): Promise<void> {
    await this.#server.close().catch(() => undefined); // A test may have closed it before.
  }

  #usual(): void {
    let sessions = 0;
    this.always("ListEndpoints", () => endpoints({ address: "127.0.0.1", port: this.#port }));
    this.always("CreateSession", () => session(`s${(sessions += 1)}`));
    this.always("DeleteSession", () => done());
  }

  #serve(method: ScriptedMethod, definition: MethodDefinition<object, OperationReply>): void {
    this.#server.unary(definition, async (request, incoming) => {
      const call = { method, request: request as ScriptedCall["request"], incoming };
      this.calls.push(call);
      const answer = this.#once.get(method)?.shift() ?? this.#always.get(method);
      for (const arrival of this.#arrivals.filter((wanted) => wanted.method === method)) {
        this.#arrivals.splice(this.#arrivals.indexOf(arrival), 1);
        arrival.resolve();
      }
      if (answer === undefined) {
        this.#unexpected.push(method);
        throw new GrpcRefusal(status.UNIMPLEMENTED, `${method} is not scripted`);
      }
      return await answer(call);
    });
  }
}

export function endpoints(
  ...named: readonly { readonly address: string; readonly port: number }[]
): OperationReply {
  const result: Init<ListEndpointsResult> = { endpoints: [...named] };
  return succeeded<ListEndpointsResult>(ListEndpointsResultSchema, result);
}

function session(sessionId: string): OperationReply {
  return succeeded<CreateSessionResult>(CreateSessionResultSchema, { sessionId });
}

/** The answer to a query; `transaction` is what stays open. */
export function rows(
  transaction: string,
  resultSets: NonNullable<Init<ExecuteQueryResult>["resultSets"]> = [],
): OperationReply {
  const result: Init<ExecuteQueryResult> = { txMeta: { id: transaction }, resultSets };
  return succeeded<ExecuteQueryResult>(ExecuteQueryResultSchema, result);
}

/** Says no by a status of the database. */
export function saysNo(name: StatusName, message = "scripted"): Answering {
  return () => refused(new Refusal(name, message));
}

/** Says no by a gRPC status. */
export function breaks(code: number, message = "scripted"): Answering {
  return () => {
    throw new GrpcRefusal(code, message);
  };
}

/** Cuts the connection instead of answering. */
export function cuts(): Answering {
  return () => {
    throw new ConnectionDropped("scripted");
  };
}

/** Never answers. */
export function hangs(): Answering {
  return async () => await new Promise<never>(() => undefined);
}

export { done } from "../../support/ydb/operation-reply.ts";
