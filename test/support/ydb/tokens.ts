import { Refusal } from "./refusal.ts";

interface Token {
  readonly kind: "word" | "quoted name" | "parameter" | "number" | "string" | "sign" | "end";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /(?<word>[A-Za-z_]\w*)|`(?<name>[^`\\]+)`|(?<parameter>\$\w+)|(?<number>\d+)|"(?<string>[^"\\]*)"|(?<sign>>=|<=|[-(),;:=<>?])/y;
const SPACE = /\s*/y;

/** What a text says by itself; the others stand for something. */
const BARE: ReadonlySet<Token["kind"]> = new Set(["word", "number", "sign"]);

/** A text as its tokens, read one by one; what does not fit is refused with its place. */
export class Tokens {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  get isAtEnd(): boolean {
    return this.#peek().kind === "end";
  }

  get isAtString(): boolean {
    return this.#peek().kind === "string";
  }

  /** Where the next token begins, for `slice`. */
  get position(): number {
    return this.#peek().start;
  }

  /** The text from a position up to the end of the last token. */
  slice(from: number): string {
    return this.#text.slice(from, this.#tokens[this.#at - 1]?.end ?? from);
  }

  /** Whether the next tokens are these; moves behind them if so. */
  accept(...texts: readonly string[]): boolean {
    const found = texts.every((text, index) => {
      const token = this.#tokens[this.#at + index];
      return token?.text === text && BARE.has(token.kind);
    });
    if (found) this.#at += texts.length;
    return found;
  }

  expect(...texts: readonly string[]): void {
    for (const text of texts) if (!this.accept(text)) this.fail(text);
  }

  /** A column, in backticks or bare: only in backticks may its name be a keyword. */
  columnName(): string {
    return this.#take(this.#peek().kind === "quoted name" ? "quoted name" : "word");
  }

  /** A type or a setting, which is never quoted. */
  word(): string {
    return this.#take("word");
  }

  /** A table, which always is. */
  tableName(): string {
    return this.#take("quoted name");
  }

  parameter(): string {
    return this.#take("parameter");
  }

  number(): string {
    return this.#take("number");
  }

  string(): string {
    return this.#take("string");
  }

  /** One or more of something, with commas in between. */
  list<T>(item: () => T): readonly T[] {
    const items = [item()];
    while (this.accept(",")) items.push(item());
    return items;
  }

  fail(expected: string): never {
    const { kind, text, start } = this.#peek();
    const found = kind === "end" ? "the end" : text;
    throw new Refusal(
      "GENERIC_ERROR",
      `Unexpected ${found} at ${start}: expected ${expected} in ${this.#text.slice(0, 200)}`,
    );
  }

  #take(kind: Token["kind"]): string {
    const token = this.#peek();
    if (token.kind !== kind) this.fail(`a ${kind}`);
    this.#at += 1;
    return token.text;
  }

  #peek(): Token {
    const end = this.#text.length;
    return this.#tokens[this.#at] ?? { kind: "end", text: "", start: end, end };
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let start = skipSpace(text, 0); start < text.length;) {
    TOKEN.lastIndex = start;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) {
      throw new Refusal("GENERIC_ERROR", `Unexpected ${text.charAt(start)} at ${start}`);
    }
    const end = TOKEN.lastIndex;
    tokens.push({ ...tokenOf(groups), start, end });
    start = skipSpace(text, end);
  }
  return tokens;
}

function tokenOf(
  groups: Readonly<Record<string, string | undefined>>,
): Omit<Token, "start" | "end"> {
  const { word, name, parameter, number, string, sign } = groups;
  if (word !== undefined) return { kind: "word", text: word };
  if (name !== undefined) return { kind: "quoted name", text: name };
  if (parameter !== undefined) return { kind: "parameter", text: parameter };
  if (number !== undefined) return { kind: "number", text: number };
  if (string !== undefined) return { kind: "string", text: string };
  return { kind: "sign", text: sign ?? "" };
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}
