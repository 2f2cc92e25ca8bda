/** The registers that make the sample bundle good, as rows of a state with its proof; or with something else in them. */
import { publicKeyOf } from "#crypto"
import { fromHex } from "../src/base/bytes.ts"
import { signCommit } from "../src/base/chain/commit.ts"
import { decodeEnvelope } from "../src/base/envelope.ts"
import { decodePayload, transactionId, voucherBody } from "../src/ledger/envelopes.ts"
import { type FactsRow, type Leg, legStates, type TableName } from "../src/ledger/rows.ts"
import type { RegisterProof } from "../src/verify/register-proof.ts"
import type { RegisterView } from "../src/verify/register-view.ts"
import type { TrustAnchor } from "../src/verify/trust.ts"
import { headerOf, k, Tree, validatorsOf } from "./proven-state.ts"
import { chainId, clinic, filled, makeBundle, mutual, seeds, served, view } from "./sample-bundle.ts"

export const operator = filled(11)
const genesis = filled(0xee)
export const anchor: TrustAnchor = { chainId, genesis, k, validators: validatorsOf(operator) }

const voucher = decodeEnvelope(makeBundle().voucher).payload
export const sampleLeg: Leg = {
  voucher: transactionId(chainId, voucher),
  payer: mutual,
  cap: 200000n,
  held: 200000n,
  hold: 200000n,
  state: legStates.held,
  owed: undefined,
  paid: undefined,
  expires: decodePayload("voucher/1", voucherBody, voucher).expiry,
  deadline: 0,
  bundle: undefined,
  contested: 0n,
  settled: 0,
  refunded: 0,
}

export interface RegisterWishes extends Pick<RegisterView, "keys" | "practitioners" | "plans"> {
  readonly leg?: Partial<Leg>
  readonly facts?: readonly FactsRow[]
  /** Where the visit stands. */
  readonly provider?: number
  readonly leaveOut?: TableName
  /** Time of the header. */
  readonly seconds?: number
}

function put(tree: Tree, wishes: RegisterWishes): void {
  const { keys, practitioners, plans } = { ...view, ...wishes }
  for (const [key, row] of keys!) tree.put("keys", { key: fromHex(key) }, row)
  for (const [id, row] of practitioners!) tree.put("practitioners", { practitioner: fromHex(id) }, row)
  for (const [id, row] of plans!) tree.put("plans", { plan: fromHex(id) }, row)
  const { leg, facts = [], provider = clinic } = wishes
  const V = publicKeyOf(seeds.patient)
  const legs = [{ ...sampleLeg, ...leg }]
  tree.put(
    "visits",
    { V, provider },
    { opened: served * 24, proxy: undefined, facts, statement: undefined, legs, transitions: [] },
  )
}

/** What a provider sends with the sample bundle, as far as the ledger in the wishes has it. */
export function sampleRegisters(wishes: RegisterWishes = {}): RegisterProof {
  const tree = new Tree()
  for (let i = 0; i < 40; i++) tree.put("applied", { expiry: 493_100, id: filled(i) }, { result: 0 })
  put(tree, wishes)
  const header = headerOf(tree.appHash(), 9, { seed: operator, seconds: wishes.seconds ?? (served + 1) * 86400 })
  const rows = tree.rows.flatMap(({ table }, i) =>
    table === "applied" || table === wishes.leaveOut ? [] : [tree.prove(i)],
  )
  const commit = signCommit(operator, chainId, header)
  return { chainId, genesis, rows, header, commit, validators: validatorsOf(operator), handovers: [] }
}
