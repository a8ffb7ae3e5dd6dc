import { describe, expect, it } from "vitest";
import { parseDatabaseAddress } from "../../../shared/adapters/ydb/database-address.ts";
import { isLoopback } from "../../../shared/core/loopback.ts";
import { OrreryError } from "../../../shared/core/errors.ts";

describe("the address of a database", () => {
  it.for([
    ["ydb://localhost:2136/local", "localhost:2136", "/local", false],
    ["ydb://127.0.0.1:2136/local", "127.0.0.1:2136", "/local", false],
    ["ydb://[::1]:2136/local", "[::1]:2136", "/local", false],
    ["ydb://db.example:2135/a/b", "db.example:2135", "/a/b", true],
    ["ydb://db.example/a/b/", "db.example:2135", "/a/b", true],
    ["ydb://localhost/local", "localhost:2136", "/local", false],
    ["grpc://db.example:2136/local", "db.example:2136", "/local", false],
    ["grpcs://localhost:2135/local", "localhost:2135", "/local", true],
    [
      "grpcs://ydb.serverless.yandexcloud.net:2135/?database=/ru-central1/b1g/etn",
      "ydb.serverless.yandexcloud.net:2135",
      "/ru-central1/b1g/etn",
      true,
    ],
    ["grpcs://db.example:2135?database=/a/b", "db.example:2135", "/a/b", true],
    ["grpcs://db.example:2135/?database=a/b", "db.example:2135", "/a/b", true],
    ["grpcs://db.example:2135/a/b?database=%2Fa%2Fb", "db.example:2135", "/a/b", true],
  ] as const)("%s is read", ([text, endpoint, database, tls]) => {
    expect(parseDatabaseAddress(text)).toEqual({ endpoint, database, tls });
  });

  it.for([
    ["db.example:2136/local", "its scheme is none of"],
    ["local", "it is no URL"],
    ["", "it is no URL"],
    ["https://db.example/local", "its scheme is none of"],
    ["ydb://", "it names no host"],
    ["ydb:///local", "it names no host"],
    ["ydb://db.example:99999/local", "it is no URL"],
    ["ydb://db.example:0/local", "port 0"],
    ["ydb://db.example:2135", "it names no database"],
    ["ydb://db.example:2135/", "it names no database"],
    ["ydb://db.example:2135/?database=", "it names no database"],
    ["ydb://db.example:2135/a?database=/b", "different databases"],
    ["ydb://db.example:2135/?database=/a&database=/a", "twice"],
    ["ydb://db.example:2135/a?tls=true", "a parameter other than `database`"],
    ["ydb://db.example:2135/a#b", "a fragment"],
    ["ydb://db.example:2135/a//b", "printable ASCII"],
    ["ydb://db.example:2135/a%20b", "printable ASCII"],
    ["ydb://db.example:2135/бд", "printable ASCII"],
    ["ydb://db.example:2135/a%", "a broken percent escape"],
  ] as const)("%s is refused: %s", ([text, what]) => {
    const error = refusalOf(text);

    expect(error.code).toBe("STORE_ADDRESS_INVALID");
    expect(error.message).toContain(what);
    expect(error.message).toContain("Right is ydb://HOST:PORT/DATABASE");
  });

  it.for([
    "ydb://someone:hunter2@db.example:2135/local",
    "ydb://hunter2@db.example:2135/local",
    "ydb://someone:12/hunter2@db.example:2135/local",
    "grpcs://db.example:99999/?token=hunter2",
    "grpcs://db.example:2135/local?token=hunter2",
    "grpcs://db.example:2135/local?hunter2",
    "grpcs://db.example:2135/local#hunter2",
  ])("%s is refused without repeating what may be secret", (text) => {
    expect(refusalOf(text).message).not.toContain("hunter2");
  });
});

describe("a host", () => {
  it.for([
    ["localhost:2136", true],
    ["LOCALHOST:2136", true],
    ["localhost", true],
    ["127.0.0.1:2136", true],
    ["127.1.2.3:2136", true],
    ["[::1]:2136", true],
    ["::1:2136", true],
    ["localhost.example:2136", false],
    ["127.0.0.1.example:2136", false],
    ["10.0.0.1:2136", false],
    ["[::2]:2136", false],
  ] as const)("%s is this machine: %s", ([endpoint, expected]) => {
    expect(isLoopback(endpoint)).toBe(expected);
  });
});

function refusalOf(text: string): OrreryError {
  try {
    parseDatabaseAddress(text);
  } catch (error) {
    if (error instanceof OrreryError) return error;
    throw error;
  }
  throw new Error(`${text} was read`);
}
