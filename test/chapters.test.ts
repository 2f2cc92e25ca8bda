/**
 * Goal: the ledger is one book of two chapters. What was done (records) needs no payer; what is owed (payments) needs
 * no content of a record; they meet only in the counter-signed commitment. Method: each chapter runs on a chain that
 * lacks the other; then one history is played with other contents, and with other money, and the rows of the chapter
 * that should not care are compared byte for byte.
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../src/base/bytes.ts"
import { encodeAs } from "../src/base/schema.ts"
import type { GenesisRows } from "../src/ledger/constitution/genesis.ts"
import { association, custodian, exampleGenesis, payer, secondPayer, seedOf } from "../src/ledger/example-chain.ts"
import { kinds, roles } from "../src/ledger/roles.ts"
import { assurances, type Leg, legStates, schemas, type VisitRow } from "../src/ledger/rows.ts"
import { openTables } from "../src/ledger/state.ts"
import {
  agreedBy,
  type Draft,
  factsDraft,
  type Handle,
  handle,
  holdDraft,
  idOf,
  legDraft,
  patient,
  paymentDraft,
  performed,
  signedBy,
  statementDraft,
  sumOfBlindings,
  voucherFor,
  World,
} from "../src/ledger/visit/world.ts"

/** The example without anybody who pays or keeps money. */
function genesisWithoutPayers(): GenesisRows {
  const gone = new Set([payer, secondPayer, custodian])
  const stays = (row: readonly [unknown, { readonly org: number; readonly roles: number }]) =>
    !gone.has(row[1].org) || row[1].roles === roles.admin
  const rows = exampleGenesis()
  // Organizations are numbered without gaps: those places are taken by providers that can only sign for themselves.
  const organizations = rows.organizations!.map(
    ([{ org }, row]) => [{ org }, gone.has(org) ? { ...row, kind: kinds.provider, panel: [] } : row] as const,
  )
  return {
    ...rows,
    organizations,
    keys: rows.keys!.filter(stays),
    validators: rows.validators!.map(([key, row]) => [key, { ...row, org: association }] as const),
  }
}

test("the record chapter runs with no payer, no custodian and no money", () => {
  const world = new World({ deposit: 0n, genesis: genesisWithoutPayers() })
  const visit = handle("one")
  const facts = factsDraft(visit)
  world.must(facts)
  assert.equal(world.visit(visit).facts[0]?.assurance, assurances.silent)
  const amended = factsDraft(visit, { label: "more", supersedes: idOf(facts) })
  world.must(amended, signedBy(amended, performed(), patient(visit, "countersigned")))
  const claim = statementDraft(visit, { facts: amended.body, legs: [] })
  world.must(signedBy(claim, performed(), patient(visit, "countersigned")))
  const row = world.visit(visit)
  assert.deepEqual(
    row.facts.map(({ assurance }) => assurance),
    [assurances.silent, assurances.patient],
  )
  assert.deepEqual([row.statement?.own, row.legs], [1, []])
  const tables = openTables(world.state)
  for (const [, account] of tables.accounts.rows())
    assert.deepEqual(account, { free: 0n, reserved: 0n, paid: 0n, open: 0 })
  for (const table of ["custodians", "references", "vouchers", "payments"] as const)
    assert.deepEqual([...tables[table].rows()], [], table)
})

test("the payment chapter runs with no record: money is held, added to, released and held again", () => {
  const world = new World()
  const visit = handle("one")
  world.must(holdDraft(visit, { amount: 1_000_00n }), legDraft("top-up/1", visit, { amount: 2_000_00n }))
  assert.deepEqual(world.visit(visit).facts, [])
  assert.deepEqual([world.account(payer).reserved, world.visit(visit).legs[0]?.hold], [2_000_00n, 2_000_00n])
  world.must(legDraft("cancel/1", visit))
  world.must(holdDraft(visit, { label: "second", amount: 2_000_00n }))
  world.pass(3000)
  world.must(legDraft("expire/1", visit, { leg: 1 }))
  assert.deepEqual(
    world.visit(visit).legs.map(({ state, hold }) => [state, hold]),
    [
      [legStates.released, 0n],
      [legStates.released, 0n],
    ],
  )
  assert.deepEqual([world.account(payer).free, world.account(payer).reserved], [100_000_00n, 0n])
})

const stepNames = [
  "hold",
  "top-up",
  "cancel",
  "record",
  "amend",
  "countersign",
  "file",
  "settle",
  "deliver",
  "elapse",
  "contest",
  "rule",
  "pay",
  "pass",
] as const
type Step = readonly [name: (typeof stepNames)[number], visit: number]

/** What one telling of a history is about. */
interface Telling {
  /** Names every root, claim, determination, trace and evidence. */
  readonly content: string
  readonly hold: bigint
  readonly owed: bigint
}
const usual: Telling = { content: "eye", hold: 2_000_00n, owed: 1_337_98n }

