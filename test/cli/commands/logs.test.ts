import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunId } from "../../../shared/core/ids.ts";
import { aConfiguration, aJob, aSchedule } from "../../support/builders.ts";
import { CliWorld, KeptTerminal, orrery, orreryOn, type Printed } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld("real");
});
afterEach(async () => {
  await world.close();
});

/** A run of one shell command, started. */
async function started(command: string): Promise<RunId> {
  const job = aJob({ command, root: world.folder });
  await world.apply(aConfiguration({ schedules: [aSchedule({ work: job })] }));
  return await world.submit();
}

const logs = async (...args: readonly string[]): Promise<Printed> =>
  await orrery("logs", "--data", world.directory, ...args);

describe("the output of a run that has ended", () => {
  it("is printed byte for byte, each stream to its own", async () => {
    const id = await started("printf 'one\\n\\377two'; printf 'oops' >&2");
    await world.untilEnded(id);

    expect(await logs(id)).toEqual({ code: 0, out: "one\n\u00fftwo", err: "oops" });
  });

  it("is one stream alone where asked, and to stdout", async () => {
    const id = await started("echo one; echo two >&2");
    await world.untilEnded(id);

    expect(await logs(id, "--stream", "stderr")).toEqual({ code: 0, out: "two\n", err: "" });
    expect((await logs(id, "--stream", "system")).out).toMatch(/^Staged /);
  });

  it("is printed whole where it is longer than one read", async () => {
    const id = await started("seq 1 40000");
    await world.untilEnded(id);

    const { out } = await logs(id);

    expect(out.trimEnd().split("\n")).toEqual(
      Array.from({ length: 40_000 }, (_, index) => String(index + 1)),
    );
  });

  it("needs no waiting to be followed", async () => {
    const id = await started("echo one");
    await world.untilEnded(id);

    expect(await logs(id, "--follow")).toEqual({ code: 0, out: "one\n", err: "" });
  });
});

describe("the output of a run that runs", () => {
  // The program goes on once the test has made the file.
  const COMMAND = "echo one; while [ ! -e $GO ]; do sleep 0.02; done; echo two";

  it("is what there is now, or followed until the attempt ends", async () => {
    const go = join(world.folder, "go");
    const id = await started(COMMAND.replace("$GO", go));
    const terminal = new KeptTerminal();
    const seenOne = new Promise<void>((resolve) => {
      const bytes = terminal.bytes.bind(terminal);
      terminal.bytes = (stream, printed) => {
        bytes(stream, printed);
        if (stream === "stdout") resolve();
      };
    });

    const following = orreryOn(terminal, "logs", id, "--follow", "--data", world.directory);
    await seenOne;
    expect((await logs(id)).out).toBe("one\n");
    writeFileSync(go, "");
    await world.untilEnded(id);

    expect(await following).toMatchObject({ code: 0, out: "one\ntwo\n" });
    expect(terminal.text.stderr).toContain("only the next `orrery up` will start or end the run");
  });
});

describe("the output of a run that never started", () => {
  it("is LOG_NOT_FOUND with the state and the reason, and exits 3", async () => {
    await world.apply(aConfiguration());
    const id = await world.ask();
    await orrery("cancel", id, "--data", world.directory);

    const { code, out, err } = await logs(id, "--follow");

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toBe(
      `orrery: Run ${id} has never started, so it wrote nothing; it is cancelled: Somebody cancelled it [cancelled] [LOG_NOT_FOUND]\n`,
    );
  });

  it("is LOG_NOT_FOUND while it is queued and nobody follows it", async () => {
    await world.apply(aConfiguration());

    const { code, err } = await logs(await world.ask());

    expect(code).toBe(3);
    expect(err).toContain("it is queued [LOG_NOT_FOUND]");
  });
});

describe("an attempt that a run does not have", () => {
  it("is LOG_NOT_FOUND with the last one it has, and exits 3", async () => {
    const id = await started("true");
    await world.untilEnded(id);

    const { code, err } = await logs(id, "--attempt", "2");

    expect(code).toBe(3);
    expect(err).toContain("has no attempt 2: its last one is 1 [LOG_NOT_FOUND]");
  });
});
