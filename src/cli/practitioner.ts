/**
 * `countersign practitioner`: the practitioner's own side of an enrolment. The key is made where the person is, and stays
 * there; the board gets its public half, and the signature that says who holds the other.
 */
import { randomBytes } from "node:crypto"
import { statSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { publicKeyOf } from "#crypto"
import { fromHex, toHex } from "../base/bytes.ts"
import { keyId } from "../base/envelope.ts"
import { toJson } from "../base/json.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { signWith } from "../node/keys.ts"
import { readPayload, sameBytes } from "../node/payload.ts"
import { practitionerId } from "../node/registry-desk.ts"
import type { Command, CommandResult } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import type { Screen } from "./screen.ts"

/** What a board asks a practitioner to sign. */
export interface PendingEnrolment {
  readonly licence: string
  /** 33 bytes in hex. */
  readonly key: string
  readonly payload: string
}

export interface SignedEnrolment extends PendingEnrolment {
  readonly header: string
  readonly signature: string
}

function makeKey(path: string, screen: Screen): CommandResult {
  const seed = new Uint8Array(randomBytes(32))
  try {
    writeFileSync(path, `${toHex(seed)}\n`, { mode: 0o600, flag: "wx", flush: true })
  } catch (error) {
    const { code = "the system refuses" } = error as NodeJS.ErrnoException
    return refuse("file-exists", `Cannot write key: ${code}`, path, "Name a new file")
  }
  const key = toHex(keyId(publicKeyOf(seed)))
  screen.say(`${screen.good("MADE")}  ${path}: keep it, and a copy of it, to yourself`)
  screen.line(`public key  ${key}`)
  return { value: { key, file: path } }
}

function readSeed(path: string): Uint8Array {
  const text = new TextDecoder().decode(readInputFile(path)).trim()
  if (!/^[0-9a-f]{64}$/.test(text))
    return refuse("key-file", "Cannot read key: the file holds none", path, "Name another")
  if ((statSync(path).mode & 0o077) !== 0)
    refuse("key-file", "Cannot use key: others may read its file", path, "chmod 600")
  return fromHex(text)
}

function readPending(path: string): readonly PendingEnrolment[] {
  try {
    const list = JSON.parse(new TextDecoder().decode(readInputFile(path))) as readonly PendingEnrolment[]
    if (list.every(({ licence, key, payload }) => [licence, key, payload].every((one) => typeof one === "string")))
      return list
  } catch (error) {
    if (error instanceof Refused) throw error
  }
  return refuse("enrolments", "Cannot read enrolments: not the file of a board", path, "Ask the board for it again")
}

/** Only what names this key and this licence is signed: a signature is good wherever it is shown. */
function signOne(seed: Uint8Array, chainId: string, pending: PendingEnrolment): SignedEnrolment {
  const payload = fromHex(pending.payload)
  const [board, practitioner, key] = readPayload(payload, "enrol-practitioner/1")
  const isMine =
    typeof board === "number" &&
    sameBytes(practitioner, practitionerId(board, pending.licence)) &&
    sameBytes(key, keyId(publicKeyOf(seed)))
  if (!isMine)
    return refuse(
      "payload-other",
      "Cannot sign enrolment: it is of another key or licence",
      pending.licence,
      "Ask the board",
    )
  const { header, signature } = signWith(seed, "possessed", chainId, payload)
  return { ...pending, header: toHex(header), signature: toHex(signature) }
}

export const practitionerCommand: Command = {
  summary: "Makes a practitioner's own key, and signs the board's enrolment with it",
  usage: "practitioner key --out FILE | sign PENDING --key FILE --chain-id ID --out FILE",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { out: { type: "string" }, key: { type: "string" }, "chain-id": { type: "string" } },
    })
    const [what, path] = positionals
    const { out, key, "chain-id": chainId } = values
    if (what === "key" && out !== undefined) return makeKey(out, screen)
    if (what !== "sign" || path === undefined || out === undefined || key === undefined || chainId === undefined)
      return refuse(
        "arguments",
        "Cannot do this: an argument is missing",
        "arguments",
        `countersign ${practitionerCommand.usage}`,
      )
    const seed = readSeed(key)
    const own = toHex(keyId(publicKeyOf(seed)))
    const signed = readPending(path)
      .filter((pending) => pending.key === own)
      .map((pending) => signOne(seed, chainId, pending))
    if (signed.length === 0)
      return refuse("payload-other", "Cannot sign enrolment: none of them is of this key", path, "Ask the board")
    writeFileSync(out, `${toJson(signed)}\n`, { mode: 0o600 })
    screen.say(`${screen.good("SIGNED")}  ${signed.map(({ licence }) => licence).join(", ")}: send ${out} to the board`)
    return { value: { licences: signed.map(({ licence }) => licence), out } }
  },
}
