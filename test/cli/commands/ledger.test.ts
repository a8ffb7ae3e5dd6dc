import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountsTable } from "../../../shared/records/tables.ts";
import { aConfiguration, PROJECT } from "../../support/builders.ts";
import { readCsv } from "../../support/read-csv.ts";
import { obeys } from "../../support/scripted-executor.ts";
import { CliWorld, orrery, orreryJson, type Printed } from "../cli-world.ts";

let world: CliWorld;
beforeEach(async () => {
  world = new CliWorld();
  await world.apply(aConfiguration({ limits: { balance: 9_000 } }));
});
afterEach(async () => {
  await world.close();
});

const ledger = async (...args: readonly string[]): Promise<Printed> =>
  await orrery("ledger", ...args, "--data", world.directory);

const ledgerJson = async (...args: readonly string[]): Promise<unknown> =>
  await orreryJson("ledger", ...args, "--data", world.directory);

/** Moves the balance without an entry, as only a hand in the database can. */
async function corrupt(): Promise<void> {
  await world.data.store.transact("corrupt", async (tx) => {
    const row = await tx.get(accountsTable, { project: PROJECT });
    if (row === undefined) throw new Error("there is an account");
    tx.put(accountsTable, { ...row, body: { ...(row.body as object), balance: 1 } });
  });
}

