import { describe, expect, it } from "vitest";
import {
  openObjectStorage,
  type ObjectStorage,
} from "../../../shared/adapters/object-storage/open-object-storage.ts";
import { limits } from "../../../shared/core/limits.ts";
import { collect } from "../../support/collect.ts";
import { Opened, type Closing } from "../../support/opened.ts";
import { strictS3, type StrictS3 } from "../../support/s3/strict-s3.ts";

async function aBucket(test: Closing): Promise<{ s3: StrictS3; storage: ObjectStorage }> {
  const s3 = await strictS3(test);
  const storage = openObjectStorage(s3.connection);
  test.onTestFinished(() => storage.close());
  await s3.put("config/orrery.yaml", "version: 1");
  await s3.put("config/jobs/train/config.yaml", "cmd: true");
  await s3.put("config/jobs/train/data/a.csv", "a,b");
  await s3.put("config/jobs/train/data/ю.csv", "c");
  await s3.put("config/jobs/train2/a", "other");
  await s3.put("config/jobs/common.py", "x = 1");
  await s3.put("secrets/key", "secret");
  await s3.put("config2/orrery.yaml", "other");
  return { s3, storage };
}

const ROOT = "s3://orrery-test/config";

describe("the surroundings of a schedules file in a bucket", () => {
  it("are texts with the names that problems are told by, and the folders that jobs are in", async (test) => {
    const { storage } = await aBucket(test);
    const files = storage.configFiles("config/", (name) => `the ${name}`);

    expect(files.folder).toBe(ROOT);
    expect(files.environment("REGION")).toBe("the REGION");
    expect(await files.read("orrery.yaml")).toEqual({
      ...{ state: "text", text: "version: 1" },
      ...{ file: `${ROOT}/orrery.yaml`, folder: ROOT },
    });
    expect(await files.read("./jobs/train/config.yaml")).toMatchObject({
      file: `${ROOT}/jobs/train/config.yaml`,
      folder: `${ROOT}/jobs/train`,
    });
    expect(await files.read("absent.yaml")).toEqual({ state: "missing" });
  });

  it.each([
    "../secrets/key",
    "/secrets/key",
    "jobs/../../secrets/key",
    "../config2/orrery.yaml",
    "",
  ])("have no file outside: %s", async (path) => {
    await using opened = new Opened();
    const { s3, storage } = await aBucket(opened);
    s3.seen.splice(0);

    const reading = await storage.configFiles("config/", () => undefined).read(path);

    expect(reading).toEqual({ state: "unreadable", reason: `it is not below ${ROOT}` });
    expect(s3.seen).toEqual([]);
  });

  it("are read up to a size alone, and not at all where the bucket does not let us", async (test) => {
    const { s3, storage } = await aBucket(test);
    const files = storage.configFiles("config/", () => undefined);
    await s3.put("config/large.yaml", Buffer.alloc(limits.configBytes + 1, "#"));

    expect(await files.read("large.yaml")).toMatchObject({
      state: "unreadable",
      reason: expect.stringContaining(`it has ${limits.configBytes + 1} bytes`) as string,
    });
    s3.fault = () => ({ kind: "status", status: 403, code: "AccessDenied" });
    expect(await files.read("orrery.yaml")).toMatchObject({ state: "unreadable" });
  });

  it("are no problem of the file where the bucket does not answer: who reads may try again", async (test) => {
    const { s3, storage } = await aBucket(test);
    s3.fault = () => ({ kind: "cut" });

    const reading = storage.configFiles("config/", () => undefined).read("orrery.yaml");

    await expect(reading).rejects.toMatchObject({ code: "BUCKET_UNAVAILABLE" });
  });
});

describe("the files of jobs in a bucket", () => {
  it("are listed below a job's folder, one file by itself too, with what tells their versions apart", async (test) => {
    const { s3, storage } = await aBucket(test);
    const { jobFiles } = storage;
    const root = `${ROOT}/jobs/train`;

    const all = await jobFiles.list(root, "");
    expect(all.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["config.yaml", 9],
      ["data/a.csv", 3],
      ["data/ю.csv", 1],
    ]);
    expect(await jobFiles.list(root, "data")).toMatchObject([{ path: "a.csv" }, { path: "ю.csv" }]);
    const [file] = await jobFiles.list(root, "./data/a.csv");
    expect(file).toEqual({ path: "", bytes: 3, version: all[1]?.version });
    expect(await jobFiles.list(root, "nothing")).toEqual([]);
    expect(await jobFiles.list(root, "../common.py")).toMatchObject([{ path: "" }]);

    await s3.put("config/jobs/train/data/a.csv", "a;b");
    expect((await jobFiles.list(root, "data/a.csv"))[0]?.version).not.toBe(file?.version);
  });

  it("are read as they are, and are no others", async (test) => {
    const { storage } = await aBucket(test);
    const { jobFiles } = storage;
    const root = `${ROOT}/jobs/train`;
    const text = async (path: string): Promise<string> =>
      Buffer.concat(await collect(jobFiles.read(root, path))).toString();

    expect(await text("data/a.csv")).toBe("a,b");
    expect(await text("../common.py")).toBe("x = 1");
    await expect(text("data")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    for (const path of [
      "../../../secrets/key",
      "../../../elsewhere/key",
      "/secrets/key",
      "../../../config2/orrery.yaml",
      "a\0b",
    ]) {
      await expect(jobFiles.list(root, path)).rejects.toMatchObject({ code: "FILE_REJECTED" });
      await expect(text(path)).rejects.toMatchObject({ code: "FILE_REJECTED" });
    }
    for (const other of ["s3://other/config", "/etc", "s3://orrery-test/config/../secrets"]) {
      await expect(jobFiles.list(other, "")).rejects.toMatchObject({ code: "FILE_REJECTED" });
    }
  });
});
