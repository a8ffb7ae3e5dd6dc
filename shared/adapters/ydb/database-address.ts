import { OrreryError } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";

/** Where a database is, in the parts that a client needs. */
export interface DatabaseAddress {
  /** `HOST:PORT`, an IPv6 host in brackets. */
  readonly endpoint: string;
  /** The path of the database, such as `/local`. */
  readonly database: string;
  readonly tls: boolean;
}

/** The ports that YDB listens on unless told otherwise. */
const TLS_PORT = "2135";
const PLAINTEXT_PORT = "2136";

const RIGHT_FORM =
  "Right is ydb://HOST:PORT/DATABASE (plaintext where HOST is this machine, else TLS), grpc:// " +
  "(plaintext) or grpcs:// (TLS), or the cloud's own grpcs://HOST:PORT/?database=/PATH";

/** Printable ASCII between slashes: the path travels in a header. */
const DATABASE = /^(?:\/[\x21-\x2e\x30-\x7e]+)+$/;

/**
 * Reads the address of a database. Throws STORE_ADDRESS_INVALID, which says what is wrong and what is
 * right, and repeats neither a user name or password nor a parameter.
 */
export function parseDatabaseAddress(text: string): DatabaseAddress {
  // What holds a password, or cannot be read and may hold one anywhere, is not repeated.
  if (text.includes("@")) {
    throw invalid("The store's address", "it has a user or password; a token comes apart from it");
  }
  const url = URL.parse(text);
  if (url === null) throw invalid("The store's address", "it is no URL");
  const { protocol, host, hostname, port, pathname } = url;
  const named = `The store's address ${protocol}//${host}${pathname}`;

  const tls = usesTls(protocol, hostname);
  if (tls === undefined) throw invalid(named, "its scheme is none of ydb, grpc and grpcs");
  if (hostname === "") throw invalid(named, "it names no host");
  if (port === "0") throw invalid(named, "port 0 is no port of a server");
  if (url.hash !== "") throw invalid(named, "it has a fragment behind #");
  return {
    endpoint: `${hostname}:${port === "" ? (tls ? TLS_PORT : PLAINTEXT_PORT) : port}`,
    database: databaseOf(url, named),
    tls,
  };
}

function usesTls(protocol: string, hostname: string): boolean | undefined {
  switch (protocol) {
    case "ydb:":
      return !isLoopback(hostname);
    case "grpc:":
      return false;
    case "grpcs:":
      return true;
    default:
      return undefined;
  }
}

/** The database stands in the path or in the parameter `database`, and there are no others. */
function databaseOf(url: URL, named: string): string {
  const names = [...url.searchParams.keys()];
  if (names.some((name) => name !== "database")) {
    throw invalid(named, "it has a parameter other than `database`");
  }
  if (names.length > 1) throw invalid(named, "it has the parameter `database` twice");
  const given = [decoded(url.pathname, named), url.searchParams.get("database") ?? ""]
    .map((path) => path.replace(/^(?=[^/])/, "/").replace(/\/$/, ""))
    .filter((path) => path !== "");
  const [database, other] = given;
  if (database === undefined) throw invalid(named, "it names no database");
  if (other !== undefined && other !== database) {
    throw invalid(named, "its path and its parameter name different databases");
  }
  if (!DATABASE.test(database)) {
    throw invalid(named, "its database is no path of printable ASCII without spaces");
  }
  return database;
}

function decoded(pathname: string, named: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw invalid(named, "its path has a broken percent escape");
  }
}

function invalid(named: string, what: string): OrreryError {
  return new OrreryError("STORE_ADDRESS_INVALID", `${named} is wrong: ${what}. ${RIGHT_FORM}.`);
}
