/** The score of the story's attacks on itself: one row an attack as it is decided, then the count of each result. */
import type { Screen } from "../screen.ts"
import type { AttackResult, AttackRow } from "./attacks/scene.ts"

const widthOfName = 44
const order: readonly AttackResult[] = ["blocked", "detected", "measured", "missed", "not-run"]

function painted(screen: Screen, result: AttackResult): string {
  const text = result.padEnd(8)
  if (result === "missed" || result === "not-run") return screen.bad(text)
  return screen.good(text)
}

/** Prints rows as they come; then the score. */
export async function showAttacks(
  screen: Screen,
  run: (report: (row: AttackRow) => void) => Promise<readonly AttackRow[]>,
): Promise<readonly AttackRow[]> {
  screen.heading("10. It attacks itself")
  const rows = await run((row) => {
    screen.say(`  ${painted(screen, row.result)}  ${row.name.padEnd(widthOfName)}  ${row.by}`)
    if (row.result !== "blocked") screen.line(row.detail, 12)
  })
  const counts = order.map((result) => [result, rows.filter((row) => row.result === result).length] as const)
  screen.say()
  screen.line(
    counts
      .filter(([result, count]) => count > 0 || result === "missed")
      .map(([result, count]) => `${count} ${result}`)
      .join(", "),
  )
  return rows
}
