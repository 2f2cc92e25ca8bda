/** The papers of decided claims for machines: an 835 to each provider, FHIR explanations of benefits. */
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import type { DecidedClaim } from "../../billing/decide-claim.ts"
import { explanationOfBenefit } from "../../formats/fhir/eob.ts"
import type { Party837 } from "../../formats/x12/claim/claim-837.ts"
import { write835 } from "../../formats/x12/remittance/write-835.ts"
import { encodeLeg } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"

const nameOf = ({ isPerson, first, last }: Party837) => (isPerson ? `${first} ${last}`.trim() : last)

/** A number for what has none yet: the digest of what was decided. */
const digestOf = ({ outcome }: DecidedClaim) => sha256(encodeLeg(outcome.leg))

const isDecided = ({ outcome }: DecidedClaim) =>
  outcome.leg.lines.some((line) => line.status !== "pended" && line.status !== "held")

const remittanceParty = (party: Party837) => ({
  name: nameOf(party),
  id: party.id,
  ...(party.street.length === 0 ? {} : { street: party.street }),
  ...(party.city.length === 0 ? {} : { city: party.city }),
})

/** One interchange for each billing provider. What waits stands in none. */
export function remittancePapers(plan: Plan, decided: readonly DecidedClaim[]): string {
  if (plan.front.currency.exponent !== 2) {
    refuse(
      "x12-currency",
      "Cannot write the 835: the plan's currency has not two decimals",
      "--as",
      "Ask for eob or json",
    )
  }
  const byPayee = new Map<string, DecidedClaim[]>()
  for (const one of decided.filter(isDecided)) {
    const { id } = one.sent.billing
    byPayee.set(id, [...(byPayee.get(id) ?? []), one])
  }
  if (byPayee.size === 0)
    refuse("x12-nothing", "Cannot write the 835: no line is decided", "--as", "Ask for eob or json")
  let control = 0
  return [...byPayee.values()]
    .map((claims) => {
      control++
      const day = Math.max(...claims.map((one) => one.input.claim.value.received))
      const { billing, payer } = claims[0]!.sent
      const remittance = {
        payer: remittanceParty(payer),
        payee: { ...remittanceParty(billing), qualifier: billing.qualifier === "XX" ? "XX" : "FI" } as const,
        payment: sha256(toUtf8(claims.map((one) => toHex(digestOf(one))).join(""))),
        day,
        // A predetermination pays nothing.
        paid: claims.reduce((sum, { input, outcome }) => {
          return input.claim.value.use === "quote" ? sum : sum + outcome.leg.totals.benefit
        }, 0n),
        claims: claims.map((one) => ({
          control: one.sent.control,
          payerControl: toHex(digestOf(one)).slice(0, 20).toUpperCase(),
          patient: { id: one.sent.subscriber.id },
          claim: one.input.claim.value,
          leg: one.outcome.leg,
          lineOf: one.read.lineOf,
          ...(one.sent.filing === "" ? {} : { filing: one.sent.filing }),
          ...(one.sent.rendering?.qualifier === "XX" ? { rendering: one.sent.rendering.id } : {}),
          rank: Math.min(one.sent.rank, 3) as 1 | 2 | 3,
        })),
      }
      const envelope = { sender: payer.id.slice(0, 15), receiver: billing.id.slice(0, 15), control, day, minute: 0 }
      return fromUtf8(write835(remittance, envelope))!
    })
    .join("")
}

/** One resource for a claim, a Bundle for several. */
export function fhirPapers(plan: Plan, decided: readonly DecidedClaim[]): string {
  const resources = decided.map((one) => {
    const { sent, input, outcome } = one
    const { billing, payer, rendering } = sent
    const author = rendering ?? sent.attending ?? billing
    return explanationOfBenefit({
      plan,
      claim: input.claim.value,
      leg: outcome.leg,
      statement: toHex(digestOf(one)),
      patient: sent.subscriber.id,
      coverage: toHex(plan.digest).slice(0, 32),
      insurer: { id: payer.id, name: nameOf(payer) },
      provider: { id: billing.id, name: nameOf(billing) },
      practitioner: { id: author.id, name: nameOf(author) },
      created: input.claim.value.received,
    })
  })
  const whole =
    resources.length === 1
      ? resources[0]
      : { resourceType: "Bundle", type: "collection", entry: resources.map((resource) => ({ resource })) }
  return JSON.stringify(whole, undefined, 1)
}
