import { noTelemetry, type Telemetry } from "../../shared/ports/telemetry.ts";

type Attributes = Readonly<Record<string, string>>;

/** Somebody who listens, and remembers every number. */
export interface RecordingTelemetry extends Telemetry {
  /** The sum of a counter with these attributes, or with any. */
  total(name: string, attributes?: Attributes): number;
  /** Every value of a histogram, in order. */
  values(name: string, attributes?: Attributes): readonly number[];
  /** What a gauge was last told with these attributes, or without any. */
  stands(name: string, attributes?: Attributes): number | undefined;
  /** Forgets everything so far. */
  clear(): void;
}

interface Told {
  readonly name: string;
  readonly value: number;
  readonly attributes: Attributes;
}

export function recordingTelemetry(): RecordingTelemetry {
  let told: Told[] = [];
  const tell = (name: string, value: number, attributes: object): void => {
    told.push({ name, value, attributes: attributes as Attributes });
  };
  const of = (name: string, wanted: Attributes = {}): readonly Told[] =>
    told.filter(
      (each) =>
        each.name === name &&
        Object.entries(wanted).every(([key, value]) => each.attributes[key] === value),
    );
  return {
    ...noTelemetry,
    isOn: true,
    count: tell,
    record: tell,
    gauge: tell,
    total: (name, attributes) => of(name, attributes).reduce((sum, { value }) => sum + value, 0),
    values: (name, attributes) => of(name, attributes).map(({ value }) => value),
    stands: (name, attributes) => of(name, attributes).at(-1)?.value,
    clear: () => {
      told = [];
    },
  };
}
