/** Attacks on the record: what was written, who wrote it, who looked. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { toUtf8 } from "#crypto"
import { toHex } from "../../../base/bytes.ts"
import { encodeBundle } from "../../../verify/bundle.ts"
import { roles } from "../../community/setting.ts"
import { walletAnswers } from "./claims.ts"
import { attack } from "./family.ts"
import { type AttackRow, blocked, faultOf, NotRun } from "./scene.ts"

export const entryEdited = attack("entry edited", async (attacker) => {
  const { journey, files } = await attacker.recorded()
  await journey.claim(attacker.scene.told.lines)
  const review = await journey.review()
  const clinic = attacker.node(roles.clinic)
  const [file] = files
  if (file === undefined) throw new NotRun("nothing was recorded")
  const path = join(clinic.directory, "vault", file.slice(0, 2), file)
  const sealed = await readFile(path)
  const edited = Uint8Array.from(sealed)
  edited[edited.length - 1] = edited.at(-1)! ^ 1
  const look = () => clinic.desk("read-entry", { file, who: "dr-attack", purpose: "attack" })
  await look()
  await writeFile(path, edited)
  const fault = await faultOf(look)
  await writeFile(path, sealed)
  if (fault === undefined)
    return {
      name: "entry edited",
      result: "missed",
      by: "nobody",
      detail: `The edited file ${file.slice(0, 12)} was read as if nothing had happened.`,
    }
  if (!fault.includes("changed on disk")) throw new NotRun(fault)
  const [cited, ...others] = review.bundle.facts
  if (cited === undefined) throw new NotRun("no fact is cited")
  const facts = [{ ...cited, sentence: toUtf8("Something else was done.") }, ...others]
  const attempt = () =>
    walletAnswers(attacker, { journey, review, priced: undefined as never }, encodeBundle({ ...review.bundle, facts }))
  const row = await blocked(
    "entry edited",
    [{ who: "wallet", expected: "fact-forged", attempt }],
    () =>
      `One bit of sealed file ${file.slice(0, 12)} was changed and the file not read again; a sentence changed does not stand under the signed root.`,
  )
  return row.result === "blocked" ? { ...row, by: `vault: digest differs, ${row.by}` } : row
})

export const suspendedLicence = attack("suspended licence", async (attacker) => {
  // What was done before stays good.
  await attacker.elsewhere()
  const practitioner = await attacker.colleague()
  await attacker.node(roles.board).desk("set-licence-status", { practitioner: toHex(practitioner.id), status: 1 })
  const claimed = await attacker.claimed({ provider: roles.hospital, practitioner })
  const askPayer = async () => {
    await attacker.blindlySigned(claimed)
    await claimed.journey.settled(claimed.review.statement)
  }
  return blocked(
    "suspended licence",
    [
      { expected: "licence-not-active", attempt: () => attacker.submit(claimed.review.bundle.factsStatement) },
      { who: "payer", expected: "licence-not-active", attempt: askPayer },
      {
        who: "wallet",
        expected: "licence-not-active",
        attempt: () => claimed.journey.countersign(claimed.review),
      },
    ],
    () =>
      `The board suspended practitioner ${toHex(practitioner.id).slice(0, 12)}; what she signed before is settled, what she signs now is not recorded.`,
  )
})

interface LogCheck {
  readonly good: boolean
  readonly hour?: number
  readonly line?: number
  readonly problem?: string
}

/** The clinic looks at an entry, its log is anchored, and the line that tells of it is deleted from its disk. */
export const logLineDeleted = attack("deleted access-log line", async (attacker): Promise<AttackRow> => {
  const name = "deleted access-log line"
  const { files } = await attacker.recorded({ hold: 0n })
  const clinic = attacker.node(roles.clinic)
  // A fresh hour, in which nobody has anchored yet.
  const running = await attacker.running()
  await attacker.window.until(running + 1)
  for (const purpose of ["treatment", "curiosity", "treatment"]) {
    await clinic.desk("read-entry", { file: files[0], who: "desk-2", purpose })
  }
  const { hour, root } = await clinic.desk<{ hour: number; root: string }>("anchor-log")
  const honest = await clinic.desk<LogCheck>("check-log")
  if (!honest.good) throw new NotRun(`the honest log is already found ${honest.problem}`)
  const { work } = await attacker.insider(roles.clinic)
  const lines = work.rows("access-log")
  const [id, line] = lines.at(-2)!
  await work.remove("access-log", id)
  const found = await clinic.desk<LogCheck>("check-log")
  await work.put("access-log", id, line)
  if (found.good)
    return { name, result: "missed", by: "nobody", detail: `Line ${Number(id)} was deleted and nothing showed.` }
  const detail = `Line ${found.line} of hour ${hour} is ${found.problem}: the anchored root ${root.slice(0, 12)} is not that of the lines left.`
  return { name, result: "detected", by: "anchor-log", detail }
})
