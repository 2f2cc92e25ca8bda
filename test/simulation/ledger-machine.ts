/**
 * The ledger itself, with the histories of visits that `test/history.ts` makes and the auditor as judge: in the order
 * that the nodes agreed on, at block time, and with lost time not counted.
 */
import assert from "node:assert/strict"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../src/base/bytes.ts"
import { orderValidators, type Validator } from "../../src/base/chain/validators.ts"
import { keyId } from "../../src/base/envelope.ts"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"

import { act } from "../../src/ledger/constitution/assembly.ts"
import { encodeGenesis } from "../../src/ledger/constitution/genesis.ts"
import type { DecodedTransaction } from "../../src/ledger/decode.ts"
import {
  association,
  by,
  custodian,
  ExampleChain,
  exampleGenesis,
  firstHour,
  payer,
  regulator,
  secondPayer,
  seedOf,
} from "../../src/ledger/example-chain.ts"
import { isRejection } from "../../src/ledger/rejection.ts"
import { legStates } from "../../src/ledger/rows.ts"
import { openTables } from "../../src/ledger/state.ts"
import { LedgerApplication } from "../../src/node/application.ts"
import type { Event } from "../auditor.ts"
import { History, type Step, stepKinds } from "../history.ts"
import type { BlockToJudge, Machine, OpenApplication } from "./machine.ts"
import { validatorSeed } from "./tally-machine.ts"

/** A header more than so many seconds after the one before it loses the time between. */
const mostGap = 600
const founderPower = 10
/** None of them is a third of four validators, whatever the others have. */
const powers = [10, 11, 12] as const

type Meaning =
  | { readonly kind: "deposit" }
  | { readonly kind: "event"; readonly event: Event; readonly expiry: number; readonly payer: number }
  | { readonly kind: "propose"; readonly id: string; readonly expiry: number }
  | { readonly kind: "ballot"; readonly id: string; readonly expiry: number }

/** A change of the validators that was proposed: of which node, to which power. */
interface Change {
  readonly key: string
  readonly validator: Validator
  state: "signed" | "open" | "done"
}

const keyOfNode = (node: number) => publicKeyOf(validatorSeed(node))
/** Of the visits' parties none, so that no payment depends on it. */
const organizationOf = (node: number) => node + 1

function genesisFor(founders: number): Uint8Array {
  const rows = exampleGenesis()
  return encodeGenesis({
    ...rows,
    chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const),
    validators: Array.from({ length: founders }, (_, n) => {
      const row = { org: organizationOf(n), power: founderPower }
      return [{ key: keyId(keyOfNode(n)) }, row] as const
    }),
  })
}

export class LedgerMachine implements Machine<DecodedTransaction> {
  readonly start = firstHour * 3600
  readonly first: readonly Uint8Array[]
  chain!: Machine<DecodedTransaction>["chain"]
  readonly #founders: number
  readonly #genesis: Uint8Array
  readonly #history = new History()
  readonly #signer = new ExampleChain()
  readonly #sent = new Map<string, Meaning>()
  readonly #applied = new Set<string>()
  readonly #changes = new Map<string, Change>()
  readonly #set: Map<string, Validator>
  readonly seen = new Map<string, number>()
  #deposits = 0
  #seconds: number | undefined
  #lost = 0

  private constructor(founders: number) {
    this.#founders = founders
    this.#genesis = genesisFor(founders)
    this.#set = new Map(
      Array.from({ length: founders }, (_, n) => {
        const publicKey = keyOfNode(n)
        return [toHex(publicKey), { publicKey, power: founderPower }]
      }),
    )
    // What the history thinks must happen later does not: time is that of the blocks.
    this.#history.world.pass = () => undefined
    const amounts = [
      [payer, 2_000_00n],
      [secondPayer, 1_000_00n],
      [custodian, 1_000_00n],
    ] as const
    this.first = amounts.map(([org, amount]) => this.#deposit(org, amount, { kind: "deposit" }))
  }

