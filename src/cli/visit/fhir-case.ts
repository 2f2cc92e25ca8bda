/**
 * `visit --fhir FILE --encounter ID`: one encounter of a Synthea-style Bundle as a visit. Its resources become sealed
 * entries byte for byte, each with one sentence of fact; its own claim gives the lines.
 *
 * A prescription is another bill, the pharmacy's: its Claim and MedicationRequest stay in the record as entries, its
 * lines are not billed with this visit, and the title says how many there are.
 */
import { refuse } from "../../base/refusal.ts"
import { formatDate } from "../../base/time.ts"
import { orRefuse } from "../../formats/answer.ts"
import { type EncounterRow, type FhirClaim, type FhirVisit, openVisits } from "../../formats/fhir/bundle.ts"
import { readMaybeGzipped } from "../input-file.ts"
import { caseOfForeignVisit } from "./foreign-case.ts"
import type { VisitCase } from "./visit-case.ts"

const examplesShown = 4

/** @throws Refused with what is wrong with the file, or a few encounters to choose from when none is named. */
export function caseFromFhir(path: string, encounterId: string | undefined): VisitCase {
  const bundle = orRefuse(openVisits(readMaybeGzipped(path)))
  if (encounterId === undefined) return refuseUnchosen(bundle.encounters)
  const row = bundle.encounters.find(({ id }) => encounterId.endsWith(id))
  return caseOf(orRefuse(bundle.read(encounterId)), row)
}

function refuseUnchosen(encounters: readonly EncounterRow[]): never {
  const some = encounters
    .slice(-examplesShown)
    .map(({ id, date, claimLines }) => `${id} (${date}, ${claimLines} ${plural(claimLines, "line")})`)
  const what = `Cannot tell the visit: the Bundle has ${encounters.length} ${plural(encounters.length, "encounter")} and none is named`
  return refuse("encounter-missing", what, "--encounter", `Name one, for instance ${some.join(", ")}`)
}

const plural = (count: number, word: string) => (count === 1 ? word : `${word}s`)
const shortened = (id: string) => id.slice(0, 8)

/** The encounter's own claim and how many prescriptions stand beside it. */
function ownClaim({ claims }: FhirVisit): { claim: FhirClaim; prescriptions: number } {
  const own = claims.filter(({ kind }) => kind !== "drug")
  const [claim] = own
  if (claim === undefined) {
    return refuse(
      "fhir-no-own-claim",
      "Cannot bill visit: the encounter has only prescriptions",
      "/entry",
      "Choose an encounter with a claim of its own",
    )
  }
  if (own.length > 1)
    refuse(
      "fhir-several-claims",
      "Cannot bill visit: two claims are for this encounter",
      "/entry",
      "Keep one claim an encounter",
    )
  return { claim, prescriptions: claims.length - own.length }
}

/** Classes of HL7's ActCode, and the words older data has for them. */
const emergencies = ["EMER", "emergency"]
const inpatient = ["IMP", "ACUTE", "NONAC", "inpatient"]

function caseOf(visit: FhirVisit, row: EncounterRow | undefined): VisitCase {
  const { claim, prescriptions } = ownClaim(visit)
  const beside =
    prescriptions === 0 ? "" : `; ${prescriptions} ${plural(prescriptions, "prescription")} billed by the pharmacy`
  const author = visit.practitioner ?? visit.organization ?? visit.encounter
  const encounterClass = row?.class ?? ""
  return caseOfForeignVisit({
    title: `A FHIR encounter of ${formatDate(visit.from)}${beside}`,
    // By id: what names people in the data stays inside the sealed entries.
    patient: `Patient ${shortened(visit.patient ?? visit.encounter)}`,
    practitioner: { name: `Practitioner ${shortened(author)}`, licence: `fhir-${author}` },
    member: { born: visit.born, sex: visit.sex },
    circumstances: {
      kind: claim.kind,
      emergency: emergencies.includes(encounterClass),
      inpatient: inpatient.includes(encounterClass),
    },
    currency: claim.currency,
    services: claim.lines,
    labels: claim.lines.map(({ words }) => words),
    entries: visit.entries,
    facts: visit.facts,
  })
}
