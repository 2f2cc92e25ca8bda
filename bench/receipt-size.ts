/**
 * How many bytes a browser loads to verify receipts: the core alone, and the second chunk that re-computes the cents.
 * Minified, not compressed. The core's limit is 200 kB.
 */
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"

const root = join(import.meta.dirname, "..")

async function minifiedBytes(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["browser"],
    target: "es2023",
    absWorkingDir: root,
    logLevel: "silent",
  })
  return outputFiles.reduce((sum, { contents }) => sum + contents.length, 0)
}

export const mostCoreBytes = 200_000

/** Bytes of the receipt core, and of everything that also checks bundles. */
export async function receiptSizes(): Promise<{ readonly core: number; readonly withBundles: number }> {
  return {
    core: await minifiedBytes("src/verify/verify.ts"),
    withBundles: await minifiedBytes("src/verify/index.ts"),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { core, withBundles } = await receiptSizes()
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1)
  console.log(`receipt core ${kilobytes(core)} kB, with bundles ${kilobytes(withBundles)} kB`)
}
