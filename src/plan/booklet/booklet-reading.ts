/** How hard a plan's own sentences are to read, with the figures of a day filled in as a booklet prints them. */

import type { Day } from "../parts.ts"
import type { Plan } from "../plan.ts"
import { filledSentence } from "./booklet-words.ts"
import { countText, gradeOf, sentencesIn, sumCounts, type TextCounts } from "./readability.ts"

/**
 * What a plan of ours keeps to, in hundredths of a school year: all sentences together read at grade 7 or below, which is
 * a reading age of 12, and none alone above grade 12. A clause that fails is to be rewritten, not excused.
 */
export const readingLimits = { whole: 700, sentence: 1200 } as const

export interface HardSentence {
  readonly clause: string
  readonly sentence: string
  /** Hundredths. */
  readonly grade: number
}

export interface PlanReading {
  readonly counts: TextCounts
  /** Of all sentences together, in hundredths; undefined for a plan without words. */
  readonly grade: number | undefined
  /** The hardest first. */
  readonly sentences: readonly HardSentence[]
}

/** Measures every sentence of every clause. */
export function readingOf(plan: Plan, day: Day): PlanReading {
  const counts: TextCounts[] = []
  const sentences: HardSentence[] = []
  for (const clause of plan.clauses) {
    for (const sentence of sentencesIn(filledSentence(plan, clause.sentence, day))) {
      const own = countText(sentence)
      counts.push(own)
      sentences.push({ clause: clause.number, sentence, grade: gradeOf(own) ?? 0 })
    }
  }
  const sum = sumCounts(counts)
  return { counts: sum, grade: gradeOf(sum), sentences: sentences.sort((a, b) => b.grade - a.grade) }
}
