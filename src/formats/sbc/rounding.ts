/** How filed examples are rounded: 100 or more to the nearest 100, less to the nearest 10, half up; whole dollars. */

/** Cents to the dollars a filing shows. `whole` is a figure filed as it is when the sum equals it: a deductible met. */
export function filedDollars(cents: bigint, whole?: bigint): bigint {
  if (cents === whole && cents % 100n === 0n) return cents / 100n
  const step = cents >= 10_000n ? 10_000n : 1_000n
  return (((2n * cents + step) / (2n * step)) * step) / 100n
}
