import { fromBinary, toBinary, create as message } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Pool } from "undici";
import { assert } from "../../shared/core/assert.ts";
import { ProjectSchema } from "../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import { ProjectService } from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { Home } from "../e2e/home.ts";
import { PROJECTS, RestClient } from "../e2e/rest-client.ts";
import { Opened } from "../support/opened.ts";
import type { BareAnswers, BarePorts } from "./bare-servers.ts";

const ROUNDS = 5;
const IN_FLIGHT = 32;
/** Each server gets warm, is kept busy, and is asked one thing after another, this long in each round. */
const WARM_MS = 200;
const BUSY_MS = 800;
const ALONE_MS = 500;

/** Asks something once. */
type Ask = () => Promise<unknown>;

/** What a server did in one round. */
interface Figures {
  readonly perSecond: number;
  /** In milliseconds, with nothing else under way. */
  readonly p50: number;
  readonly p99: number;
}

interface Case {
  readonly what: string;
  readonly ours: Ask;
  readonly bare: Ask;
}

/**
 * Prints what the platform answers per second with many calls in flight, and how long a call takes
 * alone, beside bare servers of the same libraries that send the same bytes and do nothing.
 * Servers are processes of their own; figures are medians of rounds in which all take turns. It takes
 * a minute and a half, because time is what it measures.
 */
export async function bench(): Promise<void> {
  const opened = new Opened();
  try {
    await compare(await makeCases(opened));
  } finally {
    await opened[Symbol.asyncDispose]();
  }
}

async function compare(cases: readonly Case[]): Promise<void> {
  const rounds: ReadonlyMap<Case, { readonly ours: Figures; readonly bare: Figures }>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const figures = new Map<Case, { readonly ours: Figures; readonly bare: Figures }>();
    for (const each of cases) {
      figures.set(each, { ours: await measure(each.ours), bare: await measure(each.bare) });
    }
    rounds.push(figures);
  }
  const head = ["orrery/s", "p50 ms", "p99 ms", "bare/s", "p50 ms", "p99 ms", "share"];
  print(`API, ${IN_FLIGHT} in flight; alone`, head);
  for (const each of cases) {
    const figures = rounds.flatMap((round) => round.get(each) ?? []);
    const row = (["ours", "bare"] as const).flatMap((side) => [
      median(figures.map((of) => of[side].perSecond)).toFixed(0),
      median(figures.map((of) => of[side].p50)).toFixed(2),
      median(figures.map((of) => of[side].p99)).toFixed(2),
    ]);
    const share = median(figures.map(({ ours, bare }) => ours.perSecond / bare.perSecond));
    print(each.what, [...row, share.toFixed(2)]);
  }
}

function print(what: string, figures: readonly string[]): void {
  const columns = figures.map((figure) => figure.padStart(10)).join("");
  process.stdout.write(`${what.padEnd(28)}${columns}\n`);
}

async function measure(ask: Ask): Promise<Figures> {
  await keepBusy(ask, WARM_MS);
  const perSecond = await keepBusy(ask, BUSY_MS);
  const takenMs: number[] = [];
  const endMs = performance.now() + ALONE_MS;
  for (let startMs = performance.now(); startMs < endMs; startMs = performance.now()) {
    await ask();
    takenMs.push(performance.now() - startMs);
  }
  const sorted = takenMs.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
  return { perSecond, p50: at(0.5), p99: at(0.99) };
}

