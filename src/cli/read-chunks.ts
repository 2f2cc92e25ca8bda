/** A file in pieces, for readers that do not need the whole: memory does not grow with the file. */
import { closeSync, openSync, readSync } from "node:fs"
import { Refused, refuse } from "../base/refusal.ts"
import { readInputFile, readMaybeGzipped } from "./input-file.ts"
import { readFault } from "./path-fault.ts"

const piece = 1 << 16

function open(path: string): number {
  try {
    return openSync(path, "r")
  } catch {
    // Says in plain words why the file does not open.
    readInputFile(path)
    return refuse("file-unreadable", "Cannot read file: the system refuses", path, "Check the file's permissions")
  }
}

function readPiece(file: number, buffer: Uint8Array, path: string): number {
  try {
    return readSync(file, buffer)
  } catch (error) {
    const fault = readFault(error, path)
    if (fault !== undefined) throw new Refused(fault)
    const { code = "the system refuses" } = error as NodeJS.ErrnoException
    return refuse("file-unreadable", `Cannot read file: ${code}`, path, "Check the disk")
  }
}

/**
 * The file's bytes in order. A gzipped file is unpacked whole, and so bound in size. Each chunk is only good until the
 * next. @throws Refused when there is no such file or it cannot be read.
 */
export function* readChunks(path: string): Generator<Uint8Array, void, void> {
  const file = open(path)
  try {
    const buffer = new Uint8Array(piece)
    let length = readPiece(file, buffer, path)
    if (buffer[0] === 0x1f && buffer[1] === 0x8b && length > 1) {
      yield readMaybeGzipped(path)
      return
    }
    for (; length > 0; length = readPiece(file, buffer, path)) yield buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}
