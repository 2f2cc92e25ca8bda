/** Files of any size, read in pieces; opened where they are gzipped. */
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { Refused, refuse } from "../base/refusal.ts"
import { readFault } from "./path-fault.ts"

/** Pieces of the file. @throws Refused when it cannot be read or its gzip is broken or cut off. */
export async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  try {
    let unpack: ReturnType<typeof createGunzip> | undefined
    const source = createReadStream(path, { highWaterMark: 1 << 18 })
    const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    const first = await iterator.next()
    if (first.done === true) return
    if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
      yield first.value
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
      return
    }
    source.destroy()
    unpack = createGunzip()
    const packed = createReadStream(path)
    packed.on("error", (error) => unpack?.destroy(error))
    for await (const piece of packed.pipe(unpack)) yield piece as Buffer
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException
    if (code.startsWith("Z_"))
      refuse("gzip-broken", "Cannot unpack file: its gzip is broken or cut off", path, "Fetch the file again")
    const fault = readFault(error, path)
    throw fault === undefined ? error : new Refused(fault)
  }
}
