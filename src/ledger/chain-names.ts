/** The two names of a chain that carries another's state on, and which of them an envelope was signed for. */
import { equalBytes } from "../base/bytes.ts"
import { type NestedEnvelope, type NestedPayload, transactionId, verifyEnvelope } from "./envelopes.ts"

/**
 * What a chain is called and, where its genesis carries on another chain's state, what that one was called: vouchers,
 * delegations and statements that were signed for it stay good here until they expire.
 */
export interface ChainNames {
  readonly chainId: string
  readonly former?: string | undefined
}

type Signed = Pick<NestedEnvelope<unknown>, "payload" | "signatures">

/** The chain, this one or the former, that all signatures of an envelope are good for; undefined where there is none. */
export function chainOf({ chainId, former }: ChainNames, envelope: Signed): string | undefined {
  if (verifyEnvelope(chainId, envelope)) return chainId
  return former !== undefined && verifyEnvelope(former, envelope) ? former : undefined
}

/**
 * Which of its two names a chain went by when this was signed: the first signature tells, and the others must be for
 * the same. The present one where it is good for neither. `verified` says that the first signature is good.
 */
export function signedFor(
  { chainId, former }: ChainNames,
  { payload, signatures }: Signed,
): { readonly chainId: string; readonly verified: boolean } {
  if (former === undefined) return { chainId, verified: false }
  const first = { payload, signatures: signatures.slice(0, 1) }
  if (verifyEnvelope(chainId, first)) return { chainId, verified: true }
  return verifyEnvelope(former, first) ? { chainId: former, verified: true } : { chainId, verified: false }
}

/** The chain, this one or the former, on which a payload has this id; undefined where it has it on neither. */
export function chainOfId(names: ChainNames, id: Uint8Array, payload: Uint8Array): string | undefined {
  return namesIn(names).find((name) => equalBytes(transactionId(name, payload), id))
}

/** The ids that a payload may have on a chain: under its own name and, where there is one, under the former's. */
export function idsOn(names: ChainNames, { id }: Pick<NestedPayload<unknown>, "id">): readonly Uint8Array[] {
  return namesIn(names).map(id)
}

function namesIn({ chainId, former }: ChainNames): readonly string[] {
  return former === undefined ? [chainId] : [chainId, former]
}
