/** What a node's desk may ask of its own engine: CometBFT's evidence and snapshots, the clock of a demonstration. */
import type { LedgerApplication } from "./application.ts"
import type { OpenSource } from "./block-source.ts"
import type { Operations } from "./desk.ts"

/** @param turnable - whether the chain's clock may be turned: tests and the demonstration only. */
export function engineOperations(
  application: LedgerApplication,
  { embedded, consensus }: Pick<OpenSource, "embedded" | "consensus">,
  turnable: boolean,
): Operations {
  return { ...consensusOperations(application, consensus), ...(turnable ? clockOperations(embedded) : {}) }
}

function consensusOperations(application: LedgerApplication, consensus: OpenSource["consensus"]): Operations {
  if (consensus === undefined) return {}
  return {
    /** Validators that were seen to lie, as decided blocks name them. */
    evidence: async () => ({ evidence: consensus.evidence() }),
    /** For nodes that will join: of the last height. */
    "take-snapshot": async () => {
      await application.snapshots.take()
      return { heights: application.snapshots.list().map(({ height }) => height) }
    },
  }
}

function clockOperations(engine: OpenSource["embedded"]): Operations {
  if (engine === undefined) return {}
  return {
    "turn-clock": async (fields) => {
      await engine.advance(fields.integer("seconds"))
      return { height: engine.height }
    },
    /** In one block: what passes is lost time, as when nothing was written for days. */
    "leap-clock": async (fields) => {
      await engine.leap(fields.integer("seconds"))
      return { height: engine.height }
    },
  }
}
