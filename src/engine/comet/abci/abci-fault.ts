/** What was received on the ABCI socket cannot be read. */
import { Fault } from "../../../base/fault.ts"

/** The bytes on a connection are not ABCI 2.0. The connection that sent them cannot go on; others can. */
export class AbciFault extends Fault {
  constructor(state: string) {
    super(`Cannot read ABCI: ${state}`)
  }
}
