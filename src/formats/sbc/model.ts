/**
 * A second, smaller way to the member's parts, line by line from the design alone. The cases beside each encoded plan
 * expect what it says; the engine, which reads the document, has to say the same.
 */
import { divide, maximum, minimum } from "../../base/money.ts"
import { type Design, medicines, type Service, shareOf } from "./design.ts"
import type { Per } from "./phrases.ts"

export interface Parts {
  readonly deductible: bigint
  readonly copay: bigint
  readonly coinsurance: bigint
}

/** What is left of each yearly sum, in cents, and the visits that still cost less. */
export interface Rooms {
  medical: bigint
  drug: bigint
  most: bigint
  first: bigint
}

export function fullRooms(design: Design): Rooms {
  const first = [...design.shares.values()].find(({ share }) => share.first !== undefined)?.share.first
  return {
    medical: design.deductible.person,
    drug: design.drug?.deductible ?? 0n,
    most: design.most?.person ?? 10n ** 15n,
    first: first?.visits ?? 0n,
  }
}

/** What a copay is asked for where the filing leaves it open: a visit where one goes to a doctor, else each service. */
export function perOf(service: Service, per: Per | undefined): Per {
  if (per !== undefined) return per
  const visits: readonly Service[] = ["primary", "specialist", "mental", "therapy", "walk-in", "er"]
  if (visits.includes(service)) return "visit"
  return medicines.includes(service) ? "prescription" : "service"
}

/** One line; `visited`: the copay of its visit was asked before. */
export function modelLine(design: Design, rooms: Rooms, service: Service, amount: bigint, visited = false): Parts {
  const share = shareOf(design, service)
  if (share.first !== undefined && rooms.first > 0n) {
    rooms.first--
    return cap(rooms, { deductible: 0n, copay: minimum(amount, share.first.copay), coinsurance: 0n })
  }
  const owner = medicines.includes(service) && design.drug !== undefined ? "drug" : "medical"
  let left = amount
  const takeCopay = () => {
    const copay = visited ? 0n : minimum(left, share.copay ?? 0n)
    left -= copay
    return copay
  }
  const before = share.deductible === "before" ? takeCopay() : 0n
  const deductible = share.deductible === "none" ? 0n : minimum(left, rooms[owner])
  left -= deductible
  const copay = before + (share.deductible === "before" ? 0n : takeCopay())
  const part = minimum(divide(left * (share.coinsurance ?? 0n), 10_000n, "half-up"), share.atMost ?? left)
  const parts = cap(rooms, { deductible, copay, coinsurance: part })
  rooms[owner] -= parts.deductible
  return parts
}

/** The most of a year: the part gives way first, then the deductible, then the copay. */
function cap(rooms: Rooms, parts: Parts): Parts {
  let over = maximum(0n, parts.deductible + parts.copay + parts.coinsurance - rooms.most)
  const cut = (amount: bigint) => {
    const off = minimum(over, amount)
    over -= off
    return amount - off
  }
  const coinsurance = cut(parts.coinsurance)
  const deductible = cut(parts.deductible)
  const copay = cut(parts.copay)
  rooms.most -= deductible + copay + coinsurance
  return { deductible, copay, coinsurance }
}

export interface ModelLine {
  readonly service: Service
  readonly amount: bigint
  readonly day: number
}

/** The parts of several lines, one after another; a copay for a visit is asked once a day, or once where all is one day. */
export function modelLines(design: Design, lines: readonly ModelLine[], days: "days" | "one day" = "days"): Parts {
  const rooms = fullRooms(design)
  const visits = new Set<string>()
  let sum: Parts = { deductible: 0n, copay: 0n, coinsurance: 0n }
  for (const { service, amount, day } of lines) {
    const visit = `${service} ${days === "days" ? day : 0}`
    const paid = visits.has(visit) && perOf(service, shareOf(design, service).per) === "visit"
    const parts = modelLine(design, rooms, service, amount, paid)
    if (parts.copay > 0n) visits.add(visit)
    sum = {
      deductible: sum.deductible + parts.deductible,
      copay: sum.copay + parts.copay,
      coinsurance: sum.coinsurance + parts.coinsurance,
    }
  }
  return sum
}
