/** Tells every lie to Countersign, on the embedded engine: the product's own attacks, and those beside them. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { engagePractitioner, type Practitioner, roles } from "../../../src/cli/community/setting.ts"
import { Attacker } from "../../../src/cli/visit/attacks/attacker.ts"
import { runAttacks } from "../../../src/cli/visit/attacks/index.ts"
import { Window } from "../../../src/cli/visit/attacks/window.ts"
import type { Cell } from "../lies.ts"
import { attackCells } from "./attack-cells.ts"
import { LiarCommunity } from "./community.ts"
import { operatorLies } from "./operator-cells.ts"
import { partyLies, stallEnds, startStalling, type Telling } from "./party-cells.ts"
import { liarScene } from "./scene.ts"
import { secretsLies } from "./secrets-cells.ts"

/** The same means with a practitioner of its own at the hospital: the attacks' own one is suspended by then. */
class Liar extends Attacker {
  #practitioner: Promise<Practitioner> | undefined

  override colleague(): Promise<Practitioner> {
    this.#practitioner ??= engagePractitioner(this.setting, roles.hospital, "oph-60606")
    return this.#practitioner
  }
}

type Tellings = readonly (readonly [id: string, tell: () => Promise<Cell>])[]

function tellings(telling: Telling, root: string): Tellings {
  const own = Object.entries({ ...partyLies, ...secretsLies })
  return [
    ...own.map(([id, lie]) => [id, () => lie(telling)] as const),
    ...Object.entries(operatorLies).map(([id, lie]) => [id, () => lie(telling, root)] as const),
  ]
}

async function tellOwn(telling: Telling, root: string, tell: (id: string, cell: Cell) => void): Promise<void> {
  for (const [id, lie] of tellings(telling, root)) {
    try {
      tell(id, await lie())
    } catch (cause) {
      throw new Error(`Countersign's ${id} failed: ${cause instanceof Error ? cause.message : cause}`, { cause })
    }
  }
}

/** @throws NotTold, or what the lie met, with the lie's name before it. */
export async function tellCountersign(report: (id: string) => void): Promise<ReadonlyMap<string, Cell>> {
  const root = mkdtempSync(join(tmpdir(), "countersign-liars-"))
  const community = new LiarCommunity(join(root, "community"))
  const cells = new Map<string, Cell>()
  const tell = (id: string, cell: Cell) => {
    cells.set(id, cell)
    report(id)
  }
  try {
    const scene = await liarScene(community)
    const attacker = new Liar(scene, new Window(scene.setting, 1))
    const telling = { scene, community, attacker }
    try {
      // Licensed from the first day on.
      await attacker.colleague()
      const stalled = await startStalling(telling)
      const rows = await runAttacks(scene, () => undefined)
      for (const [id, cell] of attackCells(rows)) tell(id, cell)
      tell("stall", await stallEnds(telling, stalled))
      await attacker.window.run(() => tellOwn(telling, root, tell))
    } finally {
      await attacker.close()
    }
    return cells
  } finally {
    await community.stop()
    rmSync(root, { recursive: true, force: true })
  }
}
