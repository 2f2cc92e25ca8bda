/** Mulberry32: the same numbers from the same seed everywhere. */

export function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export type Chance = (below: number) => number

export const oneOf = <T>(chance: Chance, items: readonly T[]): T => items[chance(items.length)]!

export const nasty: readonly string[] = [
  "",
  "[",
  "]",
  "{",
  "}",
  '"',
  "'",
  ": ",
  "- ",
  "&a ",
  "*a",
  "!!str ",
  "<<: ",
  "|\n",
  "# ",
  "---\n",
  "...\n",
  "%YAML 1.2\n",
  "\u0000",
  "\r",
  "\t",
  "\u00e9",
  "e\u0301",
  "\u202e",
  "\ud83d\ude00",
  "é".repeat(50),
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "__proto__: { a: b }, ",
  "9".repeat(30),
  "9".repeat(3000),
  "0",
  "-1",
  "1e999",
  "0x10",
  "00",
  "1.".repeat(20),
  "2026-02-30",
  "9999-12-31",
  "0000-01-01",
  "100 %",
  "99999999999999999.99 USD",
  "999999999 months",
  "rolling 999999 days",
  "lifetime",
  "stay",
  "none",
  "[".repeat(2000),
  "{ a: ".repeat(400),
  "(".repeat(500),
  "- ".repeat(300),
  "> ".repeat(300),
  "* ".repeat(300),
  "_".repeat(3000),
  "a".repeat(3900),
  "`".repeat(999),
  "[x]: y\n",
  "![a](b)",
  "<b>",
  "\n\n    ",
  "\n",
  "    ",
  "### 9.9 New\nText.\n\n    when: accident\n    waive: { parts: [copay] }\n",
  "## 9 Next\n",
  "```numbers\n",
  "```\n",
  "when: accident && age(born, from) < 18, ",
  'when: units > 3 || startsWith(place, "1") && !hasModifier("25"), ',
  "when: 9223372036854775807 + units > 0, ",
  "when: 9223372036854775807 * units * units > days(born, from), ",
  "tiers: [], ",
  "for: [], ",
  "exceptionTo: 5.1, ",
  "exceptionTo: [2.1, 2.2, 5.1/copay, 9.9/none], ",
  "claims: [dental], ",
  "from: 2026-07-01, ",
  "until: 2026-07-01, ",
  "discretion: { by: x, kind: y, within: two-years, criteria: 2.1, judges: [], default: covered, review: 2.1 }, ",
]

/** One change somewhere: bytes, words, lines, numbers, or something nasty in the middle. */
export function mutate(text: string, chance: Chance): string {
  const at = chance(text.length + 1)
  switch (chance(9)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(chance(256)) + text.slice(at + chance(2))
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + chance(20))
    case 2:
    case 3:
      return text.slice(0, at) + oneOf(chance, nasty) + text.slice(at + chance(3))
    case 4:
      return changeLine(text, chance)
    case 5: {
      const words = [...text.matchAll(/[\w.-]+/g)]
      if (words.length === 0) return text
      const [from, to] = [oneOf(chance, words), oneOf(chance, words)]
      return text.slice(0, from.index) + to[0] + text.slice(from.index + from[0].length)
    }
    case 6: {
      const figures = [...text.matchAll(/\d+/g)]
      if (figures.length === 0) return text
      const figure = oneOf(chance, figures)
      const other = oneOf(chance, ["0", "1", "9999", "9".repeat(19), "9".repeat(400), "-3", "007", ""])
      return text.slice(0, figure.index) + other + text.slice(figure.index + figure[0].length)
    }
    case 7: {
      const values = [...text.matchAll(/: ([^,{}\n]+|\{[^{}\n]*\}|\[[^\]\n]*\])/g)]
      if (values.length === 0) return text
      const [from, to] = [oneOf(chance, values), oneOf(chance, values)]
      const value = chance(3) === 0 ? oneOf(chance, nasty) : to[1]!
      return `${text.slice(0, from.index)}: ${value}${text.slice(from.index + from[0].length)}`
    }
    default:
      return text.slice(0, at)
  }
}

function changeLine(text: string, chance: Chance): string {
  const lines = text.split("\n")
  const [a, b] = [chance(lines.length), chance(lines.length)]
  switch (chance(4)) {
    case 0:
      lines.splice(a, 1)
      break
    case 1:
      lines.splice(b, 0, lines[a]!)
      break
    case 2:
      ;[lines[a], lines[b]] = [lines[b]!, lines[a]!]
      break
    default:
      lines[a] = `${" ".repeat(chance(8))}${lines[a]!.trim()}`
  }
  return lines.join("\n")
}
