/** What a lie told to the baseline is, and what its cells are made of. */
import { verifyMerkleProof } from "../../../src/base/merkle.ts"
import { type Cell, must, notCaught, prevented } from "../lies.ts"
import { isHead } from "./member.ts"
import { isSigned, leafOf } from "./row.ts"
import type { BaselineScene } from "./scene.ts"
import { NotTaken } from "./service.ts"

export type BaselineLie = (scene: BaselineScene) => Promise<Cell>

/** The code with which the server did not take a row; undefined when it took it. */
export async function codeOf(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    if (error instanceof NotTaken) return error.code
    throw error
  }
}

/** Every attempt must be refused; the cell names each code once. */
export async function allRefused(
  attempts: readonly (() => Promise<unknown>)[],
  over: Partial<Cell> = {},
): Promise<Cell> {
  const found = new Set<string>()
  for (const attempt of attempts) {
    const code = await codeOf(attempt)
    if (code === undefined) return notCaught("The server took it.")
    found.add(code)
  }
  return prevented(`server: ${[...found].join(", ")}`, over)
}

/** The payer is asked to accept a claim. */
export const unconfirmed = (scene: BaselineScene, claim: number, plan: number) => () =>
  scene.write("payerPay", "adjudication", { claim, plan })

/** A row of somebody's, with its proof under a signed head: a stranger checks it with two public keys. */
export async function isProven(scene: BaselineScene, seq: number, author: string): Promise<boolean> {
  const head = await scene.service.head()
  const shown = must(await scene.service.show(seq, head.size), "the row is not there")
  const { row, proof } = shown
  const placed = verifyMerkleProof(head.root, leafOf(row), seq, head.size, proof)
  return isHead(scene.service.key, head) && placed && isSigned(row) && row.author === author
}
