/**
 * The world failed here: a disk, a peer, a key store, a queue that is full. Never a refusal by the rules (that is a
 * returned rejection) and never our own mistake (that is a `Defect`). Thrown by store, engine, wallet, node and cli.
 */
export class Fault extends Error {
  override readonly name = "Fault"
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean

  constructor(message: string, options: { readonly retryable?: boolean; readonly cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {})
    this.retryable = options.retryable ?? false
  }
}
