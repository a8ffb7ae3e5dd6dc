import { Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import * as registries from "@yandex-cloud/nodejs-sdk/containerregistry-v1/registry_service";
import * as accounts from "@yandex-cloud/nodejs-sdk/iam-v1/service_account_service";
import { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import * as operations from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import * as folders from "@yandex-cloud/nodejs-sdk/resourcemanager-v1/folder_service";
import * as gateways from "@yandex-cloud/nodejs-sdk/serverless-apigateway-v1/apigateway_service";
import { ApiGateway } from "@yandex-cloud/nodejs-sdk/serverless-apigateway-v1/apigateway";
import { Function as CloudFunction } from "@yandex-cloud/nodejs-sdk/serverless-functions-v1/function";
import * as functions from "@yandex-cloud/nodejs-sdk/serverless-functions-v1/function_service";
import { Trigger } from "@yandex-cloud/nodejs-sdk/serverless-triggers-v1/trigger";
import * as triggers from "@yandex-cloud/nodejs-sdk/serverless-triggers-v1/trigger_service";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { makeAuthority, makeServerCertificate } from "../../../infra/local/make-certificate.ts";
import { systemClock } from "../../../shared/adapters/system/system-clock.ts";
import type { Closing } from "../opened.ts";

/** What a cloud was asked to make. Ids are `NAME.id`, so that a reader sees what belongs to what. */
export interface Made {
  readonly functions: functions.CreateFunctionVersionRequest[];
  readonly triggers: triggers.CreateTriggerRequest[];
  readonly gateways: gateways.CreateApiGatewayRequest[];
}

/** A control plane that is empty but for some accounts, and makes whatever it is asked for. */
export interface FakeCloud {
  readonly made: Made;
  /** An HTTP proxy that leads every host to it, by the URL. */
  readonly proxy: string;
  /** The authority that vouches for its hosts, in PEM. */
  readonly ca: string;
}

const HOSTS = [
  ...["serverless-functions", "serverless-triggers", "serverless-apigateway", "iam"],
  ...["resource-manager", "container-registry", "operation"],
].map((name) => `${name}.api.cloud.yandex.net`);

/** Starts one that has service accounts of these names. */
export async function startFakeCloud(test: Closing, names: readonly string[]): Promise<FakeCloud> {
  const made: Made = { functions: [], triggers: [], gateways: [] };
  const authority = await makeAuthority(systemClock.now());
  const own = await makeServerCertificate(authority, HOSTS, systemClock.now());
  const server = new Server({ "grpc.max_receive_message_length": 64 * 1024 * 1024 });
  serve(server, made, names);
  const keys = [{ private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.certificate) }];
  const port = await new Promise<number>((resolve, reject) => {
    const secure = ServerCredentials.createSsl(null, keys);
    server.bindAsync("127.0.0.1:0", secure, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  test.onTestFinished(() => {
    server.forceShutdown();
  });
  return { made, proxy: await startProxy(test, port), ca: authority.certificate };
}

/** gRPC clients go through a proxy by CONNECT, so the plugin keeps the hosts that it has built in. */
async function startProxy(test: Closing, port: number): Promise<string> {
  const proxy = createServer().on("connect", (_request, socket) => {
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    for (const each of [upstream, socket]) each.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  test.onTestFinished(() => void proxy.close());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

function serve(server: Server, made: Made, names: readonly string[]): void {
  const done = new Map<string, Operation>();
  /** An operation that is done at once. */
  const finish = (type: string, value: Uint8Array = new Uint8Array()): Operation => {
    const response = { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(value) };
    const operation = Operation.fromPartial({ id: `operation-${done.size}`, done: true, response });
    done.set(operation.id, operation);
    return operation;
  };
  server.addService(operations.OperationServiceService, {
    get: answer((asked: operations.GetOperationRequest) => done.get(asked.operationId)),
  });
  server.addService(functions.FunctionServiceService, {
    list: answer(() => functions.ListFunctionsResponse.fromPartial({})),
    create: answer(({ name }: functions.CreateFunctionRequest) => {
      const value = CloudFunction.fromJSON({ id: idOf(name), name });
      return finish("yandex.cloud.serverless.functions.v1.Function", encoded(CloudFunction, value));
    }),
    createVersion: answer((asked: functions.CreateFunctionVersionRequest) => {
      made.functions.push(asked);
      return finish("yandex.cloud.serverless.functions.v1.Version");
    }),
  });
  server.addService(triggers.TriggerServiceService, {
    list: answer(() => triggers.ListTriggersResponse.fromPartial({})),
    create: answer((asked: triggers.CreateTriggerRequest) => {
      made.triggers.push(asked);
      const value = Trigger.fromPartial({ id: idOf(asked.name), name: asked.name });
      return finish("yandex.cloud.serverless.triggers.v1.Trigger", encoded(Trigger, value));
    }),
  });
  server.addService(gateways.ApiGatewayServiceService, {
    list: answer(() => gateways.ListApiGatewayResponse.fromPartial({})),
    create: answer((asked: gateways.CreateApiGatewayRequest) => {
      made.gateways.push(asked);
      const value = ApiGateway.fromPartial({ id: idOf(asked.name), name: asked.name });
      return finish("yandex.cloud.serverless.apigateway.v1.ApiGateway", encoded(ApiGateway, value));
    }),
  });
  server.addService(accounts.ServiceAccountServiceService, {
    list: answer(() =>
      accounts.ListServiceAccountsResponse.fromPartial({
        serviceAccounts: names.map((name) => ({ id: idOf(name), name })),
      }),
    ),
  });
  server.addService(folders.FolderServiceService, {
    listAccessBindings: answer(() => ({ accessBindings: [], nextPageToken: "" })),
  });
  server.addService(registries.RegistryServiceService, {
    list: answer(() => registries.ListRegistriesResponse.fromPartial({})),
  });
}

function idOf(name: string): string {
  return `${name}.id`;
}

function answer<T>(respond: (request: T) => unknown): UntypedHandleCall {
  return (call: { readonly request: T }, reply: (error: null, value: unknown) => void) => {
    reply(null, respond(call.request));
  };
}

function encoded<T>(
  type: { readonly encode: (message: T) => { finish: () => Uint8Array } },
  message: T,
): Uint8Array {
  return type.encode(message).finish();
}
