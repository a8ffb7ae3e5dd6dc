import { JobStatus } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import {
  CancelProjectJobRequest,
  ListProjectJobRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import {
  CreateProjectMetadata,
  CreateProjectRequest,
  ListProjectsRequest,
  SetUnitBalanceRequest,
  UpdateProjectRequest,
  type DeepPartial,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { SetUnitBalanceRequest as SetUnitBalanceRequestV1 } from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_service";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import { describe, expect, it } from "vitest";
import { codeOf, refusal } from "./refusal.ts";
import { metadataOf, type CallOptions, type SdkClient } from "./sdk-client.ts";
import { SdkJobs } from "./sdk-jobs.ts";
import { aSubject, served } from "./served.ts";

const its = served();

async function create(
  by: SdkClient,
  part: DeepPartial<CreateProjectRequest>,
  options: CallOptions = {},
): Promise<Operation> {
  const request = CreateProjectRequest.fromPartial({ communityId: "default", ...part });
  return await by.projects.create(request, options);
}

const underKey = (key: string, client: SdkClient = its.client): SdkClient =>
  client.sending({ "idempotency-key": key });

/** How many calls each answer got. */
function tally(answers: readonly unknown[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[String(answer)] = (counts[String(answer)] ?? 0) + 1;
  return counts;
}

const twenty = async <T>(call: (index: number) => Promise<T>): Promise<readonly T[]> =>
  await Promise.all(Array.from({ length: 20 }, async (_, index) => await call(index)));

describe("calls under an Idempotency-Key", () => {
  it("get the first one's operation, one after the other and all at once", async () => {
    const first = await create(underKey("a"), { name: "once" });
    const again = await create(underKey("a"), { name: "once" });
    const atOnce = await twenty(async () => (await create(underKey("b"), { name: "b" })).id);

    expect(again).toEqual(first);
    expect(Object.values(tally(atOnce))).toEqual([20]);
  });

  it("are refused for another request, and are their own caller's and method's", async () => {
    const { client } = its;
    const jobs = await SdkJobs.of(client);
    const { projectId } = jobs;
    await create(underKey("c"), { name: "c" });
    const balance = SetUnitBalanceRequest.fromPartial({ projectId, unitBalance: 5 });

    expect(await codeOf(create(underKey("c"), { name: "d" }))).toBe(6);
    expect(await codeOf(underKey("c").projects.setUnitBalance(balance))).toBe(0);
    const stranger = await aSubject(its, "stranger");
    expect(await codeOf(create(underKey("c", stranger), { name: "c" }))).toBe(7);
    expect(await codeOf(create(underKey("k".repeat(101)), {}))).toBe(3);
    expect(await codeOf(create(underKey("with space"), {}))).toBe(3);
  });

  it("count for methods that answer without an operation too", async () => {
    const { client } = its;
    const { projectId } = await SdkJobs.of(client);
    const set = async (by: SdkClient, unitBalance: number) =>
      await by.projectsV1.setUnitBalance(
        SetUnitBalanceRequestV1.fromPartial({ projectId, unitBalance }),
      );

    await set(underKey("e"), 5);
    await set(client, 9);
    await set(underKey("e"), 5);

    expect(await client.projects.getUnitBalance({ projectId })).toEqual({ unitBalance: 9 });
    expect(await codeOf(set(underKey("e"), 6))).toBe(6);
  });

  it("execute a job once, with keys of any kind and without", async () => {
    const jobs = await SdkJobs.of(its.client);
    const jobId = await jobs.create({ cmd: "echo ran" });

    const operations = await twenty(async (index) => {
      const by = index % 2 === 0 ? its.client : underKey(`job-${index % 5}`);
      return (await by.jobs.execute({ jobId })).id;
    });

    expect(Object.values(tally(operations))).toEqual([20]);
    const other = await jobs.create();
    expect(await codeOf(underKey("job-1").jobs.execute({ jobId: other }))).toBe(6);
    await jobs.reaches(jobId, JobStatus.SUCCESS);
    expect(await jobs.printed(jobId)).toBe("ran\n");
  });
});

describe("calls that come at once", () => {
  it("give one name to one project", async () => {
    const codes = await twenty(async () => await codeOf(create(its.client, { name: "contested" })));

    expect(tally(codes)).toEqual({ "0": 1, "6": 19 });
  });

  it("change a project one after the other", async () => {
    const { client } = its;
    const { projectId } = await SdkJobs.of(client);
    const update = (n: number) =>
      UpdateProjectRequest.fromPartial({
        ...{ projectId, updateMask: { paths: ["labels"] } },
        labels: { n: String(n) },
      });

    const codes = await twenty(async (n) => await codeOf(client.projects.update(update(n))));

    expect(tally(codes)).toEqual({ "0": 20 });
    const { labels } = await client.projects.get({ projectId });
    expect(Number(labels["n"])).toBeLessThan(20);
  });

  it("cancel what others execute, and every job ends once", async () => {
    const jobs = await SdkJobs.of(its.client);
    const made = await twenty(async () => await jobs.create({ cmd: "sleep 600" }));

    const ended = await Promise.all(
      made.map(async (jobId) => {
        // Whichever comes first, the job is cancelled: before it begins or while it runs.
        const execution = its.client.jobs.execute({ jobId }).catch(() => undefined);
        await its.client.jobs.cancel(CancelProjectJobRequest.fromPartial({ jobId }));
        const operation = await execution;
        if (operation !== undefined) await its.client.ended(operation);
        return await jobs.status(jobId);
      }),
    );

    expect(tally(ended)).toEqual({ [JobStatus.CANCELLED]: 20 });
  });
});

describe("a listing", () => {
  it("is told in pages that stay right while others come", async () => {
    const { client } = its;
    const made = new Set<string>();
    for (let each = 0; each < 7; each += 1) made.add((await SdkJobs.of(client)).projectId);
    const seen: string[] = [];
    const tokens: string[] = [];
    for (let pageToken = "", more = true; more; more = pageToken !== "") {
      const page = await client.projects.list(
        ListProjectsRequest.fromPartial({ communityId: "default", pageSize: 3, pageToken }),
      );
      expect(page.projects.length).toBeLessThanOrEqual(3);
      seen.push(...page.projects.map(({ id }) => id));
      pageToken = page.nextPageToken;
      if (pageToken !== "") tokens.push(pageToken);
      await create(client, {});
    }

    expect(new Set(seen).size).toBe(seen.length);
    expect([...made].filter((id) => !seen.includes(id))).toEqual([]);
    expect(Math.max(...tokens.map(({ length }) => length))).toBeLessThanOrEqual(100);
    const [other = ""] = tokens;
    const { projectId } = await SdkJobs.of(client);
    const foreign = ListProjectJobRequest.fromPartial({ projectId, pageToken: other });
    expect(await codeOf(client.jobs.list(foreign))).toBe(3);
  });

  it.each([
    ["page_size", { pageSize: 1_001 }],
    ["page_size", { pageSize: -1 }],
    ["page_token", { pageToken: "garbage" }],
    ["page_token", { pageToken: "x".repeat(101) }],
  ])("is refused for a wrong %s", async (field, part) => {
    const request = ListProjectsRequest.fromPartial({ communityId: "default", ...part });

    const refused = await refusal(async (o) => await its.client.projects.list(request, o));

    expect(refused).toMatchObject({ code: 3, fields: [field] });
  });

  it("ends a page before its answer is more than a client takes", async () => {
    const jobs = await SdkJobs.of(its.client);
    const config = "x".repeat(900_000);
    for (let each = 0; each < 6; each += 1) await jobs.create({}, { config });

    const { projectId } = jobs;
    const first = await its.client.jobs.list(ListProjectJobRequest.fromPartial({ projectId }));

    expect(first.jobs.length).toBeLessThan(6);
    expect(first.nextPageToken).not.toBe("");
  });
});

describe("a call at the edge", () => {
  it("is refused where its message is larger than 4 MiB, and read where it is not", async () => {
    const described = async (chars: number) =>
      await codeOf(create(its.client, { description: "x".repeat(chars) }));

    expect(await described(5 * 1024 ** 2)).toBe(8);
    expect(await described(3 * 1024 ** 2)).toBe(3);
  });

  it("keeps characters of any plane, and counts them as people do", async () => {
    const described = async (description: string): Promise<string> => {
      const operation = await create(its.client, { description });
      const { projectId } = metadataOf(operation, CreateProjectMetadata);
      return (await its.client.projects.get({ projectId })).description;
    };

    expect(await described("𝒳".repeat(256))).toBe("𝒳".repeat(256));
    expect(await codeOf(described("𝒳".repeat(257)))).toBe(3);
    expect(await codeOf(described("a\0b"))).toBe(3);
  });

  it("ends with its client's deadline, or when its client leaves", async () => {
    const jobs = await SdkJobs.of(its.client);
    const jobId = await jobs.create({ cmd: "sleep 600" });
    await its.client.jobs.execute({ jobId });
    const follow = async (options: CallOptions): Promise<void> => {
      const stream = its.client.jobs.readLogs({ jobId, offset: 0 }, options);
      for await (const { logs } of stream) if (logs.length === 0) return;
    };
    expect(await codeOf(follow({ deadline: new Date(Date.now() + 300) }))).toBe(4);
    // The SDK names the type of a polyfill, and takes what is built in.
    const signal = AbortSignal.timeout(300) as unknown as NonNullable<CallOptions["signal"]>;
    await expect(follow({ signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(await jobs.status(jobId)).not.toBe(JobStatus.CANCELLED);
    await its.client.jobs.cancel(CancelProjectJobRequest.fromPartial({ jobId }));
  });
});
