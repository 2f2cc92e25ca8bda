/**
 * How hard a text is to read: the Flesch-Kincaid grade (Kincaid, Fishburne, Rogers and Chissom 1975),
 * 0.39 · words ÷ sentences + 11.8 · syllables ÷ words − 15.59, in hundredths of a school year and in integers alone. A
 * reading age is the grade plus five years.
 *
 * What is counted: a sentence ends at `.`, `!` or `?` before a space, and at the end of a paragraph or list item. A word
 * is a run of letters, with hyphens and apostrophes inside; a figure (`$30.00`, `25`, `J0178`) is one word of one
 * syllable, since its length says nothing of how hard it is. Syllables are vowel groups of English spelling, less silent
 * letters, with a list of words that the rules get wrong.
 */
import { divide } from "../../base/money.ts"

export interface TextCounts {
  readonly words: number
  readonly sentences: number
  readonly syllables: number
}

/** Words of plans and explanations that the rules below count wrongly. */
const counted: Readonly<Record<string, number>> = {
  ...{
    area: 3,
    diabetes: 4,
    business: 2,
    businesses: 3,
    coinsurance: 4,
    create: 2,
    created: 3,
    creates: 2,
    creating: 3,
    different: 3,
    employee: 3,
  },
  ...{
    every: 2,
    everybody: 4,
    everyone: 3,
    everything: 3,
    everywhere: 3,
    eye: 1,
    eyes: 1,
    idea: 3,
    ideas: 3,
    people: 2,
    really: 2,
  },
  ...{ forearm: 2, reimburse: 3, reimbursed: 3, seeing: 2, sometimes: 2, therefore: 2, unused: 2, used: 1, whose: 1 },
}

/** Spelling in which one vowel group is two syllables: pe-ri-od, us-u-al, pa-tience but au-di-ence, be-ing. */
const split = [
  /(?<![cstgl])ia|lia(?!n|r)|(?<![cstgxnl])io|iu|(?<![tcn]|fr)ien/g,
  /[cg]iat|(?<![gq])ua|uou|ue[nl]|creat(?!ure)/g,
  /[aeou]ing|[aeiouy][^aeiouy]+ier|eo(?![nru])|[aeiou][^aeiouy]*iet|^(?:d|qw)iet|[sth][hs]?m$/g,
] as const
/** Spelling in which a group is mute: an e at the end or before a suffix, the e of most past tenses and plurals. */
const mute = [
  /(?:[aeiouy][^aeiouy]*)(?:[^aeiouyl]|[aeiouy]l|ll|rl)e(?:ment|ness|ful|less|ly|ship|some|where|thing|body)s?$/,
  /(?:[^aeiouyl]|[aeiouy]l|ll)e$/,
  /(?:[^aeiouyltd]|[aeiouy]l|ll)ed$/,
  /(?:[^aeiouylsxzcgh]|[aeiouy]l|ll|[^cs]h)es$/,
] as const

/** Syllables of one English word, at least one. Anything with a digit counts as one. */
export function syllablesIn(word: string): number {
  const plain = word.toLowerCase().replace(/[’']s?$/, "")
  if (/\d/.test(plain)) return 1
  if (plain.includes("-"))
    return plain
      .split("-")
      .filter((part) => part !== "")
      .reduce((sum, part) => sum + syllablesIn(part), 0)
  const letters = plain.replace(/[^a-z]/g, "")
  const known = Object.hasOwn(counted, letters) ? counted[letters] : undefined
  if (known !== undefined) return known
  const spelled = letters.replaceAll("qu", "qw").replace(/([aeiou])y(?=[aeiou])/g, "$1-")
  let count = spelled.match(/[aeiouy]+/g)?.length ?? 0
  for (const pattern of split) count += spelled.match(pattern)?.length ?? 0
  for (const pattern of mute) if (pattern.test(spelled)) count--
  return Math.max(1, count)
}

const wordPattern = /[\p{L}\p{N}$€£][\p{L}\p{N}.,'’-]*(?: %)?/u
const allWords = new RegExp(wordPattern, "gu")

/** The sentences of a text, plain or with the Markdown of a member's sentence. */
export function sentencesIn(text: string): readonly string[] {
  return text
    .split(/\n(?=\s*(?:\n|[-*+]|\d+[.)]))/)
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?][)"”’]?)\s+/))
    .filter((sentence) => wordPattern.test(sentence))
}

/** Counts of one text. */
export function countText(text: string): TextCounts {
  const sentences = sentencesIn(text)
  let [words, syllables] = [0, 0]
  for (const sentence of sentences) {
    for (const [word] of sentence.matchAll(allWords)) {
      words++
      syllables += syllablesIn(word)
    }
  }
  return { words, sentences: sentences.length, syllables }
}

/** The Flesch-Kincaid grade in hundredths; undefined for a text without a word. May be below zero. */
export function gradeOf({ words, sentences, syllables }: TextCounts): number | undefined {
  if (words === 0 || sentences === 0) return undefined
  const [w, s, y] = [BigInt(words), BigInt(sentences), BigInt(syllables)]
  return Number(divide(39n * w * w + 1180n * y * s, w * s, "half-up")) - 1559
}

/** Flesch's reading ease in hundredths, 206.835 − 1.015 · words ÷ sentences − 84.6 · syllables ÷ words. */
export function readingEaseOf({ words, sentences, syllables }: TextCounts): number | undefined {
  if (words === 0 || sentences === 0) return undefined
  const [w, s, y] = [BigInt(words), BigInt(sentences), BigInt(syllables)]
  const less = divide(1015n * w * w + 84_600n * y * s, w * s * 10n, "half-up")
  return Number(20_684n - less)
}

/** The age in whole years, rounded to the nearest, at which a reader of the text's grade is: grade 7 is 12 years. */
export function readingAgeOf(counts: TextCounts): number | undefined {
  const grade = gradeOf(counts)
  return grade === undefined
    ? undefined
    : Math.max(5, Number(divide(BigInt(Math.max(0, grade) + 500), 100n, "half-up")))
}

/** Sums of counts: the measure of several texts read one after another. */
export function sumCounts(all: readonly TextCounts[]): TextCounts {
  return all.reduce(
    (sum, one) => ({
      words: sum.words + one.words,
      sentences: sum.sentences + one.sentences,
      syllables: sum.syllables + one.syllables,
    }),
    { words: 0, sentences: 0, syllables: 0 },
  )
}
