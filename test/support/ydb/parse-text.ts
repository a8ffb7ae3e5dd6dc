import { badRequest } from "./refusal.ts";
import { parseSchemaStatement } from "./parse-schema.ts";
import type {
  Condition,
  DataStatement,
  DataText,
  Declaration,
  SchemaText,
  SelectStatement,
  WriteStatement,
} from "./statement.ts";
import { Tokens } from "./tokens.ts";
import { type CellType, type DeclaredType, isPrimitive } from "./value-type.ts";

/** Reads a text of the shapes that the record layer has; throws a `Refusal` for any other. */
export function parseText(text: string): DataText | SchemaText {
  const tokens = new Tokens(text);
  if (tokens.isAtEnd) throw badRequest("The text is empty");
  const declarations: Declaration[] = [];
  while (tokens.accept("DECLARE")) declarations.push(declaration(tokens, declarations.length));
  return declarations.length === 0 && isSchema(text)
    ? { kind: "schema", ...statementsOf(tokens, parseSchemaStatement) }
    : dataText(tokens, declarations);
}

function isSchema(text: string): boolean {
  return /^\s*(CREATE|ALTER)\b/.test(text);
}

function dataText(tokens: Tokens, declarations: readonly Declaration[]): DataText {
  const { statements, texts } = statementsOf(tokens, dataStatement);
  const hasNothing = statements.some(({ kind }) => kind === "nothing");
  if (hasNothing && statements.length > 1) throw badRequest("SELECT 1; stands alone");
  checkParameters(declarations, statements);
  return { kind: "data", declarations, statements, texts };
}

function statementsOf<T>(
  tokens: Tokens,
  parse: (tokens: Tokens) => T,
): { readonly statements: readonly T[]; readonly texts: readonly string[] } {
  const statements: T[] = [];
  const texts: string[] = [];
  do {
    const start = tokens.position;
    statements.push(parse(tokens));
    tokens.expect(";");
    texts.push(tokens.slice(start));
  } while (!tokens.isAtEnd);
  return { statements, texts };
}

/** Parameters are numbered over the request, in the order of their declarations. */
function declaration(tokens: Tokens, index: number): Declaration {
  const parameter = tokens.parameter();
  if (parameter !== `$p${index}`) {
    throw badRequest(`Declaration ${index} is of $p${index}, not of ${parameter}`);
  }
  tokens.expect("AS");
  const type = declaredType(tokens);
  tokens.expect(";");
  return { parameter, type };
}

function declaredType(tokens: Tokens): DeclaredType {
  if (!tokens.accept("List", "<", "Struct", "<")) return { kind: "cell", cell: cellType(tokens) };
  const members = tokens.list(() => {
    const name = tokens.columnName();
    tokens.expect(":");
    return { name, type: cellType(tokens) };
  });
  tokens.expect(">", ">");
  return { kind: "rows", members };
}

function cellType(tokens: Tokens): CellType {
  const name = tokens.word();
  if (!isPrimitive(name)) throw badRequest(`A parameter has no type ${name} here`);
  return { name, isOptional: tokens.accept("?") };
}

function dataStatement(tokens: Tokens): DataStatement {
  if (tokens.accept("SELECT", "1")) return { kind: "nothing" };
  if (tokens.accept("SELECT")) return select(tokens);
  if (tokens.accept("UPSERT", "INTO")) return upsert(tokens);
  if (tokens.accept("DELETE", "FROM")) return remove(tokens);
  return tokens.fail("SELECT, UPSERT INTO or DELETE FROM");
}

function select(tokens: Tokens): SelectStatement {
  const columns = tokens.list(() => tokens.columnName());
  tokens.expect("FROM");
  const table = tokens.tableName();
  const conditions: Condition[] = [];
  if (tokens.accept("WHERE")) {
    do conditions.push(condition(tokens));
    while (tokens.accept("AND"));
  }
  const order = tokens.accept("ORDER", "BY") ? orderOf(tokens) : undefined;
  return { kind: "select", table, columns, conditions, order };
}

function condition(tokens: Tokens): Condition {
  const isTuple = tokens.accept("(");
  const columns = isTuple ? tokens.list(() => tokens.columnName()) : [tokens.columnName()];
  if (isTuple) tokens.expect(")");
  const operator = operatorOf(tokens);
  if (isTuple) tokens.expect("(");
  const parameters = isTuple ? tokens.list(() => tokens.parameter()) : [tokens.parameter()];
  if (isTuple) tokens.expect(")");
  if (isTuple && (columns.length < 2 || columns.length !== parameters.length)) {
    throw badRequest("A tuple has two columns or more, and as many parameters");
  }
  return { columns, operator, parameters };
}

function operatorOf(tokens: Tokens): Condition["operator"] {
  for (const operator of ["=", ">=", ">", "<=", "<"] as const) {
    if (tokens.accept(operator)) return operator;
  }
  return tokens.fail("a comparison");
}

function orderOf(tokens: Tokens): SelectStatement["order"] {
  const terms = tokens.list(() => ({ column: tokens.columnName(), isDown: tokens.accept("DESC") }));
  const isDescending = terms[0]?.isDown === true;
  if (terms.some(({ isDown }) => isDown !== isDescending)) {
    throw badRequest("An order goes one way over all of its columns");
  }
  tokens.expect("LIMIT");
  return { columns: terms.map(({ column }) => column), isDescending, limit: tokens.parameter() };
}

function upsert(tokens: Tokens): WriteStatement {
  const table = tokens.tableName();
  tokens.expect("(");
  const columns = tokens.list(() => tokens.columnName());
  tokens.expect(")", "SELECT");
  const selected = tokens.list(() => tokens.columnName());
  if (selected.join() !== columns.join()) {
    throw badRequest(`UPSERT INTO ${table} selects the columns that it names, in their order`);
  }
  return { kind: "upsert", table, columns, parameter: fromRows(tokens) };
}

function remove(tokens: Tokens): WriteStatement {
  const table = tokens.tableName();
  tokens.expect("ON", "SELECT");
  const columns = tokens.list(() => tokens.columnName());
  return { kind: "delete", table, columns, parameter: fromRows(tokens) };
}

function fromRows(tokens: Tokens): string {
  tokens.expect("FROM", "AS_TABLE", "(");
  const parameter = tokens.parameter();
  tokens.expect(")");
  return parameter;
}

function checkParameters(
  declarations: readonly Declaration[],
  statements: readonly DataStatement[],
): void {
  const used = new Set(statements.flatMap(parametersOf));
  for (const { parameter } of declarations) {
    if (!used.delete(parameter)) throw badRequest(`${parameter} is declared and not used`);
  }
  for (const parameter of used) throw badRequest(`${parameter} is used and not declared`);
}

function parametersOf(statement: DataStatement): readonly string[] {
  switch (statement.kind) {
    case "select": {
      const compared = statement.conditions.flatMap(({ parameters }) => parameters);
      return statement.order === undefined ? compared : [...compared, statement.order.limit];
    }
    case "upsert":
    case "delete":
      return [statement.parameter];
    case "nothing":
      return [];
    default:
      return statement satisfies never;
  }
}
