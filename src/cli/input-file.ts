/** Files that a command is given: read whole, opened where they are gzipped, refused in plain words. */
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import { Refused, refuse } from "../base/refusal.ts"
import { readFault } from "./path-fault.ts"

/** Larger inputs are refused, packed and unpacked alike. */
export const mostInputBytes = 64 * 1024 * 1024

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    const fault = readFault(error, path)
    if (fault !== undefined) throw new Refused(fault)
    const { code = "the system refuses" } = error as NodeJS.ErrnoException
    return refuse("file-unreadable", `Cannot read file: ${code}`, path, "Check the disk")
  }
}

/** The file's bytes. @throws Refused when there is no such file or it is too large. */
export function readInputFile(path: string): Uint8Array {
  const bytes = readBytes(path)
  if (bytes.length > mostInputBytes)
    refuse("file-too-large", `Cannot read file: over ${mostInputBytes} bytes`, path, "Split the file")
  return bytes
}

/** The same, and unpacked when it begins as gzip does. @throws Refused also when the gzip is broken or cut off. */
export function readMaybeGzipped(path: string): Uint8Array {
  const bytes = readInputFile(path)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: mostInputBytes }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      return refuse("file-too-large", `Cannot unpack file: over ${mostInputBytes} bytes`, path, "Split the file")
    }
    return refuse("gzip-broken", "Cannot unpack file: its gzip is broken or cut off", path, "Fetch the file again")
  }
}
