/** Attacks with silence: somebody claims that others had their say and said nothing. */
import { attack } from "./family.ts"
import { blocked } from "./scene.ts"

/** The payer was never sent the bundle, and its silence is claimed. */
export const undelivered = attack("silence claimed without delivery", async (attacker) => {
  const claimed = await attacker.claimed()
  await attacker.filed(claimed, "both")
  const attempt = () => attacker.elapsed(claimed)
  return blocked(
    "silence claimed without delivery",
    [{ expected: "not-delivered", attempt }],
    () => "The patient's side signed; no independent organization attests that the payer got the bundle.",
  )
})

/** Delivered and the window over, but the patient's side has not signed: the clinic alone says what happened. */
export const bothSilent = attack("silence on both sides", async (attacker) => {
  const claimed = await attacker.claimed()
  await attacker.filed(claimed, "practitioner")
  await attacker.delivered(claimed)
  const { deadline } = await attacker.leg(claimed.journey)
  const running = await attacker.running()
  await attacker.window.until(deadline)
  const attempt = () => attacker.elapsed(claimed)
  return blocked(
    "silence on both sides",
    [{ expected: "patient-side-unsigned", attempt }],
    () => `The payer's window of ${deadline - running - 1} hours passed; the patient had signed nothing.`,
  )
})
