/** What stands behind the ABCI socket: the application that answers the node. */
import type { AbciRequest, AbciResponse } from "./messages.ts"

/** A request that reaches the application; the server itself answers echo and flush. */
export type ApplicationRequest = Exclude<AbciRequest, { readonly kind: "echo" | "flush" }>

/**
 * The application. The node opens four connections (queries, snapshots, mempool, consensus) and names none of them; the
 * server keeps order within a connection only. So calls from different connections overlap, and whoever implements this
 * keeps one writer of the state. A node that comes back may ask while a call of its lost connection still runs.
 */
export interface AbciHandler {
  /**
   * Answers with the request's own kind. On one connection `checkTx` and `query` may overlap each other; every other
   * request starts after all earlier ones have ended and ends before a later one starts. To throw, to answer with
   * another kind or with an exception is a failure: the node is told nothing but that, and stops.
   */
  handle(request: ApplicationRequest): AbciResponse | Promise<AbciResponse>
  /** A connection ended that `AbciServer.close` did not end. Called once for each; its last calls may still run. */
  onConnectionLost?(): void
  /**
   * Called at most once a connection, at once when it fails and before it closes. A cause that is an `AbciFault` came
   * from the bytes received; any other is what `handle` threw.
   */
  onFailure(cause: unknown): void
}
