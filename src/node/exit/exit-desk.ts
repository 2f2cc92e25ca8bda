/** Leaving while the node still runs: the exit bundle from its desk, onto the machine of the node. */
import type { NodeContext } from "../context.ts"
import type { Operations } from "../desk.ts"
import { writeExitBundle } from "./exit-bundle.ts"

export function exitOperations(node: NodeContext): Operations {
  return {
    "exit-bundle": (fields) =>
      writeExitBundle(node, { folder: fields.text("folder"), passphrase: fields.text("passphrase") }),
  }
}