  /** @param directory - an empty one, to read the chain's identity from. */
  static async make(founders: number, directory: string): Promise<LedgerMachine> {
    const machine = new LedgerMachine(founders)
    const { application, close } = await machine.open(directory)
    machine.chain = application.chain
    await close()
    return machine
  }

  async open(directory: string): Promise<OpenApplication<DecodedTransaction>> {
    const application = await LedgerApplication.open(directory, this.#genesis)
    assert.ok(!isRejection(application))
    return { application, close: () => application.close() }
  }

  #deposit(org: number, amount: bigint, meaning: Meaning): Uint8Array {
    const body = { custodian, org, amount, reference: seedOf(`simulated ${org} ${this.#sent.size}`) }
    return this.#signed("deposit/1", body, [by(custodian, "custody", "deposited")], meaning)
  }

  #signed(type: string, body: object, orders: Parameters<ExampleChain["transaction"]>[2], meaning: Meaning) {
    const bytes = this.#signer.transaction(type, body, orders)
    this.#sent.set(toHex(bytes), meaning)
    return bytes
  }

  next(chance: Chance, seconds: number, joined: number): Uint8Array | undefined {
    // The auditor's books begin with the money in them.
    if (this.#deposits < this.first.length) return undefined
    this.#signer.seconds = seconds
    this.#history.world.seconds = seconds
    if (chance.below(6) === 0) return this.#vote(chance, joined)
    const kind = chance.pick(chance.below(2) === 0 ? often : stepKinds)
    const step: Step = { kind, visit: chance.below(3), pick: chance.below(1000), wrong: chance.below(13) }
    const pair = this.#history.next(step)
    if (pair === undefined) return undefined
    const [event, draft] = pair
    const bytes = this.#history.world.sign(draft)
    const expiry = draft.expiry ?? this.#history.world.hour + 24
    this.#sent.set(toHex(bytes), { kind: "event", event, expiry, payer: this.#payerOf(event) ?? payer })
    return bytes
  }

  /** A validator's power is proposed, or one that is open is voted for. */
  #vote(chance: Chance, joined: number): Uint8Array {
    const expiry = this.#signer.hour + 24
    const open = [...this.#changes].filter(([, { state }]) => state === "open")
    if (open.length > 0 && chance.below(3) > 0) {
      const [id] = chance.pick(open)
      const body = { proposal: Uint8Array.from(Buffer.from(id, "hex")), vote: 1 }
      return this.#signed("ballot/1", body, [by(association, "vote", "balloted")], { kind: "ballot", id, expiry })
    }
    const node = chance.below(joined)
    const publicKey = keyOfNode(node)
    const power = node >= this.#founders && chance.below(2) === 0 ? 0 : chance.pick(powers)
    const action = act("set-validator", { org: organizationOf(node), key: keyId(publicKey), power })
    const bytes = this.#signer.transaction("propose/1", { action }, [by(regulator, "vote", "proposed")])
    const decoded = this.#signer.decode(bytes)
    assert.ok(!isRejection(decoded))
    const id = toHex(decoded.id)
    if (!this.#changes.has(id))
      this.#changes.set(id, { key: toHex(publicKey), validator: { publicKey, power }, state: "signed" })
    this.#sent.set(toHex(bytes), { kind: "propose", id, expiry })
    return bytes
  }

  withBadSignature(chance: Chance): Uint8Array {
    const bytes = Uint8Array.from(this.#deposit(payer, 1n, { kind: "deposit" }))
    // The last 64 bytes are the signature; its second half is a number, and stays one.
    bytes[bytes.length - 32 + chance.below(30)]! ^= 1 << chance.below(8)
    return bytes
  }

  judge({ height, time, batches }: BlockToJudge): (number | undefined)[][] {
    const gap = this.#seconds === undefined ? 0 : time.seconds - this.#seconds
    if (height > 1 && gap > mostGap) this.#lost += gap
    this.#seconds = time.seconds
    const hour = Math.floor(time.seconds / 3600)
    const running = Math.floor((time.seconds - this.#lost) / 3600)
    return batches.map((batch) => batch.map((bytes) => this.#judge(toHex(bytes), hour, running)))
  }

  #judge(name: string, hour: number, running: number): number | undefined {
    const meaning = this.#sent.get(name)
    assert.ok(meaning !== undefined, "nobody sent a transaction that was decided")
    const repeated = this.#applied.has(name)
    if (meaning.kind === "deposit") {
      if (!repeated) this.#deposits++
      this.#applied.add(name)
      return repeated ? undefined : 0
    }
    if (hour >= meaning.expiry) return undefined
    if (meaning.kind !== "event") return this.#judgeVote(meaning)
    const { event } = meaning
    // Statements of a visit are known by what they do to it, everything else by its id.
    if (repeated && event.do !== "facts" && event.do !== "statement") return 0
    this.#history.auditor.now = running
    const maySign = this.#maySign(event, meaning.payer)
    const applied = maySign && this.#history.auditor.judge(event.do === "hold" ? { ...event, hour } : event)
    if (applied) this.#applied.add(name)
    this.#see(`${applied ? "applied" : "refused or repeated"}: ${event.do}`)
    return applied ? 0 : undefined
  }

  #payerOf(event: Event): number | undefined {
    return "leg" in event ? this.#history.auditor.visits.get(event.visit)?.legs[event.leg]?.payer : undefined
  }

  /**
   * Whether the leg is still one of those who signed: between signing and this block another hold may have come first.
   * The auditor takes signers for granted.
   */
  #maySign(event: Event, signed: number): boolean {
    const now = this.#payerOf(event)
    if (event.do === "contest" || (event.do === "top-up" && event.byPayer)) return now === signed
    // A custodian has no panel that could rule.
    return (event.do !== "rule" && event.do !== "order") || now !== custodian
  }

  #judgeVote({ kind, id }: { readonly kind: "propose" | "ballot"; readonly id: string }): undefined {
    const change = this.#changes.get(id)!
    const { key, validator } = change
    const possible = validator.power > 0 || this.#set.has(key)
    if (kind === "propose" && change.state === "signed" && possible) change.state = "open"
    if (kind !== "ballot" || change.state !== "open") return undefined
    change.state = "done"
    this.#see("applied: validator")
    if (!possible) return undefined
    if (validator.power === 0) this.#set.delete(key)
    else this.#set.set(key, validator)
    return undefined
  }

  #see(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  validators(): readonly Validator[] {
    return orderValidators([...this.#set.values()])
  }

  assertBooks(application: unknown): void {
    assert.ok(application instanceof LedgerApplication)
    const { auditor } = this.#history
    const tables = openTables(application.state)
    for (const [org, account] of auditor.accounts) assert.deepEqual(tables.accounts.get({ org }), account)
    assert.equal(tables.clock.get({ zero: 0 })?.lost, this.#lost, "lost time")
    for (const { label, V, provider } of History.visits) {
      const row = tables.visits.get({ V, provider })
      const book = auditor.visits.get(label)
      assert.equal(row === undefined, book === undefined, `visit ${label}`)
      if (row === undefined || book === undefined) continue
      assert.deepEqual(
        row.legs.map(({ bundle: _bundle, owed: _owed, paid: _paid, voucher, ...leg }) => ({
          ...leg,
          voucher: toHex(voucher),
        })),
        book.legs.map(({ owed: _owed, paid: _paid, state, refunded, ...leg }) => ({
          ...leg,
          state: legStates[state],
          refunded: refunded ? 1 : 0,
        })),
      )
      assert.deepEqual(
        row.facts.map(({ id, assurance, recorded }) => [toHex(id), assurance, recorded]),
        [...book.facts].map(([id, { assurance, recorded }]) => [id, assurance, recorded]),
      )
    }
    const total = [...auditor.accounts.values()].reduce((sum, { free, reserved }) => sum + free + reserved, 0n)
    assert.equal(total, this.#deposits < this.first.length ? total : 4_000_00n, "no money is made or lost")
  }
}

/** Steps that open the others' way. */
const often = ["hold", "statement", "deliver", "contest", "pay"] as const
