/** Finds the published test vectors beside the checkout. A suite that is not there is skipped, visibly. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gunzipSync } from "node:zlib"

const folder = join(import.meta.dirname, "../../../shared/data/vectors")

/** The text of a vector file; `.gz` is unpacked. */
export function vectorText(file: string): string {
  const bytes = readFileSync(join(folder, file))
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")
}

export function vectorJson<T>(file: string): T {
  return JSON.parse(vectorText(file)) as T
}

/** One JSON value a line. */
export function vectorLines<T>(file: string): T[] {
  return vectorText(file)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T)
}

/** A test that needs `file` (or folder) of the vectors. */
export function vectorTest(name: string, file: string, body: (context: TestContext) => void | Promise<void>): void {
  test(name, (context) => {
    if (!existsSync(join(folder, file))) return context.skip(`../shared/data/vectors/${file} is absent`)
    return body(context)
  })
}

export const fromHexText = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"))
