/** Opening what others sealed to this node: with the key it has now, or with one that it had before a rotation. */
import { generateNodeKey, openSealed } from "../record/bundle-sealing.ts"
import type { KeyRing } from "./keys.ts"

/**
 * Tries each of the node's sealing keys in turn, the present one first.
 *
 * @param open - undefined where what was sealed does not open with this key (32 bytes).
 */
export async function openWithAny<T>(
  keys: KeyRing,
  open: (privateKey: Uint8Array) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const seed of keys.openers("sealing")) {
    const { privateKey } = await generateNodeKey(seed)
    const opened = await open(privateKey)
    if (opened !== undefined) return opened
  }
  return undefined
}

/** What was sealed to this node under an info; undefined for anything else. */
export function openForNode(keys: KeyRing, info: Uint8Array, sealed: Uint8Array): Promise<Uint8Array | undefined> {
  return openWithAny(keys, (privateKey) => openSealed(privateKey, info, sealed))
}
