/**
 * Goal: nothing of a patient can stand on the ledger, because no field could hold it. Method: walk the codecs of every
 * transaction body and every state table; each field, by its whole path, is in the closed list below under the kind of
 * thing it is, and its codec takes the bytes of that kind and no others. A new field is red until it has a kind.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { encode, type Value } from "../src/base/cbor.ts"
import { type Codec, decodeAs } from "../src/base/schema.ts"
import { bodies } from "../src/ledger/bodies.ts"
import { transactionTypes } from "../src/ledger/catalogue.ts"
import { schemas } from "../src/ledger/rows.ts"

/** The kinds of thing that may be public; nothing else may. */
type Kind =
  /** About an organization, a practitioner, a licence, a plan. */
  | "fact"
  /** V, a delegate, a grant's handle: derived per visit, never reused. */
  | "oneTimeKey"
  /** Salted digest, or the name of an object whose content is salted. */
  | "commitment"
  /** Pedersen commitment, or the blinding that opens a sum of them. */
  | "amountCommitment"
  /** From the 1-2-5 ladder, or what is left of such. */
  | "laddered"
  /** Of an account, or over a set of visits. */
  | "sum"
  /** Exact, of one leg: only after silence, contest or ruling. */
  | "opened"
  /** Type, meaning, state, scope, count, index: a closed list. */
  | "constant"
  /** Block time in hours, days or heights; a voucher's month. */
  | "time"
  /** The payload of another type of this list. */
  | "nested"

/** By schema, by kind: paths without `body` and list items. */
type Listed = Readonly<Record<string, Readonly<Partial<Record<Kind, string>>>>>

const voucher = {
  oneTimeKey: "voucher.V",
  fact: "voucher.payer",
  laddered: "voucher.cap",
  time: "voucher.month",
  commitment: "voucher.terms",
}
const delegation = {
  oneTimeKey: "delegation.V delegation.delegate",
  fact: "delegation.provider",
  constant: "delegation.scope",
}
const ofLeg = { oneTimeKey: "V", fact: "provider", constant: "leg" }
const payment = {
  fact: "payer provider",
  oneTimeKey: "legs.V",
  constant: "legs.leg",
  sum: "amount",
  amountCommitment: "blinding",
}

/** What a ballot can do is about organizations alone: names, keys, numbers of rules. */
const action = {
  fact:
    "action.admit.org action.admit.name action.admit.kind action.admit.group action.admit.key " +
    "action.admit-board.org action.admit-board.name action.admit-board.kind action.admit-board.group " +
    "action.admit-board.key action.set-status.org action.set-status.status " +
    "action.set-validator.org action.set-validator.key action.set-validator.power " +
    "action.set-panel.payer action.set-panel.panel action.replace-admin.org action.replace-admin.key",
  constant:
    "action.set-parameter.number action.set-parameter.value action.set-rule.action action.set-rule.rule.proposers " +
    "action.set-rule.rule.needs.kinds action.set-rule.rule.needs.count action.set-rule.rule.needs.percent " +
    "action.schedule-upgrade.protocol",
  time: "action.set-rule.rule.hours action.schedule-upgrade.height action.freeze.hours",
}

const transactions: Listed = {
  "register-key/1": { fact: "org key roles practitioner", time: "from until" },
  "rotate-key/1": { fact: "old new" },
  "revoke-key/1": { fact: "key" },
  "enrol-practitioner/1": { fact: "board practitioner key", commitment: "credential", time: "from" },
  "set-licence-status/1": { fact: "practitioner status", time: "from" },
  "publish-plan/1": { fact: "plan payer series version", time: "from until" },
  "retire-plan/1": { fact: "plan", time: "until" },
  "deposit/1": { fact: "custodian org", sum: "amount", commitment: "reference" },
  "withdraw/1": { fact: "org custodian", sum: "amount", commitment: "reference" },
  "void-voucher/1": voucher,
  "hold/1": {
    oneTimeKey: `V ${voucher.oneTimeKey} ${delegation.oneTimeKey}`,
    fact: `provider ${voucher.fact} ${delegation.fact}`,
    laddered: `amount ${voucher.laddered}`,
    time: voucher.time,
    commitment: voucher.commitment,
    constant: delegation.constant,
  },
  "top-up/1": { ...ofLeg, laddered: "amount" },
  "cancel/1": ofLeg,
  "expire/1": ofLeg,
  "facts-statement/1": {
    oneTimeKey: `V ${delegation.oneTimeKey}`,
    fact: `provider ${delegation.fact}`,
    commitment: "supersedes recordRoot factsRoot ceiling",
    constant: delegation.constant,
  },
  "visit-statement/1": {
    nested: "facts",
    commitment: "supersedes claim determination trace legs.voucher",
    amountCommitment: "legs.commitment",
  },
  "deliver/1": { ...ofLeg, commitment: "statement bundle" },
  "elapse/1": { ...ofLeg, commitment: "statement", opened: "amount", amountCommitment: "blinding" },
  "contest/1": { ...ofLeg, commitment: "statement evidence", opened: "amount" },
  "rule/1": {
    ...ofLeg,
    constant: "leg choice",
    commitment: "statement",
    opened: "amount",
    amountCommitment: "blinding",
  },
  "pay/1": payment,
  "refund/1": payment,
  "void/1": { oneTimeKey: "V", fact: "provider", commitment: "statement" },
  "anchor-log/1": { fact: "org", time: "hour", commitment: "root previous" },
  "propose/1": action,
  "ballot/1": { commitment: "proposal", fact: "vote" },
  "anchor-log/2": { fact: "org", time: "hour", commitment: "root previous", constant: "lines" },
}

