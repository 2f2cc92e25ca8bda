/** Every plan of ours, and every explanation made from one, reads at the age of about 12. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runCase } from "../cases/run-case.ts"
import { planOfText, publishedPlans } from "../check/published-plans.test.ts"
import { explain } from "../explain/explain.ts"
import { knownReasons, knownRemarks, reasonText, remarkText } from "../explain/reasons.ts"
import { readingLimits, readingOf } from "./booklet-reading.ts"
import { countText, gradeOf, sentencesIn, sumCounts } from "./readability.ts"

/** A line such as “Line 2, T20, 125.00.” is a label: short ones would make the rest look easier than it is. */
const fewestWords = 5

function isFine(texts: readonly string[], what: string): void {
  const counts = texts
    .flatMap(sentencesIn)
    .map((sentence) => ({ sentence, counts: countText(sentence) }))
    .filter((one) => one.counts.words >= fewestWords)
  const whole = gradeOf(sumCounts(counts.map((one) => one.counts)))
  assert.ok(whole !== undefined && whole <= readingLimits.whole, `${what}: grade ${whole} in hundredths`)
  for (const one of counts) {
    const grade = gradeOf(one.counts)!
    assert.ok(grade <= readingLimits.sentence, `${what}: grade ${grade} in hundredths: ${one.sentence}`)
  }
}

test("the sentences of every published plan", (t) => {
  for (const { name, plan } of publishedPlans) {
    const { grade, sentences } = readingOf(plan, plan.front.effective.from)
    const [hardest] = sentences
    t.diagnostic(`${name}: grade ${grade} in hundredths; hardest ${hardest?.grade} in ${hardest?.clause}`)
    assert.ok(grade !== undefined && grade <= readingLimits.whole, `${name}: grade ${grade} in hundredths`)
    for (const { clause, grade: own, sentence } of sentences)
      assert.ok(own <= readingLimits.sentence, `${name} ${clause}: grade ${own} in hundredths: ${sentence}`)
  }
})

test("the explanations of every case of every published plan", () => {
  for (const { name, plan, cases } of publishedPlans) {
    const texts = cases.flatMap((item) => {
      const { input, outcome } = runCase(plan, item)
      return explain(plan, input.claim.value, outcome)
    })
    isFine(texts, name)
  }
})

test("the reasons and remarks in our own words", () => {
  const texts = [...knownReasons.map(reasonText), ...knownRemarks.map(remarkText)]
  isFine(
    texts.map((text) => `${text}.`),
    "reasons",
  )
})

test("a hard sentence is found, with its clause", () => {
  const { text } = publishedPlans.find(({ name }) => name === "eye-sample")!
  const hard =
    "Notwithstanding any provision to the contrary, reimbursement of ophthalmological examinations is conditional upon satisfaction of applicable prerequisites."
  const plan = planOfText(text.replace("You pay {exam-copay} for an exam, and nothing else for it.", hard))
  const [first] = readingOf(plan, plan.front.effective.from).sentences
  assert.ok(first!.clause === "5.1" && first!.grade > readingLimits.sentence)
})
