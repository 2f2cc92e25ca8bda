/** What the invented practice's files share: who pays, from when on, and how amounts and days are written. */

export interface PracticeFile {
  readonly name: string
  readonly text: string
}

export const payers = [
  { name: "HARBOR MUTUAL", id: "HM001", rate: 100 },
  { name: "PRAIRIE HEALTH", id: "PH002", rate: 112 },
  { name: "LANTERN PLANS", id: "LP003", rate: 91 },
  // No rates are given for this one: its findings can only be hinted at.
  { name: "QUIET VALLEY CARE", id: "QV004", rate: 105 },
] as const
/** One claim of a remittance as text, and where it belongs. */
export interface Answer {
  readonly payer: number
  readonly week: number
  readonly text: string
  readonly segments: number
  readonly paid: number
}

export const firstDay = 20_458 // 2026-01-05
export const days = 300
export const money = (cents: number) => {
  const size = Math.abs(cents)
  return `${cents < 0 ? "-" : ""}${Math.floor(size / 100)}.${String(size % 100).padStart(2, "0")}`
}
export const date = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "")