describe("a ledger on the screen", () => {
  it("has its entries newest first, or from the oldest on", async () => {
    await world.submit(obeys);

    const { out, code } = await ledger("list", "demo");
    const oldest = await ledger("list", "demo", "--oldest-first", "--limit", "1");

    expect(code).toBe(0);
    expect(out).toMatch(/^ENTRY +AT \(UTC\) +KIND +UNITS +HELD +LEFT +FOR\n#2 .*hold.*\n#1 /);
    expect(oldest.out).toMatch(/^#1 +20.*Z +setBalance +9000 +0 +9000 +configured$/m);
    expect(oldest.out).not.toContain("#2");
  });

  it("is the same for programs, with when and at which rate units are spent", async () => {
    const id = await world.submit(obeys);

    expect(await ledgerJson("list", "demo")).toEqual({
      project: "demo",
      entries: [
        {
          seq: 2,
          at: expect.stringMatching(/Z$/) as string,
          kind: "hold",
          units: 7_240,
          attempt: `${id}.1`,
          reason: "admitted",
          heldAfter: 7_240,
          balanceAfter: 9_000,
          spendStartAt: expect.stringMatching(/Z$/) as string,
          spendEndAt: expect.stringMatching(/Z$/) as string,
          rate: 4,
        },
        {
          seq: 1,
          at: expect.stringMatching(/Z$/) as string,
          kind: "setBalance",
          units: 9_000,
          reason: "configured",
          heldAfter: 0,
          balanceAfter: 9_000,
        },
      ],
    });
  });

  it("has those of a period, by dates as well", async () => {
    expect((await ledger("list", "demo", "--from", "2001-01-01")).out).toContain("#1");
    const before = await ledger("list", "demo", "--until", "2001-01-01T00:00:00+03:00");
    expect(before.out).toBe("There are no such entries.\n");
    const wrong = await ledger("list", "demo", "--from", "yesterday");
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain("Expected an instant such as");
  });

  it("shows nothing of a reason that a terminal would obey", async () => {
    await ledger("adjust", "demo", "5", "--reason", "a\u001b[2Jb");

    expect((await ledger("list", "demo")).out).toContain("by orrery: a [2Jb");
  });
});

describe("an exported ledger", () => {
  const nasty = '=HYPERLINK("http://x","y"), \'a\'\r\nnew "line"; ß';

  it("is CSV that gives back every entry, whatever its reason", async () => {
    await world.submit(obeys);
    await ledger("adjust", "demo", "-500", "--reason", nasty);

    const { out, code } = await ledger("export", "demo");

    expect(code).toBe(0);
    const text = Buffer.from(out, "latin1").toString("utf8");
    expect(text.split("\r\n", 2)[0]).toBe(
      "seq,at,kind,units,attempt,reason,heldAfter,balanceAfter,spendStartAt,spendEndAt,rate,spendUnits",
    );
    const listed = await ledgerJson("list", "demo", "--oldest-first");
    expect(readCsv(text)).toEqual((listed as { entries: unknown }).entries);
  });

  it.each(["=1+1", "+1", "-1", "@A1", "\tx", "＝1", "'=1", "'"])(
    "has no formula for a spreadsheet in %j",
    async (reason) => {
      // Nobody's name stands before the reason of a configuration.
      const { csvRecord } = await import("../../../cli/csv.ts");

      const record = csvRecord([reason, 5, undefined]);

      expect(record).toBe(`'${reason},5,\r\n`);
    },
  );

  it.each([
    ["json", (text: string) => (JSON.parse(text) as { entries: unknown }).entries],
    [
      "jsonl",
      (text: string) =>
        text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
    ],
  ] as const)("is as whole as %s", async (format, read) => {
    await world.submit(obeys);

    const { out } = await ledger("export", "demo", "--format", format);

    const listed = await ledgerJson("list", "demo", "--oldest-first");
    expect(read(out)).toEqual((listed as { entries: unknown }).entries);
  });

  it("goes over many pages, each entry once", async () => {
    const { entriesOf, exportText } = await import("../../../cli/commands/ledger-export.ts");
    const pages = [["1", "2"], [], ["3"]].map((page) =>
      page.map((reason, index) => ({ ...ENTRY, seq: index, reason })),
    );
    const collected = async (format: "csv" | "json" | "jsonl"): Promise<readonly unknown[]> => {
      let text = "";
      for await (const part of exportText(streamOf(pages), "demo", format)) text += part;
      if (format === "csv") return readCsv(text);
      if (format === "json") return (JSON.parse(text) as { entries: unknown[] }).entries;
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
    };

    for (const format of ["csv", "json", "jsonl"] as const) {
      expect(await collected(format)).toEqual(pages.flat());
    }
    expect(entriesOf).toBeTypeOf("function");
  });

  it("is an empty document where nothing happened then", async () => {
    const until = ["--until", "2001-01-01"];

    expect(JSON.parse((await ledger("export", "demo", "--format", "json", ...until)).out)).toEqual({
      project: "demo",
      entries: [],
    });
    expect((await ledger("export", "demo", ...until)).out.split("\r\n")).toHaveLength(2);
    expect((await ledger("export", "demo", "--format", "jsonl", ...until)).out).toBe("");
  });

  it("is a file once it is whole, and none where it failed", async () => {
    const file = join(world.folder, "ledger.csv");

    const whole = await ledger("export", "demo", "--output", file);
    const failed = await ledger("export", "dmeo", "--output", `${file}.2`);
    const nowhere = await ledger("export", "demo", "--output", join(file, "below"));

    expect(whole).toEqual({ code: 0, out: "", err: "" });
    expect(readCsv(readFileSync(file, "utf8"))).toHaveLength(1);
    expect(failed).toMatchObject({ code: 3, out: "" });
    expect(nowhere).toMatchObject({ code: 2, out: "" });
    expect(existsSync(`${file}.2`)).toBe(false);
    expect(readdirSync(world.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("prints nothing where there is no such project", async () => {
    const { code, out, err } = await ledger("export", "dmeo");

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain("[PROJECT_NOT_FOUND]");
  });
});

const ENTRY = { at: "2027-01-15T00:00:00Z", kind: "topUp", units: 5, heldAfter: 0 };

async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

describe("a verified ledger", () => {
  it("is said to add up", async () => {
    await world.submit(obeys);

    expect(await ledger("verify", "demo")).toEqual({
      code: 0,
      out: "✔ demo: 2 entries, adds up\n",
      err: "",
    });
    expect(await ledgerJson("verify", "--all")).toEqual({
      ledgers: [{ project: "demo", entries: 2, sound: true, differences: [], differenceCount: 0 }],
    });
  });

  it("is shown with what differs, and the command exits with 1", async () => {
    await corrupt();

    const { code, out, err } = await ledger("verify", "--all");
    const json = await ledger("verify", "demo", "--json");

    expect(code).toBe(1);
    expect(out).toMatch(/^✘ demo: 1 entry, 1 difference\n/);
    expect(out).toMatch(/^ {2}the account's balance +9000 +1$/m);
    expect(err).toContain("1 ledger of 1 does not add up: demo [LEDGER_UNSOUND]");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      ledgers: [
        {
          sound: false,
          differences: [{ place: "the account's balance", expected: "9000", found: "1" }],
        },
      ],
    });
  });

  it.each([[[]], [["demo", "--all"]]])("is one, or all: %j is wrong usage", async (args) => {
    const { code, err } = await ledger("verify", ...args);

    expect(code).toBe(2);
    expect(err).toContain("name a project, or give --all [USAGE]");
  });
});

describe("a balance moved from the command line", () => {
  it("is shown as the entry that it became", async () => {
    const added = await ledger("top-up", "demo", "500", "--reason", "invoice 4711");
    const taken = await ledger("adjust", "demo", "-12000", "--reason", "by hand");
    const away = await ledger("set-balance", "demo", "unlimited");
    const set = await ledgerJson("set-balance", "demo", "0");

    expect(added.out).toMatch(/^#2 .* topUp +500 +0 +9500 +by orrery: invoice 4711$/m);
    expect(taken.out).toMatch(/^#3 .* adjust +-12000 +0 +-2500 +by orrery: by hand$/m);
    expect(away.out).toMatch(/^#4 .* setBalance +no limit +0 +- +by orrery$/m);
    expect(set).toMatchObject({
      entry: { seq: 5, units: 0, balanceAfter: 0, reason: "by orrery" },
      repeated: false,
    });
  });

  it("is moved once for an id", async () => {
    const first = await ledger("top-up", "demo", "500", "--id", "one");
    const second = await ledger("top-up", "demo", "500", "--id", "one");

    expect(second.out).toBe(first.out);
    expect(second.err).toBe("The id one was used before, for this: nothing changed.\n");
    expect(await ledger("top-up", "demo", "5", "--id", "one")).toMatchObject({ out: "" });
  });

  it.each([
    [["top-up", "demo", "0"], "Expected whole units, 1 to 9007199254740991."],
    [["top-up", "demo", "-5"], "Expected whole units"],
    [["top-up", "demo", "1e3"], "Expected whole units"],
    [["top-up", "demo", "9007199254740992"], "Expected whole units"],
    [["adjust", "demo", "0", "--reason", "x"], "Expected whole units"],
    [["adjust", "demo", "5"], "required option '--reason <text>'"],
    [["set-balance", "demo", "none"], "Expected whole units, 0 to"],
    [["top-up", "demo", "5", "--reason", "x".repeat(201)], "at most 200 characters"],
  ])("is wrong usage as %j", async (args, told) => {
    const { code, out, err } = await ledger(...args);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(told);
  });

  it("is refused with a way out where there is none", async () => {
    await ledger("set-balance", "demo", "unlimited");

    const { code, out, err } = await ledger("top-up", "demo", "5");

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("orrery ledger set-balance demo UNITS` [BALANCE_UNSET]");
  });
});
