/** What no signature stops, tried all the same, and said in plain words. */
import { formatMoney } from "../../../base/money.ts"
import { openingOf } from "./attacker.ts"
import { attack } from "./family.ts"

/** A sentence that sounds right and is not: she cannot judge it, and signs. */
export const plausibleFalsehood = attack("facts a patient cannot judge", async (attacker) => {
  const name = "facts a patient cannot judge"
  const facts = attacker.scene.told.facts.map(({ sentence, entry }, i) => ({
    sentence: i === 0 ? "The pressure in the left eye was 31 mmHg." : sentence,
    entry,
  }))
  const settled = await attacker.settled({ facts })
  const { settled: through } = await settled.journey.status()
  if (!through) return { name, result: "blocked", by: "wallet", detail: "It did not settle." }
  const amount = formatMoney(openingOf(settled).amount)
  return {
    name,
    result: "missed",
    by: "nobody",
    detail: `A measured value that nobody measured was signed and settled for ${amount}; only a second look at the patient tells.`,
  }
})

/** Not a technical attack: there is nothing to run. */
export const pressure = attack("signing under pressure", async () => ({
  name: "signing under pressure",
  result: "missed",
  by: "nobody",
  detail:
    "Not run, because no program can: whoever is made to sign gives a good signature. She can say so later, and the record shows who was there.",
}))
