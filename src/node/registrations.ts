/** What an organization that has just been admitted signs to have its own keys on the ledger; anybody may hand it in. */
import { keyId } from "../base/envelope.ts"
import { roles } from "../ledger/roles.ts"
import { openEnd } from "../ledger/rows.ts"
import type { OrganizationKind } from "./config.ts"
import { type KeyRing, type KeyUse, usesOf } from "./keys.ts"
import { envelopeOf, payloadOf } from "./payload.ts"

/** Hours for which the registrations may be handed in. */
const goodFor = 12

/** The roles of a use. A peer key has none; a validator's key is no ledger key at all and is set by ballot. */
export function rolesOfUse(use: Exclude<KeyUse, "validator">): number {
  return use === "peer" ? 0 : roles[use]
}

export interface Registering {
  readonly chainId: string
  readonly organization: number
  readonly kind: OrganizationKind
  /** Block hour now. */
  readonly hour: number
}

/** One `register-key/1` a use, the admin key's own excepted: the admission has brought that one. */
export function registrationsOf(
  keys: KeyRing,
  { chainId, organization, kind, hour }: Registering,
): readonly Uint8Array[] {
  return usesOf(kind).flatMap((use) => {
    if (use === "admin" || use === "validator") return []
    const key = keyId(keys.publicKey(use))
    const payload = payloadOf(
      "register-key/1",
      hour + goodFor,
      organization,
      key,
      rolesOfUse(use),
      undefined,
      hour,
      openEnd,
    )
    const registered = keys.sign("admin", "registered", chainId, payload)
    return [envelopeOf(payload, registered, keys.sign(use, "possessed", chainId, payload))]
  })
}

/** An admin key as an admission names it. */
export function adminKeyOf(keys: KeyRing): Uint8Array {
  return keyId(keys.publicKey("admin"))
}