const tables: Listed = {
  chain: {
    constant: "key.zero protocol k",
    fact: "chainId currency pinned.chainId",
    commitment: "pinned.header",
    time: "pinned.height pinned.seconds",
  },
  parameters: { constant: "key.number value" },
  rules: { constant: "key.action proposers needs.kinds needs.count needs.percent", time: "hours" },
  clock: { constant: "key.zero upgrade.protocol", time: "lost frozenUntil upgrade.height" },
  organizations: { fact: "key.org name kind group status panel" },
  validators: { fact: "key.key org power" },
  proposals: {
    commitment: "key.id",
    fact: `org ballots.org ballots.vote ${action.fact}`,
    constant: action.constant,
    time: `until ${action.time}`,
  },
  keys: { fact: "key.key org roles practitioner", time: "from until" },
  practitioners: {
    fact: "key.practitioner board key history.status",
    commitment: "credential",
    time: "history.from glass.day",
    constant: "glass.count",
  },
  plans: { fact: "key.plan payer series version", time: "from until" },
  accounts: { fact: "key.org", sum: "free reserved paid", constant: "open" },
  custodians: { fact: "key.org", sum: "deposited withdrawn" },
  references: { commitment: "key.id", fact: "custodian", sum: "amount", constant: "direction" },
  vouchers: { time: "key.expiry", commitment: "key.id", constant: "state" },
  visits: {
    oneTimeKey: "key.V proxy",
    fact: "key.provider facts.practitioner legs.payer",
    time: "opened facts.recorded legs.expires legs.deadline legs.settled",
    commitment:
      "facts.id statement.id statement.facts legs.voucher legs.bundle transitions.key transitions.transaction",
    amountCommitment: "statement.legs.amount legs.owed legs.paid",
    laddered: "legs.cap legs.held legs.hold",
    opened: "legs.contested",
    constant:
      "facts.assurance statement.own statement.void statement.legs.leg legs.state legs.refunded " +
      "transitions.operation transitions.legs",
  },
  payments: {
    commitment: "key.id",
    fact: "payer provider",
    sum: "amount",
    oneTimeKey: "legs.V",
    constant: "legs.leg direction",
  },
  grants: { oneTimeKey: "key.handle", commitment: "commitment", time: "until", constant: "revoked" },
  glass: { commitment: "key.id commitment", fact: "practitioner provider", time: "until" },
  logs: { fact: "key.org", time: "hour", commitment: "root previous", constant: "lines" },
  applied: { time: "key.expiry", commitment: "key.id", constant: "result" },
}

type Fields = ReadonlyMap<string, Codec<unknown>>

/** All leaves below a codec by path; a list's and an optional value's are those of what they hold. */
function leavesOf(codec: Codec<unknown>, path: readonly string[] = []): [string, Codec<unknown>][] {
  if (codec.inside === undefined) return [[path.join("."), codec]]
  return Object.entries(codec.inside).flatMap(([field, inner]) =>
    leavesOf(inner, field === "item" || field === "body" ? path : [...path, field]),
  )
}
const fieldsOfTransactions = new Map<string, Fields>(
  Object.entries(bodies).map(([type, body]) => [type, new Map(leavesOf(body as Codec<unknown>))]),
)
const fieldsOfTables = new Map<string, Fields>(
  Object.entries(schemas).map(([name, { key, value }]) => [
    name,
    new Map([...leavesOf(key as Codec<unknown>, ["key"]), ...leavesOf(value as Codec<unknown>)]),
  ]),
)

