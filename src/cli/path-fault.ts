/** What the file system says of a path that was given, in plain words: no code of the system, and a remedy. */
import type { Refusal } from "../base/refusal.ts"

interface Fault {
  readonly code: string
  readonly what: string
  readonly remedy: string
}

const absent: Fault = { code: "file-absent", what: "there is none of this name", remedy: "Check the path" }
const closed: Fault = {
  code: "file-unreadable",
  what: "its permissions do not allow it",
  remedy: "Check the file's permissions",
}

/** Of a file that is to be read. */
const reading: Readonly<Record<string, Fault>> = {
  ENOENT: absent,
  ENOTDIR: absent,
  EISDIR: { code: "file-unreadable", what: "it is a folder", remedy: "Name the files in it" },
  EACCES: closed,
  EPERM: closed,
}

/** Of a path where the system refuses anything else: mostly one that is to be written. */
const using: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: ["the folder it lies in is not there", "Make the folder first, or check the path"],
  ENOTDIR: ["a part of the path is a file", "Check the path"],
  EISDIR: ["it is a folder", "Name a file"],
  EEXIST: ["there is a file of this name", "Name a folder, or another name"],
  EACCES: ["its permissions do not allow it", "Check the permissions, or name another place"],
  EPERM: ["its permissions do not allow it", "Check the permissions, or name another place"],
  EROFS: ["the disk is read-only", "Name another place"],
}

/** Why a file cannot be read; undefined for what is no fault of the path. */
export function readFault(error: unknown, path: string): Refusal | undefined {
  const fault = reading[(error as NodeJS.ErrnoException).code ?? ""]
  return fault && { code: fault.code, message: `Cannot read file: ${fault.what}`, at: path, remedy: fault.remedy }
}

/** Why a path cannot be used at all; undefined for what is no fault of a path. */
export function pathFault(error: unknown): Refusal | undefined {
  const { code = "", path } = (error ?? {}) as NodeJS.ErrnoException
  const fault = using[code]
  if (fault === undefined || typeof path !== "string") return undefined
  return { code: "path-unusable", message: `Cannot use path: ${fault[0]}`, at: path, remedy: fault[1] }
}
