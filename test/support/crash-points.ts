import type { Channel } from "../../shared/ports/channel.ts";
import type { Target } from "../../shared/core/notification/subscription.ts";
import type { Executor } from "../../shared/ports/executor.ts";
import type { Files } from "../../shared/ports/files.ts";
import type { Queue } from "../../shared/ports/queue.ts";
import type { Store } from "../../shared/ports/store.ts";
import type { Services } from "../../shared/usecases/services.ts";

/** Thrown into a process that was killed, at its next sign of life. */
class KilledError extends Error {}

/** One call of a port: its number since the process began, from 1, and what it is. */
interface PortCall {
  readonly number: number;
  readonly name: string;
}

/** Whether the process dies at this call, and whether the call took effect by then. */
export type CrashPlan = (call: PortCall) => "before" | "after" | undefined;

/**
 * Kills a process at a call of a port, which is wherever it awaits the world. From then on every
 * call throws and does nothing, as nothing of a killed process goes on, until `revive`.
 */
export class CrashPoints {
  #plan: CrashPlan = () => undefined;
  #isDown = false;
  #calls = 0;
  /** Where it was killed, for the label of a failure. */
  #killedAt = "nowhere";

  get isDown(): boolean {
    return this.#isDown;
  }

  get killedAt(): string {
    return this.#killedAt;
  }

  arm(plan: CrashPlan): void {
    this.#plan = plan;
    this.#calls = 0;
  }

  /** A new process: it counts on, and lives until the plan says otherwise. */
  revive(): void {
    this.#isDown = false;
  }

  async call<T>(name: string, effect: () => Promise<T>): Promise<T> {
    this.#assertAlive();
    this.#calls += 1;
    const fate = this.#plan({ number: this.#calls, name });
    if (fate === "before") this.#kill(`before ${name}`);
    try {
      return await effect();
    } finally {
      // A call that failed had its effect too, on whoever was called.
      if (fate === "after") this.#kill(`after ${name}`);
      this.#assertAlive();
    }
  }

  #kill(where: string): never {
    this.#isDown = true;
    this.#killedAt = where;
    throw new KilledError(`killed ${where}`);
  }

  #assertAlive(): void {
    if (this.#isDown) throw new KilledError(`killed ${this.#killedAt}`);
  }
}

/** The same services, every call of a port a point where the process may die. */
export function withCrashPoints(services: Services, points: CrashPoints): Services {
  const { store, queue, executor, files, channels } = services;
  return {
    ...services,
    store: crashingStore(store, points),
    queue: crashingQueue(queue, points),
    executor: crashingExecutor(executor, points),
    files: crashingFiles(files, points),
    channels: {
      webhook: crashingChannel(channels.webhook, points),
      log: crashingChannel(channels.log, points),
    },
  };
}

function crashingStore(store: Store, points: CrashPoints): Store {
  return {
    transact: async (label, body) =>
      await points.call(`transact ${label}`, async () => await store.transact(label, body)),
    snapshot: async (body) => await points.call("snapshot", async () => await store.snapshot(body)),
    close: async () => await store.close(),
  };
}

function crashingQueue(queue: Queue, points: CrashPoints): Queue {
  return {
    send: async (name, messages) =>
      await points.call(`send ${name}`, async () => await queue.send(name, messages)),
    deadLetters: async (name) => (await queue.deadLetters?.(name)) ?? 0,
  };
}

function crashingExecutor(executor: Executor, points: CrashPoints): Executor {
  return {
    check: async (project, work) =>
      await points.call("check", async () => await executor.check(project, work)),
    start: async (request) => await points.call("start", async () => await executor.start(request)),
    poll: async (attempt) => await points.call("poll", async () => await executor.poll(attempt)),
    stop: async (attempt, how, because) =>
      await points.call("stop", async () => await executor.stop(attempt, how, because)),
    readLog: async (attempt, stream, offset) => await executor.readLog(attempt, stream, offset),
    progress: async (attempt) => await executor.progress(attempt),
    locate: async (attempt, file) => await executor.locate(attempt, file),
    clear: async (attempt) => await points.call("clear", async () => await executor.clear(attempt)),
    onEnded: (listener) => executor.onEnded(listener),
  };
}

function crashingFiles(files: Files, points: CrashPoints): Files {
  return {
    present: async (project, sha256s) =>
      await points.call("present", async () => await files.present(project, sha256s)),
    remove: async (project, sha256s) =>
      await points.call("remove", async () => await files.remove(project, sha256s)),
    readContent: (project, sha256) => files.readContent(project, sha256),
    uploadUrl: async (upload, expiresAt) => await files.uploadUrl(upload, expiresAt),
    downloadUrl: async (download, expiresAt) => await files.downloadUrl(download, expiresAt),
    makeStorage: async (project) =>
      await points.call("makeStorage", async () => await files.makeStorage(project)),
    removeProject: async (project) =>
      await points.call("removeProject", async () => await files.removeProject(project)),
    usedBytes: async (project) => await files.usedBytes(project),
    stat: async (project, path) => await files.stat(project, path),
    read: (project, path) => files.read(project, path),
    write: async (project, file, chunks) =>
      await points.call("write", async () => await files.write(project, file, chunks)),
  };
}

function crashingChannel<T extends Target>(channel: Channel<T>, points: CrashPoints): Channel<T> {
  return {
    deliver: async (target, notification) =>
      await points.call("deliver", async () => await channel.deliver(target, notification)),
  };
}
