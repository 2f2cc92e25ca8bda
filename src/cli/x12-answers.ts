/** The acknowledgements of checked X12 files, written into a folder that only its owner reads: TA1, 999 and 277CA. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { dayNumber } from "../base/time.ts"
import { envelopeBack, groupsToAnswer, needsTa1, write999, writeTa1 } from "../formats/x12/acknowledge/acknowledge.ts"
import { write277ca } from "../formats/x12/acknowledge/write-277ca.ts"
import type { FileReport, InterchangeReport } from "../formats/x12/check/check-file.ts"
import { makeFolder } from "./make-folder.ts"

/** ISA13 is never used twice by one sender: seconds since 1970 keep it fresh, and each file of a run takes the next. */
class ControlNumbers {
  #next: number

  constructor(now: Date) {
    this.#next = Math.floor(now.getTime() / 1000) % 900_000_000
  }

  next(): number {
    this.#next++
    return this.#next
  }
}

export class AnswerFolder {
  readonly #folder: string
  readonly #now: Date
  readonly #numbers: ControlNumbers

  constructor(folder: string, now: Date) {
    makeFolder(folder, 0o700)
    this.#folder = folder
    this.#now = now
    this.#numbers = new ControlNumbers(now)
  }

  /** Writes what answers the file of this name. Gives the names of the files written. */
  write(name: string, report: FileReport): readonly string[] {
    return report.interchanges.flatMap((interchange, index) => {
      const stem = report.interchanges.length === 1 ? name : `${name}-${index + 1}`
      return this.#interchange(stem, interchange)
    })
  }

  #interchange(stem: string, interchange: InterchangeReport): readonly string[] {
    const { header } = interchange
    const day = dayNumber(this.#now.getFullYear(), this.#now.getMonth() + 1, this.#now.getDate())
    const minute = this.#now.getHours() * 60 + this.#now.getMinutes()
    const back = () => envelopeBack(header, { control: this.#numbers.next(), day, minute })
    const written: string[] = []
    const save = (kind: string, bytes: Uint8Array) => {
      writeFileSync(join(this.#folder, `${stem}.${kind}`), bytes, { mode: 0o600 })
      written.push(`${stem}.${kind}`)
    }
    // A TA1 is not acknowledged.
    if (needsTa1(interchange) && interchange.answers === 0) save("TA1", writeTa1([interchange], back()))
    const groups = groupsToAnswer(interchange)
    if (groups.length > 0) save("999", write999(groups, back()))
    const isSafe = groups.filter(({ findings }) => findings.every(({ isRefused }) => !isRefused))
    const answered = interchange.groups.filter((group) => isSafe.includes(group)).flatMap((group) => group.transactions)
    let count = 0
    for (const { answered: claims } of answered) {
      if (claims === undefined) continue
      count++
      const envelope = back()
      const answers = { reference: String(envelope.control), received: envelope.day, ...claims }
      save(count === 1 ? "277CA" : `${count}.277CA`, write277ca(answers, envelope))
    }
    return written
  }
}
