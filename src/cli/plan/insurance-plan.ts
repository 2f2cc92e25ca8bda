/** `plan insuranceplan`: the plan as a FHIR R4 InsurancePlan, to the screen or into a folder. */
import { fromUtf8 } from "#crypto"
import { insurancePlan, insurancePlanBytes } from "../../formats/fhir/insurance-plan.ts"
import type { CommandResult } from "../command.ts"
import type { Screen } from "../screen.ts"
import { dayOf, mustReadPlan, writeNamed } from "./files.ts"

export function exportInsurancePlan(
  path: string,
  { out, on }: { readonly out: string | undefined; readonly on: string | undefined },
  screen: Screen,
): CommandResult {
  const { plan } = mustReadPlan(path)
  const resource = insurancePlan(plan, dayOf(plan, on))
  const text = fromUtf8(insurancePlanBytes(resource))!
  if (out === undefined) {
    screen.say(text.trimEnd())
    return { value: resource }
  }
  const file = writeNamed(out, path, ".insuranceplan.json", text)
  screen.say(`Wrote ${file}`)
  return { value: { file } }
}
