import { expect, it } from "vitest";
import { zip } from "../../../infra/bundle/zip.ts";
import { readZip } from "./read-zip.ts";

const FILES = [
  { path: "functions/tick/index.js", bytes: Buffer.from("exports.handler = 1;\n".repeat(100)) },
  { path: "functions/tick/naïve.txt", bytes: Buffer.alloc(0) },
];

it("makes archives that others can read, each file readable by everybody", async () => {
  const files = await readZip(zip(FILES));

  expect(files.map(({ path, bytes }) => ({ path, bytes }))).toEqual(FILES);
  expect(files.map(({ mode }) => mode)).toEqual([0o644, 0o644]);
});

it("makes the same bytes of the same files, whenever it does", () => {
  expect(zip(FILES).equals(zip(FILES))).toBe(true);
  expect(zip(FILES).equals(zip(FILES.toReversed()))).toBe(false);
});
