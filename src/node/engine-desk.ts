/** What a node's desk may ask of its own engine: evidence of lies, snapshots, the clock of a demonstration. */
import type { LedgerApplication } from "./application.ts"
import type { OpenSource } from "./block-source.ts"
import type { Operations } from "./desk.ts"
import type { HeaderWatch } from "./header-watch.ts"

/** @param turnable - whether the chain's clock may be turned: tests and the demonstration only. */
export function engineOperations(
  application: LedgerApplication,
  { embedded, consensus }: Pick<OpenSource, "embedded" | "consensus">,
  { turnable, watch }: { readonly turnable: boolean; readonly watch: Pick<HeaderWatch, "found" | "look"> },
): Operations {
  return {
    /**
     * Who was seen to lie: validators by decided blocks, signers of two histories by headers that members showed. With
     * `look`, members are asked once more first.
     */
    evidence: async (fields) => {
      if (fields.flag("look")) await watch.look()
      return { evidence: consensus?.evidence() ?? [], histories: watch.found() }
    },
    ...consensusOperations(application, consensus),
    ...(turnable ? clockOperations(embedded) : {}),
  }
}

function consensusOperations(application: LedgerApplication, consensus: OpenSource["consensus"]): Operations {
  if (consensus === undefined) return {}
  return {
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
