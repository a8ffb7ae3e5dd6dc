import { describe, expect, it } from "vitest";
import { storagePath } from "../../../shared/core/project/storage-path.ts";

describe("the path of a notebook in its project's storage", () => {
  it.each([
    ["a.ipynb", "a.ipynb"],
    ["/home/jupyter/datasphere/project/a.ipynb", "a.ipynb"],
    ["/home/jupyter/datasphere/project/deep/a.ipynb", "deep/a.ipynb"],
    ["./deep//./a.ipynb", "deep/a.ipynb"],
    ["..a/b..ipynb", "..a/b..ipynb"],
  ])("of %s is %s", (id, path) => {
    expect(storagePath(id)).toBe(path);
  });

  it.each([
    "",
    ".",
    "/",
    "/a.ipynb",
    "/home/jupyter/datasphere/project/",
    "/home/jupyter/datasphere/projects/a.ipynb",
    "/home/jupyter/datasphere/project//etc/../../a.ipynb",
    "../a.ipynb",
    "deep/../../a.ipynb",
    "deep/..",
    "a\0.ipynb",
  ])("does not exist for %j", (id) => {
    expect(storagePath(id)).toBeUndefined();
  });
});
