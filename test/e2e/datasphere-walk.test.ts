import { credentials, Client, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import {
  CreateCommunityMetadata,
  CreateCommunityRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/community_service";
import {
  CreateProjectJobMetadata,
  CreateProjectJobRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import {
  CreateProjectMetadata,
  CreateProjectRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METHODS, type MethodRefusals, type Names } from "./datasphere-methods.ts";
import { codeOf, refusal, type Refusal } from "./refusal.ts";
import {
  metadataOf,
  uncalled,
  type CallOptions,
  type SdkClient,
  type ServiceClient,
} from "./sdk-client.ts";
import { sdkServices } from "./sdk-services.ts";
import { served } from "./served.ts";

type Definition = MethodDefinition<object, object>;

/** A method of the SDK, and how it refuses. */
interface Method extends MethodRefusals {
  readonly client: ServiceClient;
  readonly name: string;
  readonly definition: Definition;
}

const NOWHERE: Names = {
  community: "bt1nocommunity",
  project: "bt1noproject",
  job: "bt1nojob",
  operation: "bt1noproject.00000000000000000000",
};

const services = sdkServices();
const methods: readonly Method[] = services.flatMap((client) =>
  Object.entries(client.service).map(([name, definition]) => {
    const refusals = METHODS[shortPath(definition)];
    if (refusals === undefined) throw new Error(`${definition.path} is in no table`);
    return { client, name, definition: definition as Definition, ...refusals };
  }),
);

const its = served();
let names: Names;
/** A subject without any role, whose token a command made. */
let stranger: SdkClient;
beforeAll(async () => {
  const { home, client } = its;
  names = await someThings(client);
  const args = ["token", "create", "stranger", "--data", home.data];
  stranger = client.as(await home.start({ args }).line(/^orr_/));
});

describe("every method that the SDK has", () => {
  afterAll(() => expect(uncalled(...services)).toEqual([]));

  it("is in the table of methods, and nothing else is", () => {
    const paths = methods.map(({ definition }) => shortPath(definition));

    expect(paths.toSorted()).toEqual(Object.keys(METHODS));
  });

  it("names everything that an empty request lacks, with a status that the SDK reads", async () => {
    const required = methods.filter(({ lacks }) => lacks.length > 0);

    const found = await asked(required, async (method) => {
      const { code, fields } = await refusalOf(its.client, method, {});
      return { code, fields: fields.toSorted() };
    });

    expect(found).toEqual(
      tableOf(required, ({ lacks }) => ({ code: 3, fields: lacks.toSorted() })),
    );
  });

  it("asks a caller without a token for one, whether the thing is there or not", async () => {
    const found = await asked(methods, async (method) => [
      await anonymousCode(its.client, method, names),
      await anonymousCode(its.client, method, NOWHERE),
    ]);

    expect(found).toEqual(tableOf(methods, () => [16, 16]));
  });

  it("takes no token that is unknown", async () => {
    const unknown = its.client.as("orr_nobody");

    const found = await asked(
      methods,
      async (method) => (await refusalOf(unknown, method, method.naming(names))).code,
    );

    expect(found).toEqual(tableOf(methods, () => 16));
  });

  it("tells a stranger the same of what is there and of what is not", async () => {
    const found = await asked(methods, async (method) => {
      const there = await refusalOf(stranger, method, method.naming(names));
      const nowhere = await refusalOf(stranger, method, method.naming(NOWHERE));
      return [there.code ?? 0, nowhere.code ?? 0, blurred(there) === blurred(nowhere)];
    });

    expect(found).toEqual(tableOf(methods, ({ stranger: code }) => [code, code, true]));
  });

  it("tells the platform's own token what is not there", async () => {
    const found = await asked(
      methods,
      async (method) => (await refusalOf(its.client, method, method.naming(NOWHERE))).code ?? 0,
    );

    expect(found).toEqual(tableOf(methods, ({ unknown }) => unknown));
  });

  it("sends the client's own id back", async () => {
    const client = its.client.sending({ "x-client-request-id": "mine-1" });
    const ids: unknown[] = [];

    await client.projects.get(
      { projectId: names.project },
      { onHeader: (header) => ids.push(header.get("x-request-id")) },
    );
    await codeOf(
      client.projects.get(
        { projectId: "nowhere" },
        { onTrailer: (trailer) => ids.push(trailer.get("x-request-id")) },
      ),
    );

    expect(ids).toEqual(["mine-1", "mine-1"]);
  });
});

/** A community with a project with a job, all of the platform's own. */
async function someThings(client: SdkClient): Promise<Names> {
  const inOrganization = { organizationId: "lab", zoneId: "ru-central1-a" };
  const { communityId: community } = metadataOf(
    await client.communities.create(CreateCommunityRequest.fromPartial(inOrganization)),
    CreateCommunityMetadata,
  );
  const { projectId: project } = metadataOf(
    await client.projects.create(CreateProjectRequest.fromPartial({ communityId: community })),
    CreateProjectMetadata,
  );
  const jobParameters = { cmd: "true", cloudInstanceTypes: [{ name: "c1.4" }] };
  const operation = await client.jobs.create(
    CreateProjectJobRequest.fromPartial({ projectId: project, jobParameters }),
  );
  const { jobId: job } = metadataOf(operation, CreateProjectJobMetadata);
  return { community, project, job, operation: operation.id };
}

function shortPath({ path }: { readonly path: string }): string {
  return path.replace("/yandex.cloud.", "");
}

/** One after the other, so that one call's answer is no other's. */
async function asked<T>(
  some: readonly Method[],
  ask: (method: Method) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  const answers: Record<string, T> = {};
  for (const method of some) answers[shortPath(method.definition)] = await ask(method);
  return answers;
}

function tableOf<T>(
  some: readonly Method[],
  row: (method: Method) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(some.map((method) => [shortPath(method.definition), row(method)]));
}

type AnyCall = (
  request: unknown,
  options: CallOptions,
) => Promise<unknown> & AsyncIterable<unknown>;

/** Calls a method of any kind with a message of one field or none, and reads how it refuses. */
async function refusalOf(sdk: SdkClient, method: Method, fields: object): Promise<Refusal> {
  const { definition, name, client } = method;
  const call = (sdk.of(client) as unknown as Record<string, AnyCall>)[name];
  if (call === undefined) throw new Error(`${definition.path} is no method of the SDK's client`);
  const request = requestOf(definition, fields);
  return await refusal(async (options) => {
    if (definition.requestStream) return await call(once(request), options);
    if (!definition.responseStream) return await call(request, options);
    for await (const answer of call(request, options)) if (answer === undefined) break;
    return undefined;
  });
}

/** A whole message: the SDK encodes no other. */
function requestOf({ requestDeserialize }: Definition, fields: object): object {
  return { ...requestDeserialize(Buffer.alloc(0)), ...fields };
}

// eslint-disable-next-line @typescript-eslint/require-await -- the SDK takes streams of no other kind
async function* once(request: object): AsyncGenerator<object> {
  yield request;
}

/** The code of a call without any metadata, which a session of the SDK cannot make. */
async function anonymousCode(sdk: SdkClient, method: Method, some: Names): Promise<number> {
  const client = new Client(sdk.endpoint, credentials.createSsl(sdk.rootCerts));
  const { path, requestSerialize, responseDeserialize, ...kind } = method.definition;
  const request = requestOf(method.definition, method.naming(some));
  const wire = [path, requestSerialize, responseDeserialize] as const;
  try {
    return await new Promise((resolve) => {
      const done = (error: { readonly code: number } | null): void => resolve(error?.code ?? 0);
      if (kind.requestStream) client.makeClientStreamRequest(...wire, done).end(request);
      else if (!kind.responseStream) {
        client.makeUnaryRequest(...wire, request, new Metadata(), done);
      } else
        client
          .makeServerStreamRequest(...wire, request)
          .on("error", done)
          .resume();
    });
  } finally {
    client.close();
  }
}

/** What a refusal says, but for the ids it names and its own. */
function blurred({ code, text }: Refusal): string {
  // An operation's id begins with its project's.
  const ids = [...Object.values(names), ...Object.values(NOWHERE)].toSorted(
    (a, b) => b.length - a.length,
  );
  return ids.reduce((told, id) => told.replaceAll(id, "ID"), `${code ?? 0} ${text ?? ""}`);
}
