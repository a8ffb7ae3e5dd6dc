import { describe, expect, it } from "vitest";
import { InputLayout } from "../../../shared/adapters/process/input-layout.ts";
import { limits } from "../../../shared/core/limits.ts";

describe("the places of a job's inputs", () => {
  it("are at most so many, folders that nobody listed included", () => {
    const layout = new InputLayout();
    const half = limits.jobInputFiles / 2;
    const add = (index: number): boolean =>
      layout.addFile(`${index}/file`, { source: `${index}`, bytes: 0 });
    for (let index = 0; index < half; index += 1) add(index);

    expect(() => add(half)).toThrow(`more than ${limits.jobInputFiles} files and folders`);
  });

  it("list every folder behind those above it", () => {
    const layout = new InputLayout();
    layout.addFile("a/b/c/file", { source: "s", bytes: 0 });
    layout.addDirectory("a/d");

    expect(layout.directories).toEqual(["a", "a/b", "a/b/c", "a/d"]);
  });

  it.each([
    ["the working directory itself", ".", "give it a path of its own"],
    ["a name that no disk takes", `a/${"é".repeat(128)}`, "too long a path"],
    ["a folder's name that no disk takes", `${"a".repeat(256)}/b`, "too long a path"],
    ["a path that no disk takes", `${"a/".repeat(2_000)}b`, "too long a path"],
  ])("are not %s", (_what, target, reason) => {
    const layout = new InputLayout();

    expect(() => layout.addFile(target, { source: "s", bytes: 0 })).toThrow(reason);
  });

  it("hold names and paths as long as disks take", () => {
    const layout = new InputLayout();
    const name = "a".repeat(limits.fileNameBytes);

    expect(layout.addFile(`${name}/${name}/b`, { source: "s", bytes: 0 })).toBe(true);
  });
});
