/** Cutting a line of transactions into batches. */
export interface BatchLimits {
  readonly transactions: number
  readonly bytes: number
}

/** What an array's own head and a salt take of a batch's bytes, at most. */
const headBytes = 12

/** The longest beginning of `items` that fits `most` batches, cut where the next item would not fit. */
export function fillBatches<E>(
  items: readonly E[],
  limits: BatchLimits,
  { most, sizeOf }: { readonly most: number; readonly sizeOf: (item: E) => number },
): readonly (readonly E[])[] {
  const batches: E[][] = []
  let batch: E[] = []
  let bytes = headBytes
  for (const item of items) {
    const size = sizeOf(item)
    if (batch.length > 0 && (batch.length === limits.transactions || bytes + size > limits.bytes)) {
      batches.push(batch)
      if (batches.length === most) return batches
      batch = []
      bytes = headBytes
    }
    batch.push(item)
    bytes += size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
