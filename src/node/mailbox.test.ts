/**
 * Goal: a letter is read once, in order, by whom it is for, and none is lost while a node is away. Method: two
 * mailboxes on real work stores, joined by a wire that hands bytes over, fails when told, and repeats itself.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, beforeEach, test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import { equalBytes, toHex } from "../base/bytes.ts"
import { decode } from "../base/cbor.ts"
import { Fault } from "../base/fault.ts"
import { Refused } from "../base/refusal.ts"
import { encodeAs } from "../base/schema.ts"
import { encodePayload, mailBody, mailType, signPayload } from "../ledger/envelopes.ts"
import { generateNodeKey, mailInfo, sealFor } from "../record/bundle-sealing.ts"
import { letter, letterBodies, type MailboxAddress } from "../record/letter.ts"
import { WorkStore } from "../store/work-store.ts"
import { KeyRing } from "./keys.ts"
import { drainBody, drainType, Mailbox, type MailSurroundings } from "./mailbox.ts"
import type { Request } from "./transport.ts"
import { Work } from "./work.ts"

const chainId = "mail-test"
const startKey = "k".repeat(32)
const filled = (byte: number) => new Uint8Array(32).fill(byte)
const root = mkdtempSync(join(tmpdir(), "countersign-mail-"))
const numbers = { clinic: 1, payer: 3 } as const
const names = new Map<number, string>([
  [numbers.clinic, "clinic"],
  [numbers.payer, "payer"],
])

class Office {
  readonly number: number
  readonly keys: KeyRing
  readonly work: Work
  readonly sealingKey: Uint8Array
  readonly #store: WorkStore
  readonly read: string[] = []
  mail: Mailbox
  hour = 1000
  chain: { readonly chainId: string; readonly former?: string } = { chainId }

  private constructor(number: number, store: WorkStore, opened: { work: Work; keys: KeyRing; sealingKey: Uint8Array }) {
    this.number = number
    this.#store = store
    this.work = opened.work
    this.keys = opened.keys
    this.sealingKey = opened.sealingKey
    this.mail = this.newMailbox()
  }

  static async open(number: number): Promise<Office> {
    const store = new WorkStore(mkdtempSync(join(root, "office-")), startKey)
    const work = new Work(store, startKey)
    const keys = await KeyRing.open(work, "payer")
    const { publicKey } = await generateNodeKey(keys.seed("sealing"))
    return new Office(number, store, { work, keys, sealingKey: publicKey })
  }

  newMailbox(): Mailbox {
    const around: MailSurroundings = {
      organization: this.number,
      keys: this.keys,
      work: this.work,
      request,
      chainId: () => this.chain.chainId,
      former: () => this.chain.former,
      hour: () => this.hour,
      correspondent: (number) => {
        const office = offices.get(number)
        return office && { url: `http://${names.get(number)}`, sealingKey: office.sealingKey }
      },
      maySend: (key, number) => {
        const office = offices.get(number)
        return office !== undefined && equalBytes(key.subarray(1), office.keys.publicKey("operate"))
      },
    }
    const mail = new Mailbox(around)
    mail.on("disagreement", async ({ sender }, { reason }) => {
      if (reason === "outage") throw new Fault("Cannot read letter: the disk is away")
      this.read.push(`${sender} ${reason}`)
    })
    return mail
  }

  /** The process ends and starts again on the same disk. */
  async restart(): Promise<void> {
    this.mail.stop()
    await this.mail.rest()
    this.mail = this.newMailbox()
    this.mail.resume()
  }

  async close(): Promise<void> {
    this.mail.stop()
    await this.mail.rest()
    await this.#store.close()
  }
}

const offices = new Map<number, Office>()
let [clinic, payer]: Office[] = []
const here = () => clinic as Office
const there = () => payer as Office
/** What the wire does with a post: undefined is a broken line. */
let wire: (deliver: () => Promise<number>) => Promise<number | undefined> = (deliver) => deliver()

