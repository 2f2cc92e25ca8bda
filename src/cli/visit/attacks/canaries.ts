/**
 * Planted strings on the disks: every organization's directory is read byte by byte for names and clinical words, as
 * text and as the encodings in which they could hide. First the search must find what is planted for it.
 */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { attack } from "./family.ts"
import { type AttackRow, NotRun } from "./scene.ts"

interface Needle {
  readonly canary: string
  readonly encoding: string
  readonly bytes: Buffer
}

/** The part of a Base64 text that does not depend on what stands before and after. */
function base64Cores(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "")
    const skip = before === 0 ? 0 : before + 1
    const tail = (before + bytes.length) % 3 === 0 ? 0 : 1
    return text.slice(skip, text.length - tail)
  })
}

function needlesOf(canary: string): readonly Needle[] {
  const utf8 = Buffer.from(canary, "utf8")
  const utf16 = Buffer.from(canary, "utf16le")
  const hex = utf8.toString("hex")
  const forms: (readonly [string, Buffer])[] = [
    ["UTF-8", utf8],
    ["UTF-16 little-endian", utf16],
    ["UTF-16 big-endian", Buffer.from(utf16).swap16()],
    ["hex", Buffer.from(hex)],
    ["hex in capitals", Buffer.from(hex.toUpperCase())],
    ...base64Cores(utf8).map((core, i) => [`Base64, offset ${i}`, Buffer.from(core)] as const),
  ]
  return forms.map(([encoding, bytes]) => ({ canary, encoding, bytes }))
}

export interface Searched {
  readonly files: number
  readonly bytes: number
  /** File and encoding of what was found; the string itself is not repeated. */
  readonly found: readonly string[]
}

export async function searchFolders(folders: readonly string[], canaries: readonly string[]): Promise<Searched> {
  const needles = canaries.flatMap(needlesOf)
  const found: string[] = []
  let [files, bytes] = [0, 0]
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name)
      if (!(await stat(path)).isFile()) continue
      const content = await readFile(path)
      files++
      bytes += content.length
      for (const needle of needles) if (content.includes(needle.bytes)) found.push(`${path} (${needle.encoding})`)
    }
  }
  return { files, bytes, found }
}

/** The search finds every canary in every encoding when it is there, between other bytes. */
async function searchWorks(canaries: readonly string[]): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-canary-"))
  try {
    const needles = canaries.flatMap(needlesOf)
    const inside = (bytes: Buffer) => Buffer.concat([Buffer.alloc(4096, 0xa5), bytes, Buffer.alloc(100, 0x5a)])
    await Promise.all(needles.map(({ bytes }, i) => writeFile(join(folder, String(i)), inside(bytes))))
    const whole = canaries.map((canary) => Buffer.from(`xx${canary}yy`).toString("base64"))
    await Promise.all(whole.map((text, i) => writeFile(join(folder, `whole-${i}`), text)))
    const { found } = await searchFolders([folder], canaries)
    const seen = new Set(found.map((line) => line.split(" (")[0]))
    return seen.size === needles.length + whole.length
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const plantedCanaries = attack("planted canaries on the disks", async ({ scene }): Promise<AttackRow> => {
  const name = "planted canaries on the disks"
  const { canaries, setting } = scene
  if (canaries.length === 0) throw new NotRun("no canary was planted")
  if (!(await searchWorks(canaries))) throw new NotRun("the search does not find what was planted for it")
  const folders = setting.community.nodes.map(({ directory }) => directory)
  const { files, bytes, found } = await searchFolders(folders, canaries)
  const where = found.length === 0 ? "" : ` First: ${found[0]!.slice(setting.community.directory.length + 1)}.`
  const detail = `${found.length} found of ${canaries.length} strings in ${files} files, ${bytes} bytes, in all seven directories.${where}`
  return {
    name,
    result: found.length === 0 ? "measured" : "missed",
    by: `found ${found.length}`,
    detail,
    figures: { searched: bytes, files, found: found.length },
  }
})
