import { readFile } from "node:fs/promises";
import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { assert } from "../../shared/core/assert.ts";
import { until, type Home } from "./home.ts";
import type { PlatformProcess } from "./platform-process.ts";

export interface RestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** `yandex.cloud.operation.Operation` as JSON. */
export interface OperationJson {
  readonly id: string;
  readonly done?: boolean;
  readonly metadata?: { readonly projectId?: string; readonly jobId?: string };
  readonly response?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A file of a job and the signed URL that takes or gives its bytes. */
export interface FileUrl {
  readonly file: { readonly desc: { readonly path: string } };
  readonly url: string;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the platform's own; empty sends none. */
  readonly token?: string;
}

export const PROJECTS = "/datasphere/v2/projects";
export const JOBS = "/datasphere/v2/jobs";

/** A program that knows HTTP and JSON and nothing of us but an address and a token. */
export class RestClient {
  readonly address: string;
  readonly token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  private constructor(address: string, token: string) {
    this.address = address;
    this.token = token;
  }

  static async of(home: Home, platform: PlatformProcess): Promise<RestClient> {
    const address = await platform.address();
    return new RestClient(address, (await readFile(join(home.data, "token"), "utf8")).trim());
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    { headers = {}, token = this.token }: AskOptions = {},
  ): Promise<RestAnswer> {
    const request = httpRequest(`${this.address}${path}`, {
      method,
      agent: this.#agent,
      headers: {
        ...(token === "" ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
    });
    request.end(body === undefined ? "" : JSON.stringify(body));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const { statusCode: status = 0 } = response;
    return { status, headers: response.headers, text: await text(response) };
  }

  /** The JSON of an answer that must be 200. */
  async json<T>(method: string, path: string, body?: unknown, options?: AskOptions): Promise<T> {
    const answer = await this.ask(method, path, body, options);
    assert(answer.status === 200, `${method} ${path} is answered ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text) as T;
  }

  /** Starts an operation and waits for its end. */
  async done(method: string, path: string, body?: unknown): Promise<OperationJson> {
    return await this.ended(await this.json<OperationJson>(method, path, body));
  }

  /** An operation once it is done. */
  async ended(started: OperationJson): Promise<OperationJson> {
    let operation = started;
    await until(`operation ${started.id} is done`, async () => {
      if (operation.done === true) return true;
      operation = await this.json<OperationJson>("GET", `/operations/${started.id}`);
      return operation.done === true;
    });
    return operation;
  }

  async newProject(name: string, fields: object = {}): Promise<string> {
    const request = { communityId: "default", name, ...fields };
    return (await this.done("POST", PROJECTS, request)).metadata?.projectId ?? "";
  }

  /** A job of one command, and where its inputs are to be sent. */
  async newJob(
    projectId: string,
    jobParameters: object,
  ): Promise<{ readonly id: string; readonly uploads: readonly FileUrl[] }> {
    const cloudInstanceTypes = [{ name: "c1.4" }];
    const request = { projectId, jobParameters: { cloudInstanceTypes, ...jobParameters } };
    const { metadata, response } = await this.done("POST", JOBS, request);
    const uploads = (response?.["uploadFiles"] ?? []) as readonly FileUrl[];
    return { id: metadata?.jobId ?? "", uploads };
  }

  async execute(job: string): Promise<OperationJson> {
    return await this.json<OperationJson>("POST", `${JOBS}/${job}:execute`);
  }
}
