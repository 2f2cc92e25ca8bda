/** Texts that stand for all those which conditions know only by how they begin. */

const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(126 - i))
const endings = ["", "0", "1", ...printable]

/** A text for every prefix that begins with it and with no longer one, and one that begins with none. */
export function classes(constants: ReadonlySet<string>, prefixes: ReadonlySet<string>): readonly string[] {
  const longest = (text: string) => {
    let best: string | undefined
    for (const prefix of prefixes) {
      if (text.startsWith(prefix) && prefix.length >= (best?.length ?? 0)) best = prefix
    }
    return best
  }
  const found: string[] = []
  for (const prefix of [undefined, ...prefixes]) {
    const tried = endings.map((ending) => (prefix === undefined ? `${ending}other` : prefix + ending))
    const fresh = tried.find((text) => !constants.has(text) && longest(text) === prefix)
    if (fresh !== undefined) found.push(fresh)
  }
  return found
}
