/** A JSON value, as a store keeps it and as an API prints it. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** A message in the JSON form of `google.protobuf.Any`: `@type`, then its own fields. */
export interface AnyJson {
  readonly "@type": string;
  readonly [name: string]: Json | undefined;
}
