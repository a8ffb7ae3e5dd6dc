import { describe, expect, it } from "vitest";
import { importedModules } from "../../../shared/core/job/imported-modules.ts";

describe("the modules a Python source imports", () => {
  it("are the first names of its import lines, at any depth of indentation", () => {
    const source = [
      "import os, numpy as np, pack.inner  # the usual",
      "from helpers.text import clean",
      "from . import sibling",
      "def late():",
      "    import late_one",
      "# import commented",
      "value = 'import inside'",
    ].join("\n");

    expect(importedModules(source)).toEqual(["os", "numpy", "pack", "late_one", "helpers"]);
  });
});
