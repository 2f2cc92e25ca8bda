/**
 * What the practice's own claims say for certain about one another: the number (NPI) that goes with a provider's name,
 * and the authorization numbers of a patient. A correction may use these; nothing else is filled in.
 */
import type { Claim837, Party837 } from "../../../formats/x12/claim/claim-837.ts"
import { plainKey } from "../intake/payer.ts"
import type { SentLine, SentPlace } from "../intake/sent.ts"
import type { Account } from "../match/account.ts"

interface AuthorizedLine {
  readonly number: string
  readonly place: SentPlace
}

const placeKey = ({ file, transaction, ordinal }: SentPlace) => `${file}.${transaction}.${ordinal}`

export class KnownFacts {
  readonly #numbers = new Map<string, Set<string>>()
  readonly #authorizations = new Map<string, AuthorizedLine[]>()

  /** Remembers what a claim says; called once for each claim that is read. */
  learn(claim: Claim837, place: SentPlace): void {
    const parties = [claim.billing, claim.rendering, claim.referring, claim.attending, claim.facility]
    for (const party of parties) if (party !== undefined) this.#learnNumber(party)
    for (const line of claim.lines) {
      if (line.rendering !== undefined) this.#learnNumber(line.rendering)
      const number = line.authorization ?? claim.authorization
      if (number === undefined || number === "") continue
      const member = (claim.patient?.id ?? "") === "" ? claim.subscriber.id : claim.patient!.id
      const payer = plainKey(claim.payer.last) === "" ? plainKey(claim.payer.id) : plainKey(claim.payer.last)
      const key = ownText(`${member}|${payer}|${line.code}`)
      const others = this.#authorizations.get(key)
      const entry = { number: ownText(number), place }
      if (others === undefined) this.#authorizations.set(key, [entry])
      else others.push(entry)
    }
  }

  #learnNumber(party: Party837): void {
    if (party.qualifier !== "XX" || !/^\d{10}$/.test(party.id)) return
    const name = nameKey(party)
    const known = this.#numbers.get(name)
    if (known === undefined) this.#numbers.set(ownText(name), new Set([ownText(party.id)]))
    else if (!known.has(party.id)) known.add(ownText(party.id))
  }

  /** The one number that goes with this name in all files; undefined when there is none or more than one. */
  numberOf(party: Party837): string | undefined {
    const known = this.#numbers.get(nameKey(party))
    return known?.size === 1 ? [...known][0] : undefined
  }

  /**
   * The one authorization number that another claim of this patient to this payer bears for this code, where the payer
   * paid that claim; undefined when there is none or more than one.
   */
  authorizationFor(account: Account, line: SentLine, isPaid: (place: string) => boolean): string | undefined {
    const { claim } = account
    const found = this.#authorizations.get(`${claim.member}|${claim.payer.key}|${line.code}`) ?? []
    const own = placeKey(claim.place)
    const numbers = new Set(
      found.filter(({ place }) => placeKey(place) !== own && isPaid(placeKey(place))).map(({ number }) => number),
    )
    return numbers.size === 1 ? [...numbers][0] : undefined
  }
}

/** Places of accounts that were paid, for `authorizationFor`. */
export function paidPlaces(accounts: readonly Account[]): (place: string) => boolean {
  let places: Set<string> | undefined
  return (place) => {
    places ??= new Set(
      accounts
        .filter(({ answers }) => answers.some(({ kind, answer }) => kind === "answer" && answer.paid > 0n))
        .map(({ claim }) => placeKey(claim.place)),
    )
    return places.has(place)
  }
}

const nameKey = ({ last, first, isPerson }: Party837) => `${isPerson ? 1 : 2}|${plainKey(last)}|${plainKey(first)}`
const ownText = (text: string) => ` ${text}`.slice(1)
