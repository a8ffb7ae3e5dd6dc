import { parseDatabaseAddress } from "../../../shared/adapters/ydb/database-address.ts";
import { openYdbStore } from "../../../shared/adapters/ydb/open-store.ts";
import { messageOf } from "../../../shared/core/errors.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { migrations } from "../../../shared/records/migrations.ts";
import { tables } from "../../../shared/records/tables.ts";
import { valueOf, type Variable } from "../environment.ts";
import type { Part } from "./part.ts";

const ADDRESS: Variable = {
  name: "ORRERY_STORE",
  about: "the YDB endpoint of the installation's database, which Terraform sets",
  wrong: (value) => {
    try {
      parseDatabaseAddress(value);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  },
};

/** The state, in YDB. Every call needs it, so its SDK is loaded with the function itself. */
export const store: Part<Store> = {
  variables: [ADDRESS],
  open: ({ environment, clock, random, log, tokens }) => {
    const address = valueOf(ADDRESS, environment);
    return openYdbStore({ address, tables, migrations, tokens, clock, random, log }).store;
  },
};
