import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Metadata,
  Server,
  ServerCredentials,
  status as grpc,
  type sendUnaryData,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import {
  type ExecutionStatus,
  ProjectExecutionResponse,
  ProjectServiceService,
  type ProjectExecutionRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import {
  OperationServiceService,
  type CancelOperationRequest,
  type GetOperationRequest,
} from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import { caFile, serverCertificate } from "../../../infra/local/certificates.ts";
import {
  openDataSphere,
  type DataSphereSession,
} from "../../../shared/adapters/datasphere/session.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import type { TokenSource } from "../../../shared/adapters/ydb/token-source.ts";
import type { Alarms, Clock } from "../../../shared/ports/clock.ts";
import { GrpcFaults } from "../../support/grpc-faults.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";

/** A notebook that was executed: what a second one would cost again. */
interface ExecutedNotebook {
  readonly request: ProjectExecutionRequest;
  readonly operation: Operation;
}

/**
 * So much of DataSphere as executes notebooks, behind faults: an operation of each execution, one for
 * each key, and tokens that it takes. A platform of ours needs Jupyter for its own.
 */
export class SmallCloud {
  readonly faults: GrpcFaults;
  readonly executed: ExecutedNotebook[] = [];
  readonly ca: Buffer;
  /** Tokens that callers had, in order. */
  readonly tokens: string[] = [];
  /** The one token that is taken; any, unless set. */
  accepted: string | undefined;
  /** Instance types that are not free. */
  readonly taken = new Set<string>();
  readonly #keys = new Map<string, Operation>();

  private constructor(faults: GrpcFaults, ca: Buffer) {
    this.faults = faults;
    this.ca = ca;
  }

  static async open(test: Closing): Promise<SmallCloud> {
    const folder = mkdtempSync(join(tmpdir(), "orrery-cloud-"));
    test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tls = await serverCertificate(folder, "127.0.0.1", realClock.now());
    const ca = readFileSync(caFile(folder));
    const server = new Server();
    const pair = { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) };
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    test.onTestFinished(() => server.forceShutdown());
    const upstream = { endpoint: `localhost:${port}`, ca };
    const services = [ProjectServiceService, OperationServiceService];
    const faults = await GrpcFaults.before(upstream, { services, tls });
    test.onTestFinished(() => faults.close());
    const cloud = new SmallCloud(faults, ca);
    cloud.#serve(server);
    return cloud;
  }

  session(
    test: Closing,
    {
      clock = realClock,
      tokens = givenToken("t1.one", "a test"),
    }: Partial<{
      readonly clock: Clock & Alarms;
      readonly tokens: TokenSource;
    }> = {},
  ): DataSphereSession {
    const { ca } = this;
    const session = openDataSphere({ endpoint: this.faults.endpoint, ca, tokens, clock });
    test.onTestFinished(() => session.close());
    return session;
  }

  /** Ends an execution. */
  finish(index: number, part: Partial<Operation> | ExecutionStatus): void {
    const operation = this.executed[index]?.operation;
    if (operation === undefined) throw new Error(`nothing was executed as number ${index}`);
    const ended = typeof part === "object" ? part : { response: responseOf(part) };
    Object.assign(operation, { done: true, modifiedAt: new Date(realClock.now()), ...ended });
  }

  #serve(server: Server): void {
    // Only what is called here; the SDK's services have many more methods.
    server.addService(
      { execute: ProjectServiceService.execute },
      {
        execute: (
          call: ServerUnaryCall<ProjectExecutionRequest, Operation>,
          done: sendUnaryData<Operation>,
        ) => this.#answer(call, done, () => this.#execute(call)),
      },
    );
    server.addService(OperationServiceService, {
      get: (
        call: ServerUnaryCall<GetOperationRequest, Operation>,
        done: sendUnaryData<Operation>,
      ) => this.#answer(call, done, () => this.#operation(call.request.operationId)),
      cancel: (
        call: ServerUnaryCall<CancelOperationRequest, Operation>,
        done: sendUnaryData<Operation>,
      ) =>
        this.#answer(call, done, () => {
          const operation = this.#operation(call.request.operationId);
          const error = { code: grpc.CANCELLED, message: "Canceled by user", details: [] };
          return Object.assign(operation, { done: true, error });
        }),
    });
  }

  #answer<Request>(
    call: ServerUnaryCall<Request, Operation>,
    done: sendUnaryData<Operation>,
    work: () => Operation,
  ): void {
    const token = String(call.metadata.get("authorization")[0] ?? "").replace("Bearer ", "");
    this.tokens.push(token);
    try {
      if (this.accepted !== undefined && token !== this.accepted) {
        throw refusal(grpc.UNAUTHENTICATED, "The token has expired");
      }
      done(null, work());
    } catch (error) {
      done(error as Parameters<typeof done>[0]);
    }
  }

  #execute({ request, metadata }: ServerUnaryCall<ProjectExecutionRequest, Operation>): Operation {
    const key = String(metadata.get("idempotency-key")[0] ?? "");
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    if (this.taken.has(request.spec)) {
      throw refusal(grpc.RESOURCE_EXHAUSTED, `No ${request.spec} machine: not enough resources`);
    }
    const operation = Operation.fromPartial({
      id: `op-${this.executed.length}`,
      createdAt: new Date(realClock.now()),
    });
    this.executed.push({ request, operation });
    if (key !== "") this.#keys.set(key, operation);
    return operation;
  }

  #operation(id: string): Operation {
    const found = this.executed.find(({ operation }) => operation.id === id);
    if (found === undefined) throw refusal(grpc.NOT_FOUND, `Unknown operation ${id}`);
    return found.operation;
  }
}

function responseOf(executionStatus: ExecutionStatus): { typeUrl: string; value: Buffer } {
  const message = ProjectExecutionResponse.fromPartial({ executionStatus });
  const typeUrl = "type.googleapis.com/yandex.cloud.datasphere.v2.ProjectExecutionResponse";
  return { typeUrl, value: Buffer.from(ProjectExecutionResponse.encode(message).finish()) };
}

function refusal(code: grpc, details: string): Error {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
