/** The naive second implementation (`auditor.ts`) led along the network's blocks, and compared with the real state. */
import { fromHex } from "../../src/base/bytes.ts"
import { legStates } from "../../src/ledger/rows.ts"
import type { Tables } from "../../src/ledger/state.ts"
import { Auditor } from "../auditor.ts"
import { clinic, type Prepared } from "./visits.ts"

export class Books {
  readonly #auditor = new Auditor({
    provider: clinic,
    panel: [6, 7],
    custodians: [4],
    hours: { hold: 2160, agree: 336, rule: 720, silent: 720, grace: 720, lookBack: 8760 },
    fee: 5_000n,
  })
  readonly #taken = new Set<string>()

  /** Takes one transaction as a block has it. @returns what the two implementations differ in, if they do. */
  take({ id, event }: Pick<Prepared, "id" | "event">, number: number, hour: number): string | undefined {
    if (event === undefined) return undefined
    // The same transaction once more says what it said the first time, and does nothing.
    if (this.#taken.has(id)) return number === 0 ? undefined : `${id} was applied and then refused (${number})`
    this.#auditor.now = hour
    const good = this.#judge(event)
    if (good) this.#taken.add(id)
    return good === (number === 0) ? undefined : `${event.do} ${id}: ${number} here, ${good ? "good" : "bad"} there`
  }

  #judge(event: NonNullable<Prepared["event"]>): boolean {
    if (event.do !== "deposit") return this.#auditor.judge(event)
    this.#auditor.account(event.org).free += event.amount
    return true
  }

  /** What differs between the books and a state, in words. */
  differences(tables: Tables): readonly string[] {
    const found: string[] = []
    const compare = (what: string, here: unknown, there: unknown) => {
      if (here !== there) found.push(`${what}: ${here} in the state, ${there} in the books`)
    }
    for (const [{ org }, account] of tables.accounts.rows()) {
      const book = this.#auditor.account(org)
      for (const name of ["free", "reserved", "paid", "open"] as const)
        compare(`${name} of organization ${org}`, account[name], book[name])
    }
    let visits = 0
    for (const _ of tables.visits.rows()) visits++
    compare("visits", visits, this.#auditor.visits.size)
    for (const [name, book] of this.#auditor.visits) {
      const row = tables.visits.get({ V: fromHex(name), provider: clinic })
      compare(`legs of ${name}`, row?.legs.length, book.legs.length)
      for (const [i, leg] of book.legs.entries()) {
        compare(`state of ${name}`, row?.legs[i]?.state, legStates[leg.state])
        compare(`hold of ${name}`, row?.legs[i]?.hold, leg.hold)
        compare(`held of ${name}`, row?.legs[i]?.held, leg.held)
      }
    }
    return found
  }
}