/** One history told with given content and money. Statements name facts already recorded, and only facts. */
class Chronicle {
  readonly world = new World()
  readonly outcomes: string[] = []
  readonly visits: readonly Handle[] = [handle("first"), handle("second")]
  readonly #facts = new Map<Handle, ReturnType<typeof factsDraft>[]>()
  readonly #claims = new Map<Handle, ReturnType<typeof statementDraft>>()
  readonly #telling: Telling
  #count = 0

  constructor(telling: Telling) {
    this.#telling = telling
  }

  #row({ V, provider }: Handle): VisitRow | undefined {
    return openTables(this.world.state).visits.get({ V, provider })
  }

  #newFacts(visit: Handle): Draft {
    const known = this.#facts.get(visit) ?? []
    const last = known.at(-1)
    const label = `${this.#telling.content} ${visit.label} ${known.length}`
    const draft = factsDraft(visit, { label, ...(last === undefined ? {} : { supersedes: idOf(last) }) })
    this.#facts.set(visit, [...known, draft])
    return draft
  }

  #claim(visit: Handle): ReturnType<typeof statementDraft> | undefined {
    const facts = this.#facts.get(visit)?.at(-1)
    const row = this.#row(visit)
    if (facts === undefined || row === undefined) return undefined
    const open = row.legs.filter(({ state }) => state !== legStates.released)
    const supersedes = row.statement?.id
    const draft = statementDraft(visit, {
      facts: facts.body,
      label: `${this.#telling.content} ${this.#count}`,
      legs: open.map(({ voucher }) => ({ voucher, amount: this.#telling.owed })),
      ...(supersedes === undefined ? {} : { supersedes }),
    })
    this.#claims.set(visit, draft)
    return draft
  }

  #payment(visit: Handle): Draft {
    const legs = this.#row(visit)?.legs ?? []
    const settled = legs.flatMap((leg, i) =>
      leg.state === legStates.settled ? [{ V: visit.V, leg: i, row: leg }] : [],
    )
    const blinding = sumOfBlindings(settled.map(({ row }) => row.voucher))
    const amount = this.#telling.owed * BigInt(settled.length)
    return paymentDraft("pay/1", settled.length === 0 ? [{ V: visit.V }] : settled, { amount, blinding })
  }

  #draft([name, at]: Step): Draft | undefined {
    const visit = this.visits[at]!
    const row = this.#row(visit)
    const statement = row?.statement?.id ?? seedOf("none")
    const leg = Math.max(0, (row?.legs.length ?? 0) - 1)
    const voucher = row?.legs[leg]?.voucher
    const { hold, owed, content } = this.#telling
    const opening = { amount: owed, blinding: sumOfBlindings(voucher === undefined ? [] : [voucher]) }
    switch (name) {
      case "hold":
        return holdDraft(visit, {
          voucher: voucherFor(visit, { label: `${visit.label} ${this.#count}` }),
          amount: hold,
        })
      case "record":
      case "amend":
        return this.#newFacts(visit)
      case "countersign": {
        const facts = this.#facts.get(visit)?.at(-1)
        return facts && signedBy(facts, performed(), patient(visit, "countersigned"))
      }
      case "file": {
        const claim = this.#claim(visit)
        return claim && signedBy(claim, performed())
      }
      case "settle": {
        const claim = this.#claims.get(visit) ?? this.#claim(visit)
        return claim && signedBy(claim, performed(), agreedBy(payer))
      }
      case "contest":
        return { ...legDraft("contest/1", visit, { leg, statement, amount: owed / 2n }) }
      case "elapse":
        return legDraft("elapse/1", visit, { leg, statement, ...opening })
      case "rule":
        return legDraft("rule/1", visit, { leg, statement, choice: 0, ...opening })
      case "deliver":
        return withBundle(legDraft("deliver/1", visit, { leg, statement }), content)
      case "pay":
        return this.#payment(visit)
      default:
        return legDraft(name === "cancel" ? "cancel/1" : "top-up/1", visit, {
          leg,
          ...(name === "top-up" ? { amount: 5_000_00n } : {}),
        })
    }
  }

  play(steps: readonly Step[]): this {
    for (const step of steps) {
      this.#count++
      if (step[0] === "pass") this.world.pass(200)
      const draft = step[0] === "pass" ? undefined : this.#draft(step)
      this.outcomes.push(draft === undefined ? `${step[0]} -` : `${step[0]} ${this.world.do(draft)}`)
    }
    return this
  }

  /** Every row of every table but the visits, whose two halves are asked for apart. */
  otherRows(): readonly string[] {
    return this.world.state
      .dump()
      .filter(([table]) => table !== "visits")
      .map(([table, key, value]) => `${table} ${toHex(key)} ${toHex(value)}`)
  }

  #halves<T>(half: (row: VisitRow) => T): readonly (T | undefined)[] {
    return this.visits.map((visit) => {
      const row = this.#row(visit)
      return row && half(row)
    })
  }

  /** The payment half of each visit: its legs, without the digest of the sealed bundle that was delivered. */
  money(): readonly unknown[] {
    return this.#halves(({ legs }) =>
      legs.map(({ bundle, ...leg }: Leg) => ({ ...leg, delivered: bundle !== undefined })),
    )
  }

  /** The record half: the facts as the ledger lists them, encoded. */
  record(): readonly unknown[] {
    const codec = schemas.visits.value.inside!["facts"]!
    return this.#halves(({ opened, facts }) => [opened, toHex(encodeAs(codec, facts))])
  }
}

