import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { ApiError } from "../../../../shared/api/api-error.ts";
import type { AccessResource, Role } from "../../../../shared/core/access/access.ts";
import { projectId } from "../../../../shared/core/ids.ts";
import type { Run } from "../../../../shared/core/run/run.ts";
import { plusMs } from "../../../../shared/core/time/instant.ts";
import { readProject, writeProject } from "../../../../shared/records/project-record.ts";
import { writeRun } from "../../../../shared/records/run-record.ts";
import { createToken } from "../../../../shared/usecases/access/tokens.ts";
import { grant } from "../../../support/access-builders.ts";
import { aConfiguration, aRun, aSchedule, START_AT } from "../../../support/builders.ts";
import { World } from "../../../support/world.ts";
import { bearer, failureOf, incoming, PLATFORM } from "../../an-api.ts";

export type Headers = Readonly<Record<string, string>>;

/** Our own API behind the whole pipeline and the real store. */
export class OrreryWorld extends World {
  async invoke<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = PLATFORM,
  ): Promise<MessageShape<O>> {
    const message = create(method.input, request);
    const answer = await this.services.api.unary(method, incoming(headers), message);
    return answer as MessageShape<O>;
  }

  /** Calls one of several methods that take the same, and answers with how it failed. */
  async refusal(
    method: DescMethodUnary,
    request: Readonly<Record<string, unknown>>,
    headers: Headers = PLATFORM,
  ): Promise<ApiError> {
    return await failureOf(this.invoke(method, request, headers));
  }

  /** The messages of a stream, as they come; it waits for more unless told otherwise. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    how: {
      readonly follows?: boolean;
      readonly signal?: AbortSignal;
      readonly headers?: Headers;
    } = {},
  ): AsyncIterable<MessageShape<O>> {
    const { follows = true, signal, headers = PLATFORM } = how;
    const call = { ...incoming(headers, signal), follows };
    const message = create(method.input, request);
    return this.services.api.serverStream(method, call, message) as AsyncIterable<MessageShape<O>>;
  }

  /** Makes these schedules live, each of `demo` unless it names another project. */
  async schedule(...schedules: readonly Parameters<typeof aSchedule>[0][]): Promise<void> {
    await this.apply(aConfiguration({ schedules: schedules.map((each) => aSchedule(each)) }));
  }

  /** The headers of a subject that has just got a token, and a role where one is named. */
  async userOf(
    id: string,
    held?: { readonly role: Role; readonly on: AccessResource },
  ): Promise<Headers> {
    if (held !== undefined) {
      await this.store.transact("grant", (tx) => {
        grant(tx, id, held.role, held.on);
        return Promise.resolve();
      });
    }
    return bearer((await createToken(this.services, { id, type: "userAccount" })).secret);
  }

  /** Writes a run as a use case would leave it. */
  async writeRuns(...runs: readonly Parameters<typeof aRun>[0][]): Promise<readonly Run[]> {
    const made = runs.map((run) => aRun(run));
    for (let start = 0; start < made.length; start += 50) {
      await this.store.transact("runs", (tx) => {
        for (const run of made.slice(start, start + 50)) {
          const timer = { kind: "submit", ref: run.id, dueAt: run.effectiveAt } as const;
          writeRun(tx, undefined, run.finishedAt === undefined ? { run, timer } : { run });
        }
        return Promise.resolve();
      });
    }
    return made;
  }

  /** Marks a project as deleted, whose runs stay. */
  async deleteProject(id: string): Promise<void> {
    await this.store.transact("delete-project", async (tx) => {
      const project = await readProject(tx, projectId(id));
      if (project === undefined) throw new Error(`There is no project ${id}`);
      writeProject(tx, project, { ...project, deletedAt: this.clock.now() });
    });
  }
}

/** A run of `schedule` that ended well, `minutes` after the start of the world. */
export function endedRun(
  schedule: string,
  minutes: number,
  fields: Partial<Omit<Run, "schedule">> = {},
): Parameters<typeof aRun>[0] {
  const nominalAt = plusMs(START_AT, minutes * 60_000);
  return { schedule, nominalAt, state: "succeeded", finishedAt: nominalAt, ...fields };
}

/** A resource by its project's id. */
export function onProject(id: string): AccessResource {
  return { kind: "project", id };
}

/** What a page of a listing answers with, as its walk sees it. */
interface ListedPage<Item> {
  readonly items: readonly Item[];
  readonly next: string;
}

/** Every page of a listing until there is no token any more. */
export async function allPages<Item>(
  page: (token: string) => Promise<ListedPage<Item>>,
): Promise<readonly (readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  let token = "";
  for (;;) {
    const { items, next } = await page(token);
    pages.push(items);
    if (next === "") return pages;
    if (next === token) throw new Error("A listing goes on from where it has been");
    token = next;
  }
}