/** Calls per second that a server answers while so many are always under way. */
async function keepBusy(ask: Ask, ms: number): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startMs < ms) {
      await ask();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  return (count * 1_000) / (performance.now() - startMs);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function makeCases(opened: Opened): Promise<readonly Case[]> {
  const home = await Home.of(opened);
  await home.write("orrery.yaml", "version: 1\nschedules: {}\n");
  const { address, token } = await RestClient.of(home, home.up());
  const port = Number(new URL(address).port);
  const tls = async (name: string): Promise<string> =>
    await readFile(join(home.data, "tls", name), "utf8");
  const ca = Buffer.from(await tls("ca.pem"));

  const plain = new Grpc(opened, port, token);
  const made = await plain.create();
  const project = projectOf(made);
  const http = new Rest(opened, port, token);
  const answers: BareAnswers = {
    grpc: {
      [CREATE]: made.toString("base64"),
      [GET]: (await plain.get(project)).toString("base64"),
    },
    http: { POST: await http.create(), GET: await http.get(project) },
    tls: { certificate: await tls("server.pem"), key: await tls("server.key") },
  };
  const ports = await startBare(opened, answers);
  const secure = new Grpc(opened, port, token, ca);
  const barePlain = new Grpc(opened, ports.grpc, token);
  const bareSecure = new Grpc(opened, ports.secureGrpc, token, ca);
  const bareHttp = new Rest(opened, ports.http, token);
  const pairs = [
    ["gRPC", plain, barePlain],
    ["gRPC, TLS", secure, bareSecure],
    ["REST", http, bareHttp],
  ] as const;
  return (["get", "create"] as const).flatMap((verb) =>
    pairs.map(([face, ours, bare]) => ({
      what: `${verb === "get" ? "Get" : "Create"}, ${face}`,
      ours: async () => await ours[verb](project),
      bare: async () => await bare[verb](project),
    })),
  );
}

async function startBare(opened: Opened, answers: BareAnswers): Promise<BarePorts> {
  const child = fork(join(import.meta.dirname, "bare-servers.ts"), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  opened.onTestFinished(() => void child.kill());
  child.send(answers);
  const [ports] = (await once(child, "message")) as [BarePorts];
  return ports;
}

let names = 0;
/** A project's name that there is not yet. */
const freshName = (): string => `p${names++}`;

const { get, create } = ProjectService.method;
const GET = `/${ProjectService.typeName}/${get.name}`;
const CREATE = `/${ProjectService.typeName}/${create.name}`;

/** The id of the project that an operation of `Create` made. */
function projectOf(operation: Buffer): string {
  const { result } = fromBinary(create.output, operation);
  assert(result.case === "response", "a project is made at once");
  return fromBinary(ProjectSchema, result.value.value).id;
}

/** Calls over gRPC that read nothing of their answers. */
class Grpc {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(opened: Opened, port: number, token: string, ca?: Buffer) {
    const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca);
    this.#client = new Client(`localhost:${port}`, channel);
    this.#metadata.set("authorization", `Bearer ${token}`);
    opened.onTestFinished(() => this.#client.close());
  }

  async get(projectId: string): Promise<Buffer> {
    return await this.#call(GET, toBinary(get.input, message(get.input, { projectId })));
  }

  async create(): Promise<Buffer> {
    const request = message(create.input, { communityId: "default", name: freshName() });
    return await this.#call(CREATE, toBinary(create.input, request));
  }

  async #call(path: string, request: Uint8Array): Promise<Buffer> {
    const asItIs = (bytes: Buffer): Buffer => bytes;
    return await new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        asItIs,
        asItIs,
        Buffer.from(request),
        this.#metadata,
        (error, answer) =>
          error === null && answer !== undefined ? resolve(answer) : reject(error ?? new Error()),
      );
    });
  }
}

/** Calls over HTTP that read nothing of their answers. */
class Rest {
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(opened: Opened, port: number, token: string) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: IN_FLIGHT });
    this.#headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    opened.onTestFinished(async () => await this.#pool.close());
  }

  async get(project: string): Promise<string> {
    return await this.#call("GET", `${PROJECTS}/${project}`);
  }

  async create(): Promise<string> {
    const request = { communityId: "default", name: freshName() };
    return await this.#call("POST", PROJECTS, JSON.stringify(request));
  }

  async #call(method: "GET" | "POST", path: string, body: string | null = null): Promise<string> {
    const answer = await this.#pool.request({ method, path, headers: this.#headers, body });
    assert(answer.statusCode === 200, `${method} ${path} is answered ${answer.statusCode}`);
    return await answer.body.text();
  }
}
