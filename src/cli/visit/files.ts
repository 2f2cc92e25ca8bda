/** The files a told visit leaves for its reader: receipts, bundle, explanations, remittance. Readable by their owner only. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { toUtf8 } from "#crypto"
import { toJson } from "../../base/json.ts"
import { decodeReceipt } from "../../verify/receipt.ts"
import { receiptToJson } from "../../verify/receipt-json.ts"
import { makeFolder } from "../make-folder.ts"

export class OutFolder {
  readonly path: string
  readonly names: string[] = []

  constructor(path: string) {
    this.path = path
    makeFolder(path, 0o700)
  }

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.path, name)
    writeFileSync(path, typeof content === "string" ? toUtf8(content) : content, { mode: 0o600 })
    this.names.push(name)
    return path
  }

  json(name: string, value: unknown): string {
    return this.write(name, `${toJson(value)}\n`)
  }

  /** Both forms of a receipt; gives the path of the `.cbor` one. */
  receipt(name: string, bytes: Uint8Array): string {
    this.write(`${name}.json`, receiptToJson(decodeReceipt(bytes)))
    return this.write(`${name}.cbor`, bytes)
  }
}
