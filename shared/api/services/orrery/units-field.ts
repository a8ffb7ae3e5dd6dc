/** An optional number as an optional int64 field. */
export function units<const Name extends string>(
  name: Name,
  value: number | undefined,
): { readonly [K in Name]?: bigint } {
  return value === undefined ? {} : ({ [name]: BigInt(value) } as { [K in Name]: bigint });
}
