import assert from "node:assert/strict"
import { test } from "node:test"
import {
  board,
  by,
  clinic,
  ExampleChain,
  hospital,
  keyOf,
  type Order,
  orgSeed,
  ownSeed,
  payer,
  practitioner,
  seedOf,
} from "../example-chain.ts"
import { type Role, roles } from "../roles.ts"
import { openEnd } from "../rows.ts"
import { openTables } from "../state.ts"

const fresh = seedOf("a fresh key")
const possessed = (seed: Uint8Array): Order => ({ seed, meaning: "possessed" })
const engaged: Order = { seed: ownSeed, meaning: "engaged" }

function registration(more: object = {}) {
  return {
    org: clinic,
    key: keyOf(fresh),
    roles: roles.hold,
    practitioner: undefined,
    from: 0,
    until: openEnd,
    ...more,
  }
}
function register(chain: ExampleChain, more: object = {}, orders?: readonly Order[]) {
  return chain.run(
    "register-key/1",
    registration(more),
    orders ?? [by(clinic, "admin", "registered"), possessed(fresh)],
  )
}

test("register-key: one row an outcome, in the order of refusal", () => {
  const admin = by(clinic, "admin", "registered")
  const perform = { roles: roles.perform, practitioner }
  const rows: readonly { it: string; body?: object; orders?: readonly Order[]; code: string }[] = [
    { it: "adds a key", code: "applied" },
    {
      it: "adds a practitioner's desk key",
      body: perform,
      orders: [admin, possessed(fresh), engaged],
      code: "applied",
    },
    { it: "without the practitioner's own word", body: perform, code: "bad-envelope" },
    {
      it: "for a practitioner nobody enrolled",
      body: { ...perform, practitioner: seedOf("nobody") },
      orders: [admin, possessed(fresh), engaged],
      code: "practitioner-unknown",
    },
    {
      it: "signed by a stranger",
      orders: [{ seed: fresh, meaning: "registered" }, possessed(fresh)],
      code: "signer-unknown",
    },
    {
      it: "signed by a biller",
      orders: [by(clinic, "bill", "registered"), possessed(fresh)],
      code: "signer-wrong-role",
    },
    {
      it: "signed by another's admin",
      orders: [by(hospital, "admin", "registered"), possessed(fresh)],
      code: "signer-not-party",
    },
    { it: "of a key that another holds", orders: [admin, possessed(seedOf("other"))], code: "signer-not-party" },
    {
      it: "engaged by an unknown key",
      body: perform,
      orders: [admin, possessed(fresh), { seed: fresh, meaning: "engaged" }],
      code: "signer-unknown",
    },
    {
      it: "engaged by an organization's key",
      body: perform,
      orders: [admin, possessed(fresh), { seed: orgSeed(clinic, "perform"), meaning: "engaged" }],
      code: "signer-not-party",
    },
    {
      it: "of a key in use",
      body: { key: keyOf(ownSeed) },
      orders: [admin, possessed(ownSeed)],
      code: "key-known",
    },
    { it: "of a role for payers", body: { roles: roles.voucher }, code: "organization-wrong-kind" },
    { it: "with a practitioner but not to perform", body: { practitioner }, code: "practitioner-unknown" },
    { it: "that ends before it begins", body: { from: 9, until: 9 }, code: "dates-invalid" },
    { it: "that has ended", body: { from: 1, until: 2 }, code: "dates-invalid" },
  ]
  for (const row of rows) {
    assert.equal(register(new ExampleChain(), row.body, row.orders), row.code, row.it)
  }
})

test("a third live voucher key is one too many; an ended one makes room", () => {
  const chain = new ExampleChain()
  const admin = by(payer, "admin", "registered")
  const add = (label: string) =>
    register(chain, { org: payer, key: keyOf(seedOf(label)), roles: roles.voucher }, [admin, possessed(seedOf(label))])
  assert.equal(add("second"), "applied")
  assert.equal(add("third"), "limit-reached")
  assert.equal(chain.run("revoke-key/1", { key: keyOf(seedOf("second")) }, [by(payer, "admin", "revoked")]), "applied")
  assert.equal(add("third"), "applied")
})

