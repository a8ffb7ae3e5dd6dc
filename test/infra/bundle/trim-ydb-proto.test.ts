import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { trimYdbProto } from "../../../infra/bundle/trim-ydb-proto.ts";

/** A text in the form that the generator gives, of two services and what they name. */
const SOURCE = `
var $root = {};

$root.Ydb = (function() {

    var Ydb = {};

    Ydb.Table = (function() {

        var Table = {};

        Table.V1 = (function() {

            var V1 = {};

            V1.TableService = (function() {

                function TableService() {
                }

                Object.defineProperty(TableService.prototype.read = function read() {
                    return [$root.Ydb.Table.ReadRequest, $root.Ydb.Table.ReadResponse];
                }, "name", { value: "Read" });

                Object.defineProperty(TableService.prototype.write = function write() {
                    return $root.Ydb.Table.WriteRequest;
                }, "name", { value: "Write" });

                return TableService;
            })();

            return V1;
        })();

        Table.ReadRequest = (function() {

            function ReadRequest() {
            }

            ReadRequest.decode = function decode() {
                return $root.Ydb.Value.decode();
            };

            ReadRequest.verify = function verify() {
                return $root.Ydb.Unused.verify();
            };

            ReadRequest.prototype.toJSON = function toJSON() {
                return 1;
            };

            ReadRequest.Mode = (function() {
                var valuesById = {}, values = Object.create(valuesById);
                values[valuesById[0] = "FAST"] = 0;
                return values;
            })();

            return ReadRequest;
        })();

        Table.ReadResponse = (function() {
            function ReadResponse() {
            }
            return ReadResponse;
        })();

        Table.WriteRequest = (function() {
            function WriteRequest() {
            }
            return WriteRequest;
        })();

        return Table;
    })();

    Ydb.Value = (function() {

        function Value() {
        }

        Value.decode = function decode() {
            return "a value";
        };

        return Value;
    })();

    Ydb.Unused = (function() {
        function Unused() {
        }
        return Unused;
    })();

    return Ydb;
})();
`;

interface Trimmed {
  readonly Ydb: Record<string, unknown> & {
    readonly Table: Record<string, unknown> & {
      readonly V1: { readonly TableService: new () => Record<string, () => unknown> };
      readonly ReadRequest: Record<string, unknown> & { readonly decode: () => unknown };
    };
  };
}

function trimmed(names: readonly string[] = []): Trimmed {
  const methods = { "Ydb.Table.V1.TableService": ["read"] };
  const text = trimYdbProto(SOURCE, { methods, names });
  return runInNewContext(`${text}; $root`) as Trimmed;
}

describe("the generated text of YDB, trimmed", () => {
  it("has the methods that are called, and what these reach", () => {
    const { Table, Value } = trimmed().Ydb;

    expect(new Table.V1.TableService()["read"]?.()).toEqual([
      Table.ReadRequest,
      Table["ReadResponse"],
    ]);
    expect(Table.ReadRequest.decode()).toBe("a value");
    expect(Value).toBeTypeOf("function");
  });

  it("has the enums of what is reached, which nothing names", () => {
    expect(trimmed().Ydb.Table.ReadRequest["Mode"]).toMatchObject({ FAST: 0 });
  });

  it("has nothing else", () => {
    const { Table, Unused } = trimmed().Ydb;

    expect(new Table.V1.TableService()["write"]).toBeUndefined();
    expect(Table["WriteRequest"]).toBeUndefined();
    expect(Table.ReadRequest["verify"]).toBeUndefined();
    expect(Unused).toBeUndefined();
  });

  it("has what is asked for by name", () => {
    expect(trimmed(["Ydb.Unused"]).Ydb["Unused"]).toBeTypeOf("function");
  });

  it("is refused where it is of another form", () => {
    const kept = { methods: {}, names: [] };

    expect(() => trimYdbProto("export const Ydb = {};", kept)).toThrow("begins with the namespace");
    expect(() => trimYdbProto(SOURCE.replaceAll("\n    })();", ""), kept)).toThrow("is closed");
  });
});
