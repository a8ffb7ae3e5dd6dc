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
});
