import { badRequest } from "./refusal.ts";
import type { AlterTable, CreateTable, TtlSetting } from "./statement.ts";
import type { Tokens } from "./tokens.ts";
import { isPrimitive, type Member } from "./value-type.ts";

/** Reads one CREATE TABLE or ALTER TABLE of the shapes that the record layer has. */
export function parseSchemaStatement(tokens: Tokens): CreateTable | AlterTable {
  if (tokens.accept("CREATE", "TABLE")) return createTable(tokens);
  if (tokens.accept("ALTER", "TABLE")) return alterTable(tokens);
  return tokens.fail("CREATE TABLE or ALTER TABLE");
}

function createTable(tokens: Tokens): CreateTable {
  tokens.expect("IF", "NOT", "EXISTS");
  const table = tokens.tableName();
  const columns: Member[] = [];
  tokens.expect("(");
  while (!tokens.accept("PRIMARY", "KEY")) {
    columns.push(column(tokens));
    tokens.expect(",");
  }
  tokens.expect("(");
  const key = tokens.list(() => tokens.columnName());
  tokens.expect(")", ")");
  const settings = tokens.accept("WITH") ? settingsOf(tokens) : {};
  checkColumns(table, columns, key);
  const { partitionAt = [], ttl } = settings;
  return { kind: "create table", table, columns, key, partitionAt, ttl };
}

function alterTable(tokens: Tokens): AlterTable {
  const table = tokens.tableName();
  const added: Member[] = [];
  let ttl: TtlSetting | undefined;
  tokens.list(() => {
    if (tokens.accept("ADD", "COLUMN")) {
      const member = column(tokens);
      if (!member.type.isOptional) throw badRequest(`${table}.${member.name} is added as nullable`);
      added.push(member);
    } else {
      tokens.expect("SET", "(", "TTL", "=");
      ttl = ttlOf(tokens);
      tokens.expect(")");
    }
  });
  return { kind: "alter table", table, added, ttl };
}

function column(tokens: Tokens): Member {
  const name = tokens.columnName();
  const type = tokens.word();
  if (!isPrimitive(type)) throw badRequest(`Column ${name} has no type ${type} here`);
  return { name, type: { name: type, isOptional: !tokens.accept("NOT", "NULL") } };
}

function checkColumns(table: string, columns: readonly Member[], key: readonly string[]): void {
  const names = columns.map(({ name }) => name);
  if (new Set(names).size < names.length) throw badRequest(`${table} names a column twice`);
  if (new Set(key).size < key.length) throw badRequest(`${table} names a key column twice`);
  for (const name of key) {
    const type = columns.find((candidate) => candidate.name === name)?.type;
    if (type === undefined) throw badRequest(`Key column ${name} of ${table} is no column`);
    if (type.isOptional) throw badRequest(`Key column ${name} of ${table} is NOT NULL`);
    if (type.name === "Uint64") throw badRequest(`Key column ${name} of ${table} is no Uint64`);
  }
}

interface Settings {
  partitionAt?: readonly (string | bigint)[];
  ttl?: TtlSetting;
}

/** Settings that say how a table is cut up: nothing here depends on them. */
const PARTITIONING: Readonly<Record<string, (tokens: Tokens) => void>> = {
  AUTO_PARTITIONING_BY_SIZE: toggle,
  AUTO_PARTITIONING_BY_LOAD: toggle,
  AUTO_PARTITIONING_PARTITION_SIZE_MB: positive,
  AUTO_PARTITIONING_MIN_PARTITIONS_COUNT: positive,
  AUTO_PARTITIONING_MAX_PARTITIONS_COUNT: positive,
};

function settingsOf(tokens: Tokens): Settings {
  const settings: Settings = {};
  const named = new Set<string>();
  tokens.expect("(");
  tokens.list(() => {
    const name = tokens.word();
    if (named.has(name)) throw badRequest(`${name} is set twice`);
    named.add(name);
    tokens.expect("=");
    if (name === "TTL") settings.ttl = ttlOf(tokens);
    else if (name === "PARTITION_AT_KEYS") settings.partitionAt = splitKeys(tokens);
    else if (Object.hasOwn(PARTITIONING, name)) PARTITIONING[name]?.(tokens);
    else throw badRequest(`A table has no setting ${name} here`);
  });
  tokens.expect(")");
  return settings;
}

function toggle(tokens: Tokens): void {
  if (!tokens.accept("ENABLED") && !tokens.accept("DISABLED")) tokens.fail("ENABLED or DISABLED");
}

function positive(tokens: Tokens): void {
  if (BigInt(tokens.number()) === 0n) throw badRequest("A partitioning setting is positive");
}

/** Values of the first key column, each the begin of a partition. */
function splitKeys(tokens: Tokens): readonly (string | bigint)[] {
  tokens.expect("(");
  const keys = tokens.list(() => {
    if (tokens.accept("-")) return -BigInt(tokens.number());
    return tokens.isAtString ? tokens.string() : BigInt(tokens.number());
  });
  tokens.expect(")");
  return keys;
}

/** `Interval("PT0S") ON column AS MILLISECONDS`: the column counts milliseconds as Uint64. */
function ttlOf(tokens: Tokens): TtlSetting {
  tokens.expect("Interval", "(");
  const afterMs = durationMs(tokens.string());
  tokens.expect(")", "ON");
  const name = tokens.columnName();
  tokens.expect("AS", "MILLISECONDS");
  return { column: name, afterMs };
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

function durationMs(text: string): number {
  const parts = DURATION.exec(text);
  if (parts === null || !/\d/.test(text)) throw badRequest(`${text} is no interval`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(1)
    .map((part?: string) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
