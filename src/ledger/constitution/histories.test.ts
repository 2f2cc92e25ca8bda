/**
 * Goal: whatever is proposed and voted in whatever order, an action is enacted exactly when its rule is met, and never
 * by one organization. Method: random histories; a naive second tally, which keeps every vote ever cast and counts all
 * of them anew each time, foretells each outcome and what then stands; the whole state is scanned after every block.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../../base/bytes.ts"
import { exampleGenesis } from "../example-chain.ts"
import { scanInvariants } from "../invariants.ts"
import { parameters } from "../parameters.ts"
import type { Action, Need, Rule } from "./action.ts"
import { actionNumbers } from "./action.ts"
import { Assembly, act, freshKey } from "./assembly.ts"

interface Vote {
  readonly org: number
  readonly inFavour: boolean
}
interface Motion {
  readonly action: Action
  readonly by: number
  /** Hours of the wall clock that passed without a freeze before it closes. */
  readonly closes: number
  readonly votes: Vote[]
}
interface Member {
  readonly kind: number
  status: number
}

/** The second tally: plain values, no rows, no limits of encoding. */
class Minutes {
  readonly members = new Map<number, Member>()
  readonly rules = new Map<number, Rule>()
  readonly settings = new Map<number, number>()
  readonly validators = new Map<string, { org: number; power: number }>()
  motions = new Map<string, Motion>()
  readonly sent = new Set<string>()
  hour = 0
  frozenUntil = 0
  frozenHours = 0
  rich: number[] = []

  get running(): number {
    return this.hour - this.frozenHours
  }

  #isIn(org: number, kinds: number): boolean {
    const member = this.members.get(org)!
    return Math.floor(kinds / 2 ** member.kind) % 2 === 1
  }

  #meets({ kinds, count, percent }: Need, votes: readonly Vote[]): boolean {
    let active = 0
    let given = 0
    for (const [org, { status }] of this.members) {
      if (status !== 0 || !this.#isIn(org, kinds)) continue
      active++
      if (votes.some((vote) => vote.org === org && vote.inFavour)) given++
    }
    return given >= count && given / Math.max(active, 1) >= percent / 100 - 1e-9
  }

  carries({ action }: Pick<Motion, "action">, votes: readonly Vote[]): boolean {
    return this.rules.get(actionNumbers[action.name])!.needs.every((need) => this.#meets(need, votes))
  }

  /** What stands against it now. */
  objection(action: Action): string | undefined {
    if (action.name === "set-parameter") {
      const { number, value } = action.fields
      const bounds = Object.values(parameters).find((one) => one.number === number)
      return bounds && value >= bounds.least && value <= bounds.most ? undefined : "parameter-out-of-range"
    }
    if (action.name === "freeze") return this.hour < this.frozenUntil + 72 ? "too-early" : undefined
    if (action.name === "set-validator") {
      const { org, key, power } = action.fields
      if (!this.members.has(org)) return "organization-unknown"
      const after = new Map(this.validators).set(toHex(key), { org, power })
      const standing = this.validators.get(toHex(key))
      if (power === 0) after.delete(toHex(key))
      if ((power === 0 && standing === undefined) || (standing && standing.org !== org)) return "validator-set-invalid"
      if (power > 0 && this.members.get(org)!.status === 2) return "validator-set-invalid"
      return isSound([...after.values()]) ? undefined : "validator-set-invalid"
    }
    if (action.name === "set-status") {
      const { org, status } = action.fields
      const member = this.members.get(org)
      if (member === undefined) return "organization-unknown"
      if (member.status === 2) return "wrong-stage"
      if (status === 2 && this.rich.includes(org)) return "organization-in-use"
      const left = [...this.validators.values()].filter((one) => one.org !== org)
      return status === 2 && !isSound(left) ? "validator-set-invalid" : undefined
    }
    assert.equal(action.name, "set-rule")
    return undefined
  }

  #enact(action: Action): void {
    if (action.name === "set-parameter") this.settings.set(action.fields.number, action.fields.value)
    if (action.name === "set-rule") this.rules.set(action.fields.action, action.fields.rule)
    if (action.name === "freeze") {
      this.frozenUntil = this.hour + action.fields.hours
      this.frozenHours += action.fields.hours
    }
    if (action.name === "set-validator") {
      const { org, key, power } = action.fields
      this.validators.set(toHex(key), { org, power })
      if (power === 0) this.validators.delete(toHex(key))
    }
    if (action.name !== "set-status") return
    const { org, status } = action.fields
    this.members.get(org)!.status = status
    if (status !== 2) return
    for (const [key, one] of [...this.validators]) if (one.org === org) this.validators.delete(key)
  }

  #standing(org: number): string | undefined {
    const { status } = this.members.get(org)!
    return status === 0 ? undefined : status === 1 ? "organization-suspended" : "signer-inactive"
  }

  #close(id: string, motion: Motion): void {
    this.motions = new Map([...this.motions].filter(([, { closes }]) => this.running < closes))
    this.motions.set(id, motion)
    if (!this.carries(motion, motion.votes)) return
    this.motions.delete(id)
    assert.ok(motion.votes.filter(({ inFavour }) => inFavour).length >= 2, "no organization enacts anything alone")
    this.#enact(motion.action)
  }

  propose(id: string, by: number, action: Action): string {
    if (this.sent.has(id)) return "repeated"
    const rule = this.rules.get(actionNumbers[action.name])!
    const open = [...this.motions.values()].filter((motion) => motion.by === by && this.running < motion.closes)
    const refused =
      this.#standing(by) ??
      (this.#isIn(by, rule.proposers) ? undefined : "organization-wrong-kind") ??
      (open.length < 8 ? undefined : "limit-reached") ??
      this.objection(action)
    if (refused !== undefined) return refused
    this.sent.add(id)
    this.#close(id, { action, by, closes: this.running + 1 + rule.hours, votes: [{ org: by, inFavour: true }] })
    return "applied"
  }

  vote(id: string, org: number, inFavour: boolean): string {
    const name = `${id} ${org} ${inFavour} ${this.hour}`
    if (this.sent.has(name)) return "repeated"
    const motion = this.motions.get(id)
    if (motion === undefined || this.running >= motion.closes) return "proposal-unknown"
    const standing = this.#standing(org)
    if (standing !== undefined) return standing
    if (motion.votes.some((vote) => vote.org === org)) return "ballot-cast"
    const votes = [...motion.votes, { org, inFavour }]
    const objection = this.carries(motion, votes) ? this.objection(motion.action) : undefined
    if (objection !== undefined) return objection
    this.sent.add(name)
    this.#close(id, { ...motion, votes })
    return "applied"
  }
}

