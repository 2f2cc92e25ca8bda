/** Domain-separated digests: every hash of the protocol names what it is over. */
import { sha256, toUtf8 } from "#crypto"
import { type Value, Writer } from "./cbor.ts"

const prefixes = new Map<string, Uint8Array>()

function prefixOf(tag: string): Uint8Array {
  let prefix = prefixes.get(tag)
  if (prefix === undefined) {
    prefix = toUtf8(`countersign/1/${tag}\0`)
    prefixes.set(tag, prefix)
  }
  return prefix
}

/** What `digest` hashes: `countersign/1/` + tag ‖ 0x00 ‖ CBOR [values…]. */
export function digestInput(tag: string, ...values: readonly Value[]): Uint8Array {
  return writeInput(tag, values).finish()
}

function writeInput(tag: string, values: readonly Value[]): Writer {
  const writer = new Writer()
  writer.raw(prefixOf(tag))
  writer.value(values)
  return writer
}

/** SHA-256 of `digestInput`; 32 bytes. A commitment is a digest whose first value is a fresh 32-byte salt. */
export function digest(tag: string, ...values: readonly Value[]): Uint8Array {
  return writeInput(tag, values).finishInto(sha256)
}
