const LEVELS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** A line of columns as high as their numbers, the highest full. Only nothing at all is on the ground. */
export function sparkline(numbers: readonly number[]): string {
  const most = Math.max(0, ...numbers);
  return numbers
    .map((number) => {
      const level = number <= 0 ? 0 : Math.ceil((number / most) * (LEVELS.length - 1));
      return LEVELS[level] ?? LEVELS[0];
    })
    .join("");
}