test("at most eight admin keys", () => {
  const chain = new ExampleChain()
  const admin = by(clinic, "admin", "registered")
  const codes = Array.from({ length: 8 }, (_, i) => {
    const seed = seedOf(`admin ${i}`)
    return register(chain, { key: keyOf(seed), roles: roles.admin }, [admin, possessed(seed)])
  })
  assert.deepEqual(codes, [...Array<string>(7).fill("applied"), "limit-reached"])
})

test("a suspended organization registers nothing", () => {
  const chain = new ExampleChain()
  const tables = openTables(chain.state)
  tables.organizations.put({ org: clinic }, { ...tables.organizations.get({ org: clinic })!, status: 1 })
  tables.flush()
  assert.equal(register(chain), "organization-suspended")
})

function rotate(chain: ExampleChain, old: Uint8Array, orders: readonly Order[], to = fresh) {
  return chain.run("rotate-key/1", { old: keyOf(old), new: keyOf(to) }, orders)
}
function rowOf(chain: ExampleChain, seed: Uint8Array) {
  return openTables(chain.state).keys.get({ key: keyOf(seed) })
}

test("rotate-key: the new key has the old one's rights, the old one ends after its grace", () => {
  const chain = new ExampleChain()
  const old = orgSeed(clinic, "hold")
  assert.equal(rotate(chain, old, [by(clinic, "admin", "registered"), possessed(fresh)]), "applied")
  assert.equal(rowOf(chain, old)?.until, chain.hour + 720)
  assert.deepEqual([rowOf(chain, fresh)?.roles, rowOf(chain, fresh)?.from], [roles.hold, chain.hour])
})

test("rotate-key: an admin key ends at once; the practitioner's own key is rotated by itself", () => {
  const chain = new ExampleChain()
  const admin = orgSeed(clinic, "admin")
  assert.equal(rotate(chain, admin, [by(clinic, "admin", "registered"), possessed(fresh)]), "applied")
  assert.equal(rowOf(chain, admin)?.until, chain.hour)
  assert.equal(
    rotate(chain, orgSeed(clinic, "hold"), [by(clinic, "admin", "registered"), possessed(seedOf("x"))], seedOf("x")),
    "signer-inactive",
  )
  const next = seedOf("next own key")
  assert.equal(rotate(chain, ownSeed, [{ seed: ownSeed, meaning: "registered" }, possessed(next)], next), "applied")
  assert.deepEqual(openTables(chain.state).practitioners.get({ practitioner })?.key, keyOf(next))
})

test("rotate-key: one row a refusal, in order", () => {
  const admin = by(clinic, "admin", "registered")
  const hold = orgSeed(clinic, "hold")
  const rows: readonly { it: string; old: Uint8Array; orders: readonly Order[]; to?: Uint8Array; code: string }[] = [
    { it: "of an unknown key", old: seedOf("none"), orders: [admin, possessed(fresh)], code: "key-unknown" },
    {
      it: "by the key itself",
      old: hold,
      orders: [{ seed: hold, meaning: "registered" }, possessed(fresh)],
      code: "signer-wrong-role",
    },
    {
      it: "by another's admin",
      old: hold,
      orders: [by(hospital, "admin", "registered"), possessed(fresh)],
      code: "signer-not-party",
    },
    {
      it: "to a key that another holds",
      old: hold,
      orders: [admin, possessed(seedOf("other"))],
      code: "signer-not-party",
    },
    { it: "of an own key by an admin", old: ownSeed, orders: [admin, possessed(fresh)], code: "signer-not-party" },
    { it: "to a key in use", old: hold, orders: [admin, possessed(ownSeed)], to: ownSeed, code: "key-known" },
  ]
  for (const row of rows) assert.equal(rotate(new ExampleChain(), row.old, row.orders, row.to), row.code, row.it)
})

test("rotate-key: an old key that has ended is inactive", () => {
  const chain = new ExampleChain()
  const admin = by(clinic, "admin", "registered")
  const hold = orgSeed(clinic, "hold")
  assert.equal(chain.run("revoke-key/1", { key: keyOf(hold) }, [by(clinic, "admin", "revoked")]), "applied")
  assert.equal(rotate(chain, hold, [admin, possessed(fresh)]), "signer-inactive")
})