let retryAfter: number | undefined
const request: Request = async (url, { body } = {}) => {
  const name = new URL(url).host
  const office = [...offices.values()].find(({ number }) => names.get(number) === name)!
  const deliver = () =>
    office.mail.receive(new Uint8Array(body as Uint8Array)).then(
      () => 202,
      (error: unknown) => (error instanceof Refused ? 422 : 503),
    )
  const status = await wire(deliver)
  if (status === undefined) throw new Fault("Cannot reach node", { retryable: true })
  return { status, bytes: new Uint8Array(0), retryAfter }
}

beforeEach(async () => {
  for (const office of offices.values()) await office.close()
  offices.clear()
  clinic = await Office.open(numbers.clinic)
  payer = await Office.open(numbers.payer)
  offices.set(numbers.clinic, clinic)
  offices.set(numbers.payer, payer)
  wire = (deliver) => deliver()
  retryAfter = undefined
})
after(async () => {
  for (const office of offices.values()) await office.close()
  rmSync(root, { recursive: true })
})

const say = (from: Office, to: number | MailboxAddress, reason: string) =>
  from.mail.send(to, "disagreement", { statement: filled(7), reason }, filled(8))

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !what(); tries++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(what(), "in time")
}
const sent = (office: Office) => until(() => office.work.rows("outbox").length === 0)

interface Writing {
  readonly sender: number
  readonly seed?: Uint8Array
  readonly reason?: string
  readonly content?: Uint8Array
  readonly to?: number | Uint8Array
  readonly sealingKey?: Uint8Array
  readonly meaning?: "mailed" | "agreed"
  readonly chain?: string
}

/** An envelope by anybody's hand. */
async function envelope(writing: Writing): Promise<Uint8Array> {
  const { sender, seed = filled(9), reason = "x", to = numbers.payer, sealingKey = there().sealingKey } = writing
  const body = encodeAs(letterBodies.disagreement, { statement: filled(7), reason })
  const content =
    writing.content ?? encodeAs(letter, { kind: "disagreement", sender, thread: filled(8), answerTo: undefined, body })
  const sealed = await sealFor(sealingKey, mailInfo, content)
  const payload = encodePayload(mailType, 1024, mailBody, { to, sealed })
  return signPayload(writing.chain ?? chainId, payload, [{ signer: { seed }, meaning: writing.meaning ?? "mailed" }])
}

test("letters arrive in the order they were posted, each read once", async () => {
  for (const reason of ["a", "b", "c", "d"]) {
    await say(here(), numbers.payer, reason)
    await sent(here())
  }
  await there().mail.idle()
  assert.deepEqual(there().read, ["1 a", "1 b", "1 c", "1 d"])
  assert.equal(there().work.rows("inbox").length, 0)
})

test("the same envelope counts once: posted twice at once, later, and after a restart", async () => {
  const bytes = await envelope({ sender: 0, reason: "once" })
  await Promise.all([there().mail.receive(bytes), there().mail.receive(bytes.slice())])
  await there().mail.idle()
  await there().mail.receive(bytes)
  await there().restart()
  await there().mail.receive(bytes)
  await there().mail.idle()
  assert.deepEqual(there().read, ["0 once"])
})

test("a letter whose post failed is posted again until the other side has it, and is still read once", async () => {
  let tries = 0
  wire = async (deliver) => {
    tries++
    if (tries === 1) return undefined
    if (tries === 2) return 503
    // It arrived, but the answer was lost.
    if (tries === 3) {
      await deliver()
      return undefined
    }
    return deliver()
  }
  await say(here(), numbers.payer, "again")
  await sent(here())
  await there().mail.idle()
  assert.equal(tries, 4)
  assert.deepEqual(there().read, ["1 again"])
})

test("what was not delivered when the sender stopped is delivered after its restart", async () => {
  wire = async () => undefined
  await say(here(), numbers.payer, "first")
  await say(here(), numbers.payer, "second")
  here().mail.stop()
  await here().mail.rest()
  assert.equal(here().work.rows("outbox").length, 2)
  assert.deepEqual(there().read, [])
  wire = (deliver) => deliver()
  await here().restart()
  await sent(here())
  await there().mail.idle()
  assert.deepEqual([...there().read].sort(), ["1 first", "1 second"])
})

