import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { countText, gradeOf, readingAgeOf, readingEaseOf, sumCounts, syllablesIn } from "./readability.ts"

test("the grade is the one published for published counts", () => {
  // Printed beside their counts: an encyclopaedia's sentence on the platypus, Green Eggs and Ham, a short sea story.
  assert.equal(tenth(gradeOf({ words: 13, sentences: 1, syllables: 24 })), 113)
  assert.equal(tenth(gradeOf({ words: 812, sentences: 142, syllables: 812 + 8 * 2 })), -13)
  // Printed as 5.90; 5.95 is its formula to the hundredth.
  assert.equal(gradeOf({ words: 432, sentences: 34, syllables: 607 }), 595)
  // The least grade and the greatest ease: sentences of one word of one syllable.
  assert.equal(gradeOf({ words: 6, sentences: 6, syllables: 6 }), -340)
  assert.equal(readingEaseOf({ words: 6, sentences: 6, syllables: 6 }), 12_122)
  assert.equal(tenth(readingEaseOf({ words: 432, sentences: 34, syllables: 607 })), 751)
  assert.equal(gradeOf({ words: 0, sentences: 0, syllables: 0 }), undefined)
})

/** Hundredths to tenths, as the figures are printed. */
const tenth = (hundredths: number | undefined) => Math.round((hundredths ?? Number.NaN) / 10)

test("a text's own counts give its published grade", () => {
  const platypus = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
  assert.deepEqual(countText(platypus), { words: 13, sentences: 1, syllables: 24 })
  assert.equal(tenth(gradeOf(countText(platypus))), 113)
  assert.equal(gradeOf(countText("The. Cat. And. The. Dog. Ate.")), -340)
})

test("syllables of the words that plans use", () => {
  const known: Readonly<Record<string, number>> = {
    ...{ allowed: 2, amount: 2, allows: 2, charged: 1, claim: 1, table: 2, medicine: 3, provider: 3, deductible: 4 },
    ...{ member: 2, before: 2, reptilian: 3, laboratory: 5, examination: 5, rehabilitation: 6, service: 2 },
    ...{ preventive: 3, coinsurance: 4, period: 3, emergency: 4, specialist: 3, therapy: 3, radiology: 5, dental: 2 },
    ...{ vaccine: 2, waiting: 2, agreement: 3, treatment: 2, reimburse: 3, outpatient: 3, ambulance: 3, diabetes: 4 },
    ...{ handled: 2, settled: 2, boxes: 2, places: 2, judges: 2, tables: 2, fees: 1, people: 2, being: 2, union: 2 },
    ...{ $30: 1, "2026-01-01": 1, J0178: 1, "single-dose": 3, "check-ups": 2, "you'll": 1 },
  }
  for (const [word, syllables] of Object.entries(known)) assert.equal(syllablesIn(word), syllables, word)
})

test("sentences end at a full stop before a space, at a paragraph and at a list item, not inside a figure", () => {
  assert.equal(countText("You pay $30.00 for a visit. We pay the rest.").sentences, 2)
  assert.equal(countText("You pay:\n\n- a copay\n- the deductible\n").sentences, 3)
  assert.equal(countText("You pay 12.5 % of 1,337.98. (See 5.2.) Done").sentences, 3)
  assert.equal(countText("").words, 0)
})

test("longer words and longer sentences are never easier; every word has a syllable", () => {
  const counts = fc.record({
    words: fc.integer({ min: 1, max: 5000 }),
    sentences: fc.integer({ min: 1, max: 5000 }),
    syllables: fc.integer({ min: 1, max: 20_000 }),
  })
  fc.assert(
    fc.property(counts, (one) => {
      const grade = gradeOf(one)!
      assert.ok(gradeOf({ ...one, syllables: one.syllables + one.words })! >= grade + 1179)
      assert.ok(gradeOf({ ...one, sentences: one.sentences + 1 })! <= grade)
      const exact = 39 * (one.words / one.sentences) + 1180 * (one.syllables / one.words) - 1559
      assert.ok(Math.abs(exact - grade) <= 0.51)
      assert.ok(readingAgeOf(one)! >= 5)
      assert.deepEqual(sumCounts([one, one]).words, 2 * one.words)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
      const { words, syllables, sentences } = countText(text)
      assert.ok(syllables >= words && sentences <= words)
    }),
  )
})
