import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Home } from "./home.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The files that the README shows: fenced blocks whose first line is a comment with their name. */
function shownFiles(): ReadonlyMap<string, string> {
  const blocks = README.matchAll(/^( *)```(?:yaml|python)\n\1# (\S+)\n([\s\S]*?)^\1```$/gm);
  return new Map(
    [...blocks].map(([, indent = "", name = "", text = ""]) => [
      name,
      text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    ]),
  );
}

describe("the README's schedule of your own", () => {
  it("runs as it stands there", async (test) => {
    const home = await Home.of(test);
    const files = shownFiles();
    expect([...files.keys()]).toEqual(["hello/config.yaml", "hello/hello.py", "orrery.yaml"]);
    for (const [name, text] of files) await home.write(name, text);

    const platform = home.up();

    await platform.line(/│ Hello, hello at \d\d:\d\d:\d\d$/);
    await platform.line(/✔ succeeded in /);
  });
});