test("a letter that the reader's node could not read stays, and is read at its next start", async () => {
  await there().mail.receive(await envelope({ sender: 0, reason: "outage" }))
  await there().mail.receive(await envelope({ sender: 0, reason: "fine" }))
  await there().mail.idle()
  assert.deepEqual(there().read, ["0 fine"], "the one behind it does not wait")
  assert.equal(there().work.rows("inbox").length, 1)
})

test("a letter that arrived while the reader stopped is read at its next start", async () => {
  there().mail.stop()
  await there().mail.receive(await envelope({ sender: 0, reason: "late" }))
  await there().mail.idle()
  assert.deepEqual(there().read, [])
  await there().restart()
  await there().mail.idle()
  assert.deepEqual(there().read, ["0 late"])
})

test("a post that is refused is given up: repeating it would not help", async () => {
  wire = async () => 422
  await say(here(), numbers.payer, "refused")
  await sent(here())
})

test("a post over the other side's quota is posted again, not before the time that it names", async () => {
  const times: number[] = []
  retryAfter = 1
  wire = async (deliver) => (times.push(performance.now()) === 1 ? 429 : deliver())
  await say(here(), numbers.payer, "patient")
  await sent(here())
  await there().mail.idle()
  assert.deepEqual(there().read, ["1 patient"])
  assert.ok(times[1]! - times[0]! > 950, `${times[1]! - times[0]!} ms`)
})

test("a letter in an organization's name is dropped unless that organization's key for mail signed it", async () => {
  const good = here().keys.seed("operate")
  const other = here().keys.seed("pay")
  for (const [seed, sender] of [
    [filled(9), numbers.clinic],
    [other, numbers.clinic],
    [good, numbers.payer],
    [good, 77],
  ] as const)
    await there().mail.receive(await envelope({ sender, seed, reason: "forged" }))
  await there().mail.receive(await envelope({ sender: numbers.clinic, seed: good, reason: "true" }))
  await there().mail.idle()
  assert.deepEqual(there().read, ["1 true"])
  assert.equal(there().work.rows("inbox").length, 0)
})

const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

test("what is no signed mail envelope of this chain is refused at the door", async () => {
  const good = await envelope({ sender: 0 })
  const flipped = good.slice()
  flipped[flipped.length - 1]! ^= 1
  const bad = [
    new Uint8Array(0),
    filled(1),
    flipped,
    good.subarray(0, good.length - 1),
    await envelope({ sender: 0, chain: "elsewhere" }),
    await envelope({ sender: 0, meaning: "agreed" }),
    signPayload(chainId, filled(2), [{ signer: { seed: filled(9) }, meaning: "mailed" }]),
  ]
  for (const bytes of bad) await assert.rejects(there().mail.receive(bytes), refusedWith("mail-bad"))
  await assert.rejects(there().mail.receive(await envelope({ sender: 0, to: 9 })), refusedWith("mail-not-mine"))
  assert.equal(there().work.rows("inbox").length, 0)
})

test("rubbish inside the seal, an unknown kind and a seal for another are dropped, and hold nothing up", async () => {
  const outer = (kind: string, body: Uint8Array) =>
    encodeAs(letter, { kind, sender: 0, thread: filled(8), answerTo: undefined, body })
  const rubbish: Writing[] = [
    { sender: 0, content: filled(3) },
    { sender: 0, content: outer("disagreement", filled(4)) },
    { sender: 0, content: outer("no-such-kind", filled(4)) },
    { sender: 0, content: outer("__proto__", filled(4)) },
    { sender: 0, sealingKey: here().sealingKey },
  ]
  for (const writing of rubbish) await there().mail.receive(await envelope(writing))
  await there().mail.receive(await envelope({ sender: 0, reason: "after" }))
  await there().mail.idle()
  assert.deepEqual(there().read, ["0 after"])
  assert.equal(there().work.rows("inbox").length, 0)
})

