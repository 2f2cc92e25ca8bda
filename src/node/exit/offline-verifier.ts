/**
 * The verifier as one file that needs nothing beside it: what `countersign verify` checks, with the primitives that are
 * written in JavaScript. An installed package has it built; a checkout builds it when it is asked for.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const above = join(import.meta.dirname, "..", "..")

/** Bundles the sources of a checkout; takes some tenths of a second. */
export async function buildVerifier(source: string): Promise<Uint8Array> {
  const { build } = await import("esbuild")
  const { outputFiles } = await build({
    entryPoints: [join(source, "cli", "verify-file.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    legalComments: "inline",
    // Parts that are written as CommonJS ask for the platform's own modules by `require`.
    banner: { js: 'import { createRequire } from "node:module"\nconst require = createRequire(import.meta.url)' },
    logLevel: "silent",
    absWorkingDir: source,
    plugins: [
      {
        // Native code cannot be carried along in one file.
        name: "crypto",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^#crypto$/ }, () => ({ path: join(source, "base", "crypto.browser.ts") })),
      },
    ],
  })
  return outputFiles[0]!.contents
}

/** The file's bytes: `node verify.mjs RECEIPT --anchor FILE`. */
export async function offlineVerifier(): Promise<Uint8Array> {
  const built = join(above, "verify.mjs")
  return existsSync(built) ? new Uint8Array(readFileSync(built)) : buildVerifier(above)
}
