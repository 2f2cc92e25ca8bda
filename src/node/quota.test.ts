/** Goal: a caller gets its burst and its rate, no more; what it is refused costs nothing; memory is bounded. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { addressClass, type Caller, type Door, Quota, type Quotas, type Rates, usualQuotas } from "./quota.ts"

const limits = (perSecond: number, burst: number): Rates => {
  const rate = { perSecond, burst }
  return { requests: rate, transactions: rate, mail: rate, bytes: { perSecond: 1000, burst: 2000 } }
}
const quotas: Quotas = {
  member: limits(10, 20),
  loopback: limits(10, 20),
  stranger: limits(10, 20),
  strangers: limits(30, 60),
  heldBytes: { each: 500, all: 1200 },
}
const member = (organization: number): Caller => ({ organization, address: "192.0.2.1" })
const stranger = (address: string): Caller => ({ organization: undefined, address })

function clocked(given: Quotas = quotas) {
  let now = 1000
  const quota = new Quota(given, () => now)
  const pass = (ms: number) => {
    now += ms
  }
  const ask = (caller: Caller, door: Door = "others", bytes = 0): number => {
    const entry = quota.enter(caller, door, bytes)
    entry.leave?.()
    return entry.waitSeconds
  }
  return { quota, ask, pass }
}
const countOf = (times: number, what: () => number) => Array.from({ length: times }, what).filter((n) => n === 0).length

test("a burst passes, then the rate, and the hint is long enough", () => {
  const { ask, pass } = clocked()
  assert.equal(
    countOf(50, () => ask(member(1))),
    20,
  )
  const hint = ask(member(1))
  assert.equal(hint, 1)
  pass(hint * 1000)
  assert.equal(
    countOf(50, () => ask(member(1))),
    10,
  )
  pass(1_000_000)
  assert.equal(
    countOf(50, () => ask(member(1))),
    20,
    "a long rest gives one burst, not more",
  )
})

test("callers do not take from one another, nor members from strangers", () => {
  const { ask } = clocked()
  assert.equal(
    countOf(50, () => ask(member(1))),
    20,
  )
  assert.equal(
    countOf(50, () => ask(member(2))),
    20,
  )
  assert.equal(
    countOf(50, () => ask(stranger("192.0.2.1"))),
    20,
  )
  assert.equal(
    countOf(50, () => ask(stranger("127.0.0.1"))),
    20,
  )
  assert.equal(
    countOf(50, () => ask(stranger("::1"))),
    0,
    "this machine is one caller",
  )
})

test("many addresses are no way round: strangers share a rate, members keep theirs", () => {
  const { ask } = clocked()
  let [i, passed] = [0, 0]
  for (; i < 5000; i++) passed += ask(stranger(`198.51.${i >> 8}.${i & 255}`)) === 0 ? 1 : 0
  assert.equal(passed, 60)
  assert.equal(
    countOf(50, () => ask(member(1))),
    20,
  )
})

test("bytes count as well as requests, and a request larger than a burst waits for a whole one", () => {
  const { ask, pass } = clocked()
  assert.equal(ask(member(1), "mail", 1500), 0)
  assert.equal(ask(member(1), "mail", 1500), 1)
  assert.equal(ask(member(1), "mail", 500), 0)
  assert.equal(ask(member(1), "mail", 1_000_000), 2)
  pass(2000)
  assert.equal(ask(member(1), "mail", 1_000_000), 0)
  assert.equal(ask(member(1), "mail", 1), 999, "and is paid for afterwards")
})

test("what is on its way in is bounded, for one caller and for all, and comes back once", () => {
  const { quota } = clocked()
  const first = quota.enter(member(1), "mail", 400)
  assert.equal(quota.enter(member(1), "mail", 200).waitSeconds, 1)
  const others = [2, 3].map((number) => quota.enter(member(number), "mail", 400))
  assert.equal(quota.enter(member(4), "mail", 100).waitSeconds, 1, "all together")
  assert.equal(quota.enter(member(4), "others", 0).waitSeconds, 0)
  first.leave!()
  first.leave!()
  const again = quota.enter(member(1), "mail", 400)
  assert.equal(again.waitSeconds, 0)
  assert.equal(quota.enter(member(4), "mail", 100).waitSeconds, 1, "left twice counts once")
  for (const entry of [again, ...others]) entry.leave!()
  const large = clocked().quota.enter(member(1), "mail", 5000)
  assert.equal(large.waitSeconds, 0, "a large one may come in alone")
})

test("a refused request costs nothing", () => {
  const { ask, pass } = clocked()
  assert.equal(
    countOf(20, () => ask(member(1), "mail")),
    20,
  )
  for (let i = 0; i < 1000; i++) ask(member(1), "mail", 100)
  pass(1000)
  assert.equal(
    countOf(50, () => ask(member(1), "mail")),
    10,
  )
})

test("in any stretch of time a caller gets at most a burst and what has grown since", () => {
  const steps = fc.array(fc.tuple(fc.nat(400), fc.nat(30)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (asked) => {
      const { ask, pass } = clocked()
      let [elapsed, passed] = [0, 0]
      for (const [ms, times] of asked) {
        pass(ms)
        elapsed += ms
        passed += countOf(times, () => ask(member(1)))
        assert.ok(passed <= 20 + elapsed / 100 + 1e-6, `${passed} in ${elapsed} ms`)
      }
    }),
  )
})

test("whatever addresses come, few are remembered", () => {
  const { quota } = clocked(usualQuotas)
  for (let i = 0; i < 100_000; i++)
    quota.enter(stranger(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`), "others", 0).leave?.()
  assert.ok(quota.size <= 4096, `${quota.size}`)
})

test("an address is a caller by what one subscriber has of it", () => {
  const same: readonly (readonly [string, string])[] = [
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8::1", "2001:DB8:0:0:ffff::2"],
    ["2001:db8:0:1:2:3:4:5", "2001:0db8:0000:0001::"],
    ["::1", "127.3.2.1"],
    ["::2", "::3"],
  ]
  for (const [a, b] of same) assert.equal(addressClass(a), addressClass(b), `${a} ${b}`)
  const apart: readonly (readonly [string, string])[] = [
    ["192.0.2.7", "192.0.2.8"],
    ["2001:db8:0:1::1", "2001:db8:0:2::1"],
    ["::1", "::2"],
    ["fe80::1", "2001:db8::1"],
  ]
  for (const [a, b] of apart) assert.notEqual(addressClass(a), addressClass(b), `${a} ${b}`)
  assert.equal(addressClass(undefined), "")
})

test("the usual quotas carry 400 visits a second through one node", () => {
  const { ask, pass } = clocked(usualQuotas)
  const caller = stranger("127.0.0.1")
  for (let tenth = 0; tenth < 100; tenth++) {
    for (const who of [caller, member(1)]) {
      for (let n = 0; n < 200; n++) assert.equal(ask(who, "transactions", 2000), 0)
      for (let n = 0; n < 400; n++) assert.equal(ask(who, "mail", 8000), 0)
    }
    pass(100)
  }
})
