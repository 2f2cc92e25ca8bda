/**
 * How much each caller may ask of a node's doors, in requests and bytes: token buckets over this machine's own clock,
 * one set a caller. A caller is a member organization, known by the key of its connection; anybody else is the address
 * that the request comes from. What the ledger decides never depends on any of it.
 */

/** `perSecond` in the long run, and `burst` at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** The doors that have a rate of their own; every request counts as a request, too. */
export type Door = "transactions" | "mail" | "others"

export interface Rates {
  readonly requests: Rate
  readonly transactions: Rate
  readonly mail: Rate
  readonly bytes: Rate
}

export interface Quotas {
  /** One member organization. */
  readonly member: Rates
  /** Whoever asks from this machine without a member's certificate: nodes without TLS, wallets beside them. */
  readonly loopback: Rates
  /** One address elsewhere. */
  readonly stranger: Rates
  /** All strangers taken together, so that many addresses are no way round. */
  readonly strangers: Rates
  /** Bytes of requests that may be on their way in at once: of one caller, and of all. */
  readonly heldBytes: { readonly each: number; readonly all: number }
}

const MiB = 1024 * 1024
const rates = (perSecond: number, bytesPerSecond: number, seconds: number): Rates => {
  const rate = { perSecond, burst: perSecond * seconds }
  return { requests: rate, transactions: rate, mail: rate, bytes: { perSecond: bytesPerSecond, burst: 128 * MiB } }
}

/**
 * A visit takes five transactions and some ten letters: 400 a second through one node are 2,000 and 4,000, and a member
 * may have half as much again. A stranger is a household, or a clinic's waiting room behind one address.
 */
export const usualQuotas: Quotas = {
  member: rates(10_000, 64 * MiB, 4),
  loopback: rates(10_000, 64 * MiB, 4),
  stranger: rates(100, 4 * MiB, 4),
  strangers: rates(4_000, 32 * MiB, 2),
  heldBytes: { each: 64 * MiB, all: 256 * MiB },
}

class Bucket {
  readonly #rate: Rate
  #tokens: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /** Seconds until `amount` is there; 0 when it is. More than a burst waits for a whole burst. */
  wait(amount: number, now: number): number {
    const { perSecond, burst } = this.#rate
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) / 1000) * perSecond)
    this.#at = now
    const missing = Math.min(amount, burst) - this.#tokens
    return missing <= 0 ? 0 : missing / perSecond
  }

  take(amount: number): void {
    this.#tokens -= amount
  }
}

/** One caller's buckets, and the bytes of its requests that are on their way in. */
class Account {
  readonly #buckets: Readonly<Record<keyof Rates, Bucket>>
  held = 0

  constructor(limits: Rates, now: number) {
    this.#buckets = {
      requests: new Bucket(limits.requests, now),
      transactions: new Bucket(limits.transactions, now),
      mail: new Bucket(limits.mail, now),
      bytes: new Bucket(limits.bytes, now),
    }
  }

  #charges(door: Door, bytes: number): readonly (readonly [Bucket, number])[] {
    const { requests, bytes: volume } = this.#buckets
    const charges: (readonly [Bucket, number])[] = [
      [requests, 1],
      [volume, bytes],
    ]
    if (door !== "others") charges.push([this.#buckets[door], 1])
    return charges
  }

  wait(door: Door, bytes: number, now: number): number {
    return Math.max(...this.#charges(door, bytes).map(([bucket, amount]) => bucket.wait(amount, now)))
  }

  take(door: Door, bytes: number): void {
    for (const [bucket, amount] of this.#charges(door, bytes)) bucket.take(amount)
  }
}

/** Strangers remembered at once; the one longest not seen is forgotten first. */
const mostStrangers = 4096

/**
 * An address as a caller: this machine as one, an IPv4 address by itself, IPv6 by its first 64 bits, which is what one
 * subscriber has.
 */
export function addressClass(address: string | undefined): string {
  const plain = (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "").toLowerCase()
  if (plain === "::1" || plain.startsWith("127.")) return "loopback"
  if (!plain.includes(":")) return plain
  const [head = "", tail] = plain.split("::", 2)
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")
}

export interface Caller {
  /** The member organization that the connection's key is of. */
  readonly organization: number | undefined
  readonly address: string | undefined
}

/** What was let in; `leave` gives the bytes back once the request is answered or gone. */
export type Entry = { readonly waitSeconds: 0; leave(): void } | { readonly waitSeconds: number; leave?: undefined }

export class Quota {
  readonly #quotas: Quotas
  readonly #now: () => number
  readonly #members = new Map<number, Account>()
  readonly #addresses = new Map<string, Account>()
  readonly #strangers: Account
  #held = 0

  /** @param now - milliseconds of a clock that does not go back. */
  constructor(quotas: Quotas = usualQuotas, now: () => number = () => performance.now()) {
    this.#quotas = quotas
    this.#now = now
    this.#strangers = new Account(quotas.strangers, now())
  }

  /** Callers that are remembered: bounded, whatever comes. */
  get size(): number {
    return this.#members.size + this.#addresses.size
  }

  /** Takes what a request costs, or nothing at all: then `waitSeconds` says when to ask again, a whole number. */
  enter(caller: Caller, door: Door, bytes: number): Entry {
    const now = this.#now()
    const accounts = this.#accountsOf(caller, now)
    const [own] = accounts as [Account]
    const wait = Math.max(...accounts.map((account) => account.wait(door, bytes, now)))
    if (wait > 0) return { waitSeconds: Math.max(1, Math.ceil(wait)) }
    const { each, all } = this.#quotas.heldBytes
    // One request may always come in alone, however large.
    if ((own.held > 0 && own.held + bytes > each) || (this.#held > 0 && this.#held + bytes > all))
      return { waitSeconds: 1 }
    for (const account of accounts) account.take(door, bytes)
    own.held += bytes
    this.#held += bytes
    let left = false
    const leave = () => {
      if (left) return
      left = true
      own.held -= bytes
      this.#held -= bytes
    }
    return { waitSeconds: 0, leave }
  }

  #accountsOf({ organization, address }: Caller, now: number): readonly Account[] {
    if (organization !== undefined) {
      const known = this.#members.get(organization) ?? new Account(this.#quotas.member, now)
      this.#members.set(organization, known)
      return [known]
    }
    const name = addressClass(address)
    const isLoopback = name === "loopback"
    const known = this.#addresses.get(name) ?? new Account(this.#quotas[isLoopback ? "loopback" : "stranger"], now)
    this.#addresses.delete(name)
    this.#addresses.set(name, known)
    if (this.#addresses.size > mostStrangers) this.#forgetOldest()
    return isLoopback ? [known] : [known, this.#strangers]
  }

  #forgetOldest(): void {
    for (const [name, account] of this.#addresses) {
      if (account.held > 0) continue
      this.#addresses.delete(name)
      return
    }
  }
}
