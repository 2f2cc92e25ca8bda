/**
 * The desk's side of the API: named operations, each a function of decoded fields. Everything a person does at a desk
 * is one of these, so a program can do it too.
 */
import { fromHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"

export type Operation = (fields: Fields) => Promise<unknown>
export type Operations = Readonly<Record<string, Operation>>

interface Range {
  readonly least?: number
  readonly most?: number
}
const isWhole = (value: unknown, { least = 0, most = Number.MAX_SAFE_INTEGER }: Range): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
const described = ({ least = 0, most }: Range) =>
  most === undefined ? `of ${least} or more` : `of ${least} to ${most}`
const isCode = (value: unknown): value is string => typeof value === "string" && /^[ -~]{1,128}$/.test(value)

/** Reads the fields of a JSON body one by one, each refusal naming its field. Amounts are decimal strings. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #at: string

  constructor(value: unknown, at = "body") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      refuse("field", "Cannot read request: an object is expected", at, "Send a JSON object")
    }
    this.#value = value as Readonly<Record<string, unknown>>
    this.#at = at
  }

  #refuse(name: string, what: string): never {
    return refuse("field", `Cannot read request: ${what} is expected`, `${this.#at}.${name}`, "Fix the field")
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null
  }

  text(name: string): string {
    const value = this.#value[name]
    return typeof value === "string" ? value : this.#refuse(name, "text")
  }

  integer(name: string, range: Range = {}): number {
    const value = this.#value[name]
    return isWhole(value, range) ? value : this.#refuse(name, `a whole number ${described(range)}`)
  }

  /** An organization's number. */
  organization(name: string): number {
    return this.integer(name, { least: 1, most: 65_535 })
  }

  flag(name: string): boolean {
    return this.#value[name] === true
  }

  amount(name: string): bigint {
    const value = this.#value[name]
    return typeof value === "string" && /^\d{1,16}$/.test(value)
      ? BigInt(value)
      : this.#refuse(name, "an amount in minor units as a string")
  }

  bytes(name: string, length?: number): Uint8Array {
    const value = this.#value[name]
    if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-f]*$/.test(value))
      return this.#refuse(name, "lower-case hex")
    const bytes = fromHex(value)
    return length === undefined || bytes.length === length ? bytes : this.#refuse(name, `${length} bytes in hex`)
  }

  list(name: string): readonly unknown[] {
    const value = this.#value[name]
    return Array.isArray(value) ? value : this.#refuse(name, "a list")
  }

  /** A code: 1 to 128 printable characters, as claims carry them. */
  code(name: string): string {
    const value = this.#value[name]
    return isCode(value) ? value : this.#refuse(name, "a code of 1 to 128 printable ASCII characters")
  }

  codes(name: string, { most = Number.POSITIVE_INFINITY }: Range = {}): readonly string[] {
    const items = this.list(name)
    return items.length <= most && items.every(isCode) ? items : this.#refuse(name, `a list of at most ${most} codes`)
  }

  /** At most `length` whole numbers, each in the range. */
  integers(
    name: string,
    { length = Number.POSITIVE_INFINITY, ...range }: Range & { length?: number } = {},
  ): readonly number[] {
    const items = this.list(name)
    const good = items.every((item): item is number => isWhole(item, range))
    return good && items.length <= length ? items : this.#refuse(name, `a list of whole numbers ${described(range)}`)
  }

  objects(name: string): readonly Fields[] {
    return this.list(name).map((item, i) => new Fields(item, `${this.#at}.${name}[${i}]`))
  }

  object(name: string): Fields {
    return new Fields(this.#value[name], `${this.#at}.${name}`)
  }
}