function isSound(validators: readonly { readonly org: number; readonly power: number }[]): boolean {
  const total = validators.reduce((sum, { power }) => sum + power, 0)
  const most = Math.max(
    ...validators.map(({ org }) => validators.reduce((sum, one) => sum + (one.org === org ? one.power : 0), 0)),
  )
  return validators.length > 0 && (validators.length < 4 || most < total / 3)
}

const org = fc.integer({ min: 1, max: 9 })
const key = fc.constantFrom("validator", "v1", "v2", "v3", "v4").map(freshKey)
const needs: fc.Arbitrary<readonly Need[]> = fc.constantFrom(
  [{ kinds: 254, count: 2, percent: 0 }],
  [{ kinds: 254, count: 2, percent: 34 }],
  [
    { kinds: 2, count: 1, percent: 50 },
    { kinds: 252, count: 1, percent: 30 },
  ],
  [
    { kinds: 4, count: 1, percent: 51 },
    { kinds: 2, count: 1, percent: 0 },
  ],
)
const action: fc.Arbitrary<Action> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 20, max: 90 }))
    .map(([number, value]) => act("set-parameter", { number, value })),
  fc
    .tuple(fc.integer({ min: 1, max: 10 }), fc.constantFrom(0, 0, 1, 1, 1, 2))
    .map(([of, status]) => act("set-status", { org: of, status })),
  fc
    .tuple(org, key, fc.constantFrom(0, 3, 3, 3, 4))
    .map(([of, validator, power]) => act("set-validator", { org: of, key: validator, power })),
  fc
    .tuple(fc.integer({ min: 3, max: 10 }), needs, fc.constantFrom(254, 254, 70), fc.constantFrom(3, 40))
    .map(([of, given, proposers, hours]) => act("set-rule", { action: of, rule: { proposers, needs: given, hours } })),
  fc.integer({ min: 1, max: 30 }).map((hours) => act("freeze", { hours })),
)
type Step =
  | { readonly kind: "propose"; readonly org: number; readonly action: Action; readonly ahead: number }
  | { readonly kind: "vote"; readonly org: number; readonly pick: number; readonly inFavour: boolean }
  | { readonly kind: "pass"; readonly hours: number }
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("propose" as const), org, action, ahead: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("vote" as const),
      org,
      pick: fc.nat(999),
      inFavour: fc.constantFrom(true, true, true, true, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), hours: fc.constantFrom(1, 3, 20, 80) }) },
)

