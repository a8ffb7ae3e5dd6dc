import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { Session, waitForOperation, type WrappedServiceClientType } from "@yandex-cloud/nodejs-sdk";
import { AppTokenServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/app_token_service";
import { FolderBudgetServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/folder_budget_service";
import { NodeServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/node_service";
import { ProjectDataServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_data_service";
import { ProjectServiceClient as ProjectServiceV1Client } from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_service";
import { CommunityServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/community_service";
import { DatasetServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/dataset_service";
import { DockerImageServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/docker_image_service";
import { FileCompressionType, type File } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { ProjectJobServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { ProjectServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { S3ServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/s3_service";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import { OperationServiceClient } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import type { Home } from "./home.ts";
import type { PlatformProcess } from "./platform-process.ts";

/** A message codec of the SDK. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
}

/** The class that the SDK generates for a service. */
export interface ServiceClient<S extends ServiceDefinition = ServiceDefinition> {
  readonly service: S;
}

/** Where a platform is, and the CA that its programs trust. */
interface Place {
  readonly address: string;
  readonly rootCerts: Buffer;
}

/** Paths of all methods that programs of this process called. */
const called = new Set<string>();

/** A program that knows the official SDK and nothing of us but an address, a CA and a token. */
export class SdkClient {
  readonly session: Session;
  readonly endpoint: string;
  readonly #place: Place;
  readonly #token: string;

  private constructor(place: Place, token: string, headers: Readonly<Record<string, string>> = {}) {
    const { address, rootCerts } = place;
    this.endpoint = `localhost:${new URL(address).port}`;
    this.#place = place;
    this.#token = token;
    const ssl = { rootCerts };
    this.session = new Session({ iamToken: token, pollInterval: 50, ssl, headers: { ...headers } });
  }

  /** `token` stands for whom it was made; left out, it is the platform's own. */
  static async of(home: Home, platform: PlatformProcess, token?: string): Promise<SdkClient> {
    const address = await platform.address();
    const own = (await readFile(join(home.data, "token"), "utf8")).trim();
    const rootCerts = await readFile(join(home.data, "tls", "ca.pem"));
    return new SdkClient({ address, rootCerts }, token ?? own);
  }

  /** Where plain HTTP reaches the platform. */
  get address(): string {
    return this.#place.address;
  }

  /** What a program has to trust. */
  get rootCerts(): Buffer {
    return this.#place.rootCerts;
  }

  /** The same program with another token. */
  as(token: string): SdkClient {
    return new SdkClient(this.#place, token);
  }

  /** The same program with headers in each of its calls. */
  sending(headers: Readonly<Record<string, string>>): SdkClient {
    return new SdkClient(this.#place, this.#token, headers);
  }

  get projects(): WrappedServiceClientType<typeof ProjectServiceClient.service> {
    return this.of(ProjectServiceClient);
  }

  get jobs(): WrappedServiceClientType<typeof ProjectJobServiceClient.service> {
    return this.of(ProjectJobServiceClient);
  }

  get communities(): WrappedServiceClientType<typeof CommunityServiceClient.service> {
    return this.of(CommunityServiceClient);
  }

  get datasets(): WrappedServiceClientType<typeof DatasetServiceClient.service> {
    return this.of(DatasetServiceClient);
  }

  get buckets(): WrappedServiceClientType<typeof S3ServiceClient.service> {
    return this.of(S3ServiceClient);
  }

  get images(): WrappedServiceClientType<typeof DockerImageServiceClient.service> {
    return this.of(DockerImageServiceClient);
  }

  get projectsV1(): WrappedServiceClientType<typeof ProjectServiceV1Client.service> {
    return this.of(ProjectServiceV1Client);
  }

  get files(): WrappedServiceClientType<typeof ProjectDataServiceClient.service> {
    return this.of(ProjectDataServiceClient);
  }

  get budgets(): WrappedServiceClientType<typeof FolderBudgetServiceClient.service> {
    return this.of(FolderBudgetServiceClient);
  }

  get nodes(): WrappedServiceClientType<typeof NodeServiceClient.service> {
    return this.of(NodeServiceClient);
  }

  get appTokens(): WrappedServiceClientType<typeof AppTokenServiceClient.service> {
    return this.of(AppTokenServiceClient);
  }

  get operations(): WrappedServiceClientType<typeof OperationServiceClient.service> {
    return this.of(OperationServiceClient);
  }

  /** A client of any service; what is called through it is noted. */
  of<S extends ServiceDefinition>(client: ServiceClient<S>): WrappedServiceClientType<S> {
    type Constructor = Parameters<typeof this.session.client<S>>[0];
    const made = this.session.client(client as Constructor, this.endpoint);
    return new Proxy(made, {
      get: (target, name, receiver) => {
        const path = client.service[String(name)]?.path;
        if (path !== undefined) called.add(path);
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
  }

  /** Waits for an operation's end and reads its response. */
  async done<T>(operation: Operation, codec: Codec<T>): Promise<T> {
    const { id, response } = await this.ended(operation);
    if (response === undefined) throw new Error(`operation ${id} has no response`);
    return codec.decode(response.value);
  }

  /** Waits for an operation's end, whatever that is. */
  async ended(operation: Operation): Promise<Operation> {
    try {
      return await waitForOperation(operation, this.session, 60_000, this.endpoint);
    } catch (failed) {
      // The SDK throws an operation that has an error as it is.
      if (failed instanceof Error) throw failed;
      return failed as Operation;
    }
  }
}

type AnyMethod = WrappedServiceClientType<typeof OperationServiceClient.service>["get"];

/** Options of one call. */
export type CallOptions = NonNullable<Parameters<AnyMethod>[1]>;

/** The methods of services that nobody has called, by their paths. */
export function uncalled(...clients: readonly ServiceClient[]): readonly string[] {
  const paths = clients.flatMap(({ service }) => Object.values(service).map(({ path }) => path));
  return paths.filter((path) => !called.has(path));
}

/** What an operation's metadata says. */
export function metadataOf<T>({ metadata }: Operation, codec: Codec<T>): T {
  if (metadata === undefined) throw new Error("the operation has no metadata");
  return codec.decode(metadata.value);
}

/** A file to upload, as a client describes it. */
export function aFile(path: string, content: string | Uint8Array, variable = ""): File {
  return {
    desc: { path, var: variable },
    sha256: createHash("sha256").update(content).digest("hex"),
    sizeBytes: Buffer.byteLength(content),
    compressionType: FileCompressionType.NONE,
  };
}
