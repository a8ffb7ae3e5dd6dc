import { afterAll, beforeAll } from "vitest";
import { describeStore } from "../../contract/store.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import { makeYdbHarness } from "./ydb-harness.ts";

let double: Double;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());

describeStore("the YDB store on the double", (tables) =>
  Promise.resolve(makeYdbHarness(double, tables)),
);
