import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { trimYdbProto, type KeptProto } from "./trim-ydb-proto.ts";

/** A package or a file of one that a bundle has a smaller thing in place of. */
export interface Narrowed {
  /** What is imported, or a file below `node_modules`. */
  readonly what: string;
  /** Only where this package imports it. */
  readonly importer?: string;
  /** Why nothing of ours needs the rest. */
  readonly why: string;
  readonly contents: () => string;
}

const require = createRequire(import.meta.url);
const ydbSdk = dirname(require.resolve("ydb-sdk")).replace(/cjs(?=[\\/]src$)/, "esm");
const fromYdbSdk = createRequire(join(ydbSdk, "index.js"));

const read = (path: string): string => readFileSync(path, "utf8");
const from = (path: string): string => `require(${JSON.stringify(path)})`;

/**
 * What the adapter calls over gRPC, and the answers inside answers: those travel as `Any`, so no
 * generated text names them.
 */
const KEPT_YDB: KeptProto = {
  methods: {
    "Ydb.Discovery.V1.DiscoveryService": ["listEndpoints"],
    "Ydb.Table.V1.TableService": [
      "createSession",
      "deleteSession",
      "executeDataQuery",
      "rollbackTransaction",
    ],
  },
  names: [
    "Ydb.Discovery.EndpointInfo",
    "Ydb.Discovery.ListEndpointsResult",
    "Ydb.StatusIds",
    "Ydb.Table.CreateSessionResult",
    "Ydb.Table.ExecuteQueryResult",
  ],
};

/** A class that the SDK's driver makes one of and ends, and that nobody calls in between. */
const idle = (name: string): string =>
  `exports.__esModule = true; exports.${name} = class { async destroy() {} };`;

/** A function or class that is named where nobody calls it. */
const absent = (name: string): string =>
  `exports.${name} = function () { throw new Error("${name} is not in this bundle"); };`;

const LODASH = [
  "differenceBy",
  "find",
  "forEach",
  "identity",
  "intersectionBy",
  "map",
  "range",
  "shuffle",
];

/**
 * Everything that is left out of bundles. A test calls every function through its bundle, over the
 * emulators, and so reaches what it needs; another compares the names below with what is used.
 */
export const NARROWED: readonly Narrowed[] = [
  {
    what: "ydb-sdk",
    why: "Of its hundred exports `shared/adapters/ydb` uses six for the state.",
    contents: () => `
const session = ${from(join(ydbSdk, "table/table-session.js"))};
exports.Driver = ${from(join(ydbSdk, "driver.js"))}.default;
exports.TableSessionPool = ${from(join(ydbSdk, "table/table-session-pool.js"))}.TableSessionPool;
exports.ExecuteQuerySettings = session.ExecuteQuerySettings;
exports.OperationParams = session.OperationParams;
exports.RollbackTransactionSettings = session.RollbackTransactionSettings;
exports.Ydb = ${from(fromYdbSdk.resolve("ydb-sdk-proto"))}.Ydb;`,
  },
  {
    what: "ydb-sdk-proto/proto/bundle.js",
    why: "7 MB of every message of YDB; five methods are called.",
    contents: () => trimYdbProto(read(fromYdbSdk.resolve("ydb-sdk-proto")), KEPT_YDB),
  },
  {
    what: "ydb-sdk/build/esm/src/query/index.js",
    why: "The state is read and written over the Table service.",
    contents: () => idle("QueryClient"),
  },
  {
    what: "ydb-sdk/build/esm/src/schema/scheme-client.js",
    why: "`orrery migrate` changes the schema, a function never does.",
    contents: () => idle("default"),
  },
  {
    what: "ydb-sdk/build/esm/src/topic/index.js",
    why: "There are no topics.",
    contents: () => absent("TopicClient"),
  },
  {
    what: "ydb-sdk/build/esm/src/topic/internal/internal-topic-client.js",
    why: "There are no topics.",
    contents: () => absent("InternalTopicClient"),
  },
  {
    what: "ydb-sdk/build/esm/src/certs/certs.json",
    why: "Its copy of the public authorities is for a Node that has none; the cloud's own stays.",
    contents: (): string => {
      const { internal } = JSON.parse(read(join(ydbSdk, "certs/certs.json"))) as {
        readonly internal: string;
      };
      return `module.exports = ${JSON.stringify({ internal, system: "" })};`;
    },
  },
  {
    what: "luxon",
    importer: "ydb-sdk",
    why: "The SDK asks it how long ago an endpoint failed, and nothing else.",
    contents: () => `
exports.DateTime = {
  utc() {
    const at = Date.now();
    return { at, diff: (other) => ({ valueOf: () => at - other.at }) };
  },
};`,
  },
  {
    what: "lodash",
    importer: "ydb-sdk",
    why: "Eight of its three hundred functions are used.",
    contents: () =>
      LODASH.map((name) => `exports.${name} = ${from(fromYdbSdk.resolve(`lodash/${name}`))};`).join(
        "\n",
      ),
  },
  {
    what: "cron-parser",
    why: "Of the library only the reading of one field is used; the times are found by our own code.",
    contents: () => `
exports.CronExpressionParser =
  ${from(require.resolve("cron-parser/dist/CronExpressionParser"))}.CronExpressionParser;`,
  },
  {
    what: "cron-parser/dist/CronExpression.js",
    why: "It finds times, with luxon; of what it is made of, the fields are asked for.",
    contents: () => `
exports.LOOP_LIMIT_EXCEEDED_ERROR_MESSAGE = "";
exports.CronExpression = class {
  constructor(fields) {
    this.fields = fields;
  }
};`,
  },
  {
    what: "cron-parser/dist/CronDate.js",
    why: "The fields ask it how many days a month has, and nothing else.",
    contents: (): string => {
      const { DAYS_IN_MONTH: days } = require("cron-parser/dist/CronDate") as {
        readonly DAYS_IN_MONTH: readonly number[];
      };
      return `exports.DAYS_IN_MONTH = ${JSON.stringify(days)};`;
    },
  },
  {
    what: "@grpc/proto-loader",
    why: "Reads .proto files at run time for services about gRPC itself, which we do not serve.",
    contents: () => absent("loadSync"),
  },
  {
    what: "@aws-sdk/credential-provider-node",
    why: "Keys are given; nothing looks for them in files, in processes or at other services.",
    contents: () => absent("defaultProvider"),
  },
  {
    what: "undici",
    why: "Webhooks and uploads use its client, without fetch, caches, mocks and proxies.",
    contents: (): string => {
      const undici = dirname(require.resolve("undici"));
      return `
const Dispatcher = ${from(join(undici, "lib/dispatcher/dispatcher.js"))};
Object.assign(Dispatcher.prototype, ${from(join(undici, "lib/api/index.js"))});
exports.Dispatcher = Dispatcher;
exports.Client = ${from(join(undici, "lib/dispatcher/client.js"))};
exports.buildConnector = ${from(join(undici, "lib/core/connect.js"))};`;
    },
  },
];