/** Each listed path with its kind. */
function kindsOf(listed: Listed[string]): ReadonlyMap<string, Kind> {
  const pairs = Object.entries(listed).flatMap(([kind, paths]) =>
    paths.split(" ").map((path) => [path, kind as Kind] as const),
  )
  assert.equal(new Set(pairs.map(([path]) => path)).size, pairs.length, "a field has one kind")
  return new Map(pairs)
}

function* everyField(): Generator<{
  readonly where: string
  readonly path: string
  readonly kind: Kind
  readonly codec: Codec<unknown>
}> {
  for (const [schemasOf, listed] of [
    [fieldsOfTransactions, transactions],
    [fieldsOfTables, tables],
  ] as const)
    for (const [name, fields] of schemasOf) {
      const known = kindsOf(listed[name] ?? {})
      for (const [path, codec] of fields) yield { where: `${name}: ${path}`, path, kind: known.get(path)!, codec }
    }
}

function takes(codec: Codec<unknown>, value: Value): boolean {
  try {
    decodeAs(codec, encode(value))
    return true
  } catch {
    return false
  }
}

test("every field of every transaction type and every table is in the closed list, and nothing else is", () => {
  for (const [schemasOf, listed] of [
    [fieldsOfTransactions, transactions],
    [fieldsOfTables, tables],
  ] as const) {
    assert.deepEqual([...schemasOf.keys()].sort(), Object.keys(listed).sort())
    for (const [name, fields] of schemasOf)
      assert.deepEqual([...fields.keys()].sort(), [...kindsOf(listed[name]!).keys()].sort(), name)
  }
  assert.deepEqual([...transactionTypes.keys()].sort(), Object.keys(transactions).sort())
  for (const [name, type] of transactionTypes)
    assert.deepEqual(
      leavesOf(type.body).map(([path]) => path),
      [...fieldsOfTransactions.get(name)!.keys()],
      name,
    )
})

/** Written by the genesis alone: no transaction type of the list has a field for either. */
const byGenesis = ["chain: chainId", "chain: pinned.chainId"]
const sentence = "Wet macular degeneration, left eye; Marisol Vega, 1961-09-02"

test("no field takes a sentence, a date of birth or bytes of a free length", () => {
  for (const { where, codec } of everyField()) {
    if (byGenesis.includes(where)) continue
    for (const text of [sentence, "1961-09-02T00:00", "H35.3221", "J0178"])
      assert.ok(!takes(codec, text), `${where} takes the text ${text}`)
    for (const length of [1, 8, 16, 31, 34, 48, 64, 4096])
      assert.ok(!takes(codec, new Uint8Array(length).fill(7)), `${where} takes ${length} bytes`)
    assert.ok(!takes(codec, [sentence]), `${where} takes a list`)
  }
})

test("the only texts beside the type are names of organizations, plan series and the currency", () => {
  const texts = [...everyField()].filter(({ codec }) => takes(codec, "a-name")).map(({ where }) => where)
  const admitted = ["admit", "admit-board"].flatMap((name) =>
    ["propose/1", "proposals"].map((where) => `${where}: action.${name}.name`),
  )
  const names = ["chain: currency", "organizations: name", "plans: series", "publish-plan/1: series", ...admitted]
  assert.deepEqual(texts.sort(), [...byGenesis, ...names].sort())
})

test("commitments and keys are of fixed length; amounts, constants and times are numbers", () => {
  const zero = new Uint8Array(32)
  for (const { where, kind, codec } of everyField()) {
    const digest = takes(codec, zero) || takes(codec, new Uint8Array(33))
    if (kind === "commitment" || kind === "amountCommitment" || kind === "oneTimeKey")
      assert.ok(digest && !takes(codec, 1), `${where} is a ${kind}`)
    else if (kind !== "fact" && kind !== "nested")
      assert.ok(!digest && (takes(codec, 0) || takes(codec, 1)), `${where} is a ${kind}`)
  }
})

test("the one nested payload is a facts statement, all of whose fields are listed", () => {
  const nested = [...everyField()].filter(({ kind }) => kind === "nested").map(({ where }) => where)
  assert.deepEqual(nested, ["visit-statement/1: facts"])
})

test("a field that nobody has classed would be seen", () => {
  const held = bodies["hold/1"] as Codec<unknown>
  const amount = held.inside!["amount"]!
  const wider: Codec<unknown> = {
    ...held,
    inside: { ...held.inside, plan: { ...held, inside: { diagnosis: amount } } },
  }
  const known = kindsOf(transactions["hold/1"]!)
  assert.deepEqual(
    leavesOf(wider).flatMap(([path]) => (known.has(path) ? [] : [path])),
    ["plan.diagnosis"],
  )
})
