/**
 * Who a payer is. Claims and remittances name the same payer by different numbers and spellings, so names are compared
 * by their letters and digits alone, and whoever answers a payer's claims is taken to be that payer.
 */
import type { Texts } from "./texts.ts"

export interface PayerName {
  /** As sent, for printing. */
  readonly name: string
  readonly id: string
  /** Upper-case letters and digits of the name, of the id where there is no name. */
  readonly key: string
  /** All that a contract may call this payer by: letters and digits of its name and of its ids. */
  readonly tokens: readonly string[]
}

/** Upper-case letters and digits: `Sample Mutual, Inc.` is `SAMPLEMUTUALINC`. */
export function plainKey(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, "")
}

/** Payers by name and id, each kept once. */
export class Payers {
  readonly #known = new Map<string, PayerName>()
  readonly #texts: Texts

  constructor(texts: Texts) {
    this.#texts = texts
  }

  named(name: string, id: string, alsoKnownAs = ""): PayerName {
    const place = `${name}|${id}|${alsoKnownAs}`
    const known = this.#known.get(place)
    if (known !== undefined) return known
    const tokens = [...new Set([name, id, alsoKnownAs].map(plainKey).filter((key) => key !== ""))]
    const key = plainKey(name) === "" ? (tokens[0] ?? "") : plainKey(name)
    const payer = { name: this.#texts.own(name.trim()), id: this.#texts.own(id.trim()), key, tokens }
    this.#known.set(this.#texts.own(place), payer)
    return payer
  }
}

/** How a payer is printed; a payer that nobody names is said to be unnamed. */
export function payerLabel(payer: PayerName): string {
  if (payer.name !== "") return payer.name
  return payer.id === "" ? "unnamed payer" : payer.id
}
