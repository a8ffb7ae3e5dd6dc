import { describeStore } from "../../contract/store.ts";
import { makeSqliteHarness } from "./sqlite-harness.ts";

describeStore("the SQLite store", (tables) => Promise.resolve(makeSqliteHarness(tables)));