function begin(): { readonly chain: Assembly; readonly minutes: Minutes } {
  const rows = exampleGenesis()
  const easy = [{ kinds: 254, count: 2, percent: 0 }]
  const rules = rows.rules!.map(([number, rule]) => [number, { ...rule, needs: easy }] as const)
  const chain = new Assembly({ genesis: { ...rows, rules } })
  const minutes = new Minutes()
  minutes.hour = chain.hour
  minutes.rich = [3, 4]
  for (const [number, { kind, status }] of rows.organizations!) minutes.members.set(number.org, { kind, status })
  for (const [{ action: of }, rule] of rules) minutes.rules.set(of, rule)
  for (const [{ number }, { value }] of rows.parameters!) minutes.settings.set(number, value)
  for (const [{ key: of }, row] of rows.validators!) minutes.validators.set(toHex(of), row)
  return { chain, minutes }
}

function take(
  chain: Assembly,
  minutes: Minutes,
  known: Uint8Array[],
  taken: Step,
): readonly [said: string, due: string] {
  if (taken.kind === "pass") {
    chain.pass(taken.hours)
    minutes.hour += taken.hours
    return ["applied", "applied"]
  }
  if (taken.kind === "propose") {
    const { code, id } = chain.propose(taken.org, taken.action, { expiry: chain.hour + taken.ahead })
    if (code === "applied") known.push(id)
    return [code, minutes.propose(toHex(id), taken.org, taken.action)]
  }
  // Most votes are on what is open; some on what was.
  const open = known.filter((id) => minutes.motions.has(toHex(id)))
  const among = taken.pick % 5 === 0 ? known : open
  const id = among[taken.pick % Math.max(among.length, 1)] ?? new Uint8Array(32)
  const code = chain.vote(taken.org, id, taken.inFavour ? 1 : 0)
  return [code, minutes.vote(toHex(id), taken.org, taken.inFavour)]
}

function standingOf({ tables }: Assembly) {
  const { lost, frozenUntil } = tables.clock.get({ zero: 0 })!
  return {
    statuses: [...tables.organizations.rows()].map(([, { status }]) => status),
    rules: [...tables.rules.rows()].map(([{ action: of }, rule]) => [of, rule]),
    settings: [...tables.parameters.rows()].map(([{ number }, { value }]) => [number, value]),
    validators: [...tables.validators.rows()]
      .map(([{ key: of }, row]) => `${toHex(of)} ${row.org} ${row.power}`)
      .sort(),
    motions: [...tables.proposals.rows()].map(([{ id }, { ballots }]) => [
      toHex(id),
      ballots.map((one) => [one.org, one.vote]),
    ]),
    clock: [frozenUntil, lost / 3600],
  }
}

function foretold(minutes: Minutes): ReturnType<typeof standingOf> {
  return {
    statuses: [...minutes.members.values()].map(({ status }) => status),
    rules: [...minutes.rules],
    settings: [...minutes.settings],
    validators: [...minutes.validators].map(([of, row]) => `${of} ${row.org} ${row.power}`).sort(),
    motions: [...minutes.motions]
      .map(([id, { votes }]): [string, number[][]] => [id, votes.map((one) => [one.org, one.inFavour ? 1 : 0])])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    clock: [minutes.frozenUntil, minutes.frozenHours],
  }
}

const numRuns = process.env["COUNTERSIGN_LONG"] === "1" ? 1500 : 30

test("random histories of proposals and ballots come to what a second tally says", (t) => {
  const outcomes = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 120, size: "max" }), (steps) => {
      const { chain, minutes } = begin()
      const known: Uint8Array[] = []
      for (const taken of steps) {
        const [said, due] = take(chain, minutes, known, taken)
        assert.equal(
          said,
          due,
          JSON.stringify(taken, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
        )
        if (taken.kind !== "pass") outcomes.set(said, (outcomes.get(said) ?? 0) + 1)
        assert.deepEqual(standingOf(chain), foretold(minutes))
        scanInvariants(chain.state, chain.hour)
      }
    }),
    { numRuns },
  )
  t.diagnostic([...outcomes].map(([code, count]) => `${code} ${count}`).join(", "))
  for (const code of ["applied", "ballot-cast", "proposal-unknown", "organization-suspended"])
    assert.ok(outcomes.has(code), `${code} came about`)
})