const handleSeed = filled(20)
const handle = publicKeyOf(handleSeed)
interface Asking {
  readonly received?: Uint8Array
  readonly seed?: Uint8Array
  readonly expiry?: number
  readonly of?: Uint8Array
}
function drain({ received, seed = handleSeed, expiry = 1001, of = handle }: Asking = {}): Promise<Uint8Array> {
  const payload = encodePayload(drainType, expiry, drainBody, { handle: of, received })
  return there().mail.drain(signPayload(chainId, payload, [{ signer: { seed }, meaning: "mailed" }]))
}
const drained = async (asking: Asking = {}) => (decode(await drain(asking)) as Uint8Array[]).map(toHex)

test("a wallet's letters wait, in order, until it says which arrived", async () => {
  const letters: Uint8Array[] = []
  for (const reason of ["a", "b", "c"]) letters.push(await envelope({ sender: 0, reason, to: handle }))
  for (const bytes of letters) await there().mail.receive(bytes)
  await there().mail.receive(await envelope({ sender: 0, to: publicKeyOf(filled(21)) }))
  assert.deepEqual(there().read, [], "the node that keeps them does not read them")
  const all = letters.map(toHex)
  assert.deepEqual(await drained(), all)
  assert.deepEqual(await drained(), all, "asking again changes nothing")
  await there().restart()
  assert.deepEqual(await drained(), all)
  const received = sha256(letters[1]!)
  assert.deepEqual(await drained({ received }), [all[2]])
  assert.deepEqual(await drained({ received }), [all[2]])
  assert.deepEqual(await drained({ received: filled(22) }), [all[2]], "a letter nobody knows frees nothing")
  assert.deepEqual(await drained({ received: sha256(letters[2]!) }), [])
  await there().mail.receive(letters[2]!)
  assert.deepEqual(await drained(), [], "what was drained does not come back")
})

test("only the handle's own key drains it, while the order is good", async () => {
  const waiting = await envelope({ sender: 0, to: handle })
  await there().mail.receive(waiting)
  const received = sha256(waiting)
  const bad: Asking[] = [
    { seed: filled(23), received },
    { expiry: 1000, received },
    { of: publicKeyOf(filled(21)), received },
  ]
  for (const asking of bad) await assert.rejects(drain(asking), refusedWith("drain-unsigned"))
  for (const bytes of [filled(1), new Uint8Array(0), waiting])
    await assert.rejects(there().mail.drain(bytes), refusedWith("drain-unsigned"))
  assert.deepEqual(await drained(), [toHex(waiting)])
})

test("mail is good for a day: expired it is refused, and what nobody fetched in time goes", async () => {
  const waiting = await envelope({ sender: 0, to: handle })
  await there().mail.receive(waiting)
  there().hour = 970
  await assert.rejects(there().mail.receive(await envelope({ sender: 0 })), Fault, "written at a block not here yet")
  there().hour = 1024
  await assert.rejects(there().mail.receive(await envelope({ sender: 0 })), refusedWith("mail-expired"))
  assert.equal(there().work.rows("waiting").length, 1)
  there().hour = 1080
  const next = encodePayload(mailType, 1090, mailBody, { to: handle, sealed: new Uint8Array(8) })
  await there().mail.receive(signPayload(chainId, next, [{ signer: { seed: filled(9) }, meaning: "mailed" }]))
  assert.equal(there().work.rows("waiting").length, 1, "only the fresh one is left")
  assert.equal(there().work.rows("mail-seen").length, 1)
})

test("letters on their way when the chain moves arrive on the new one; those of any other chain do not", async () => {
  wire = async () => undefined
  await say(here(), numbers.payer, "before")
  for (const office of offices.values()) {
    office.chain = { chainId: "moved", former: chainId }
    await office.restart()
  }
  wire = (deliver) => deliver()
  await say(here(), numbers.payer, "after")
  await until(() => there().read.length === 2)
  assert.deepEqual(there().read.toSorted(), ["1 after", "1 before"])
  here().chain = { chainId: "another" }
  const refused: (number | undefined)[] = []
  wire = async (deliver) => refused[refused.push(await deliver()) - 1]
  await say(here(), numbers.payer, "astray")
  await until(() => refused.length === 1)
  assert.deepEqual(refused, [422])
})