function withBundle(draft: Draft, content: string): Draft {
  return { ...draft, body: { ...draft.body, bundle: seedOf(`bundle ${content}`) } }
}

const numRuns = process.env["COUNTERSIGN_LONG"] === "1" ? 300 : 25
const visitNumber = fc.nat(1)
const anyStep: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...stepNames), visitNumber)
/** The way most visits go, so that histories get as far as a payment. */
const ways: readonly (readonly Step[0][])[] = [
  ["hold", "top-up", "record", "countersign", "file", "settle", "pay"],
  ["record", "hold", "countersign", "file", "deliver", "contest", "rule", "pay"],
  ["hold", "record", "amend", "countersign", "file", "deliver", "pass", "pass", "elapse", "pay"],
]
const way = fc
  .tuple(fc.constantFrom(...ways), visitNumber)
  .map(([names, visit]) => names.map((name): Step => [name, visit]))
const some = fc.array(anyStep, { maxLength: 6, size: "max" })
const history = fc.tuple(some, way, some, way).map((parts) => parts.flat())

test("with other contents of every record, money is the same byte for byte, and so is every refusal", () => {
  const paid = new Set<string>()
  fc.assert(
    fc.property(history, (steps) => {
      const one = new Chronicle(usual).play(steps)
      const other = new Chronicle({ ...usual, content: "knee" }).play(steps)
      assert.deepEqual(other.outcomes, one.outcomes)
      assert.deepEqual(other.money(), one.money())
      assert.deepEqual(other.otherRows(), one.otherRows())
      for (const outcome of one.outcomes) paid.add(outcome)
    }),
    { numRuns, seed: 20260501 },
  )
  for (const outcome of ["settle applied", "pay applied", "deliver applied", "contest applied"])
    assert.ok(paid.has(outcome), `${outcome} among ${[...paid].join(", ")}`)
})

test("with other money, or none, the records are the same byte for byte", () => {
  const records = new Set(["record", "amend", "countersign"])
  fc.assert(
    fc.property(history, (steps) => {
      const one = new Chronicle(usual).play(steps)
      const more = new Chronicle({ ...usual, hold: 1_000_00n, owed: 250_00n }).play(steps)
      const none = new Chronicle(usual).play(steps.filter(([name]) => records.has(name) || name === "pass"))
      assert.deepEqual(more.record(), one.record())
      const opened = (chronicle: Chronicle) =>
        chronicle.record().map((row) => (row as readonly unknown[] | undefined)?.[1])
      const kept = (chronicle: Chronicle) => opened(chronicle).map((facts) => facts ?? "80")
      assert.deepEqual(kept(none), kept(one))
    }),
    { numRuns, seed: 20260502 },
  )
})

test("no rule of the ledger reads what a record, a claim or its evidence says: the fields are declared and carried", () => {
  const folder = resolve(import.meta.dirname, "../src/ledger")
  const rules = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/\.test\.ts$|example-chain|visit\/(drafts|world)/.test(file),
  )
  const mentions = new Map<string, string[]>()
  for (const file of rules) {
    const code = readFileSync(join(folder, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    for (const [word] of code.matchAll(
      /(?<!["'\w-])(recordRoot|factsRoot|ceiling|claim|determination|trace|evidence)\b(?!["'])/g,
    ))
      mentions.set(word, [...(mentions.get(word) ?? []), file])
  }
  assert.deepEqual(Object.fromEntries(mentions), {
    recordRoot: ["visit/2-record.ts"],
    factsRoot: ["visit/2-record.ts"],
    ceiling: ["visit/2-record.ts"],
    claim: ["visit/4-settle.ts"],
    determination: ["visit/4-settle.ts"],
    trace: ["visit/4-settle.ts"],
    evidence: ["visit/5-dispute.ts"],
  })
})

test("the record chapter's files read no account and no amount of a leg", () => {
  for (const file of ["2-record.ts", "standing.ts"]) {
    const path = resolve(import.meta.dirname, "../src/ledger/visit", file)
    const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    const hit = /\baccounts\b|\bpostings\b|\.(?:hold|held|owed|paid|cap|contested|amount|free|reserved)\b/.exec(code)
    assert.equal(hit, null, `${file} uses ${hit?.[0]}`)
  }
})