test("revoke-key: one row an outcome, in the order of refusal", () => {
  const hold = orgSeed(clinic, "hold")
  const rows: readonly { it: string; of: Uint8Array; order: Order; code: string }[] = [
    { it: "ends a key", of: hold, order: by(clinic, "admin", "revoked"), code: "applied" },
    {
      it: "a practitioner ends the own key",
      of: ownSeed,
      order: { seed: ownSeed, meaning: "revoked" },
      code: "applied",
    },
    { it: "or the board does", of: ownSeed, order: by(board, "enrol", "revoked"), code: "applied" },
    { it: "of an unknown key", of: fresh, order: by(clinic, "admin", "revoked"), code: "key-unknown" },
    { it: "by another's admin", of: hold, order: by(hospital, "admin", "revoked"), code: "signer-not-party" },
    { it: "of an own key by an admin", of: ownSeed, order: by(clinic, "admin", "revoked"), code: "signer-wrong-role" },
    {
      it: "of the last admin key",
      of: orgSeed(clinic, "admin"),
      order: by(clinic, "admin", "revoked"),
      code: "last-admin-key",
    },
  ]
  for (const row of rows) {
    const chain = new ExampleChain()
    assert.equal(chain.run("revoke-key/1", { key: keyOf(row.of) }, [row.order]), row.code, row.it)
    if (row.code === "applied") assert.equal(rowOf(chain, row.of)?.until, chain.hour, row.it)
  }
})

test("revoke-key: never makes an ended key live longer", () => {
  const chain = new ExampleChain()
  const hold = orgSeed(clinic, "hold")
  const revoke = () => chain.run("revoke-key/1", { key: keyOf(hold) }, [by(clinic, "admin", "revoked")])
  assert.equal(revoke(), "applied")
  const ended = rowOf(chain, hold)?.until
  chain.pass(5)
  assert.equal(revoke(), "applied")
  assert.equal(rowOf(chain, hold)?.until, ended)
})

test("each role is an admin's to give only where its kind allows", () => {
  for (const [role, bit] of Object.entries(roles) as [Role, number][]) {
    if (role === "perform") continue
    const allowed = ["admin", "vote", "hold", "bill", "pay", "operate"].includes(role)
    assert.equal(register(new ExampleChain(), { roles: bit }), allowed ? "applied" : "organization-wrong-kind", role)
  }
})

test("a visit's V, and a delegate's key, are nobody's key to register", () => {
  const chain = new ExampleChain()
  const tables = openTables(chain.state)
  const visit = { opened: 0, proxy: undefined, facts: [], statement: undefined, legs: [], transitions: [] }
  const V = seedOf("a wallet's key")
  tables.visits.put({ V: keyOf(V).subarray(1), provider: hospital }, visit)
  const delegate = seedOf("a guardian's key")
  const row = { org: 0, roles: 0, practitioner: undefined, from: 0, until: openEnd }
  tables.keys.put({ key: keyOf(delegate) }, row)
  tables.flush()
  for (const seed of [V, delegate]) {
    const orders = [by(clinic, "admin", "registered"), possessed(seed)]
    assert.equal(register(chain, { key: keyOf(seed) }, orders), "key-known")
  }
  // Nor may a delegate be rotated or revoked as if it were somebody's.
  assert.equal(
    chain.run("revoke-key/1", { key: keyOf(delegate) }, [{ seed: delegate, meaning: "revoked" }]),
    "key-unknown",
  )
})

test("an admin key that has not begun does not stand in for the last one", () => {
  const chain = new ExampleChain()
  const admin = by(clinic, "admin", "registered")
  const later = { roles: roles.admin, from: chain.hour + 1 }
  const revoke = () =>
    chain.run("revoke-key/1", { key: keyOf(orgSeed(clinic, "admin")) }, [by(clinic, "admin", "revoked")])
  assert.equal(register(chain, later, [admin, possessed(fresh)]), "applied")
  assert.equal(revoke(), "last-admin-key")
  chain.pass(1)
  assert.equal(revoke(), "applied")
})
