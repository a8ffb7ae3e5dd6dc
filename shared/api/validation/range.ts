/** A range as an option writes it: `a-b`, `>=n`, `<=n`, `>n`, `<n` or `n`. */
export interface Range {
  /** As a sentence goes on: `1 to 63`, `at least 1`. */
  readonly text: string;
  readonly includes: (value: number | bigint) => boolean;
  /** In the words of JSON Schema. */
  readonly bounds: {
    readonly minimum?: number;
    readonly maximum?: number;
    readonly exclusiveMinimum?: number;
    readonly exclusiveMaximum?: number;
  };
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
const BETWEEN = new RegExp(`^(${NUMBER})-(${NUMBER})$`);
const BOUND = new RegExp(`^(>=|<=|>|<|)(${NUMBER})$`);

/** Reads a range; undefined where the text is none, or one that holds nothing. */
export function parseRange(text: string): Range | undefined {
  const compact = text.replaceAll(/\s/g, "");
  const between = BETWEEN.exec(compact);
  if (between !== null) {
    const [min, max] = [Number(between[1]), Number(between[2])];
    if (min > max) return undefined;
    return {
      text: `${min} to ${max}`,
      includes: (value) => value >= min && value <= max,
      bounds: { minimum: min, maximum: max },
    };
  }
  const bound = BOUND.exec(compact);
  if (bound === null) return undefined;
  const limit = Number(bound[2]);
  switch (bound[1]) {
    case ">=":
      return {
        text: `at least ${limit}`,
        includes: (value) => value >= limit,
        bounds: { minimum: limit },
      };
    case "<=":
      return {
        text: `at most ${limit}`,
        includes: (value) => value <= limit,
        bounds: { maximum: limit },
      };
    case ">":
      return {
        text: `more than ${limit}`,
        includes: (value) => value > limit,
        bounds: { exclusiveMinimum: limit },
      };
    case "<":
      return {
        text: `less than ${limit}`,
        includes: (value) => value < limit,
        bounds: { exclusiveMaximum: limit },
      };
    default:
      return {
        text: `exactly ${limit}`,
        includes: (value) => Number(value) === limit,
        bounds: { minimum: limit, maximum: limit },
      };
  }
}
