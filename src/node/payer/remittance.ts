/**
 * After the ledger has moved: the payer's papers. A settled visit enters the member's next snapshot; a payment gets its
 * 835 for the provider and an explanation of benefits for each member, all from the determinations that were agreed.
 */

import { toUtf8 } from "#crypto"
import { equalBytes, toHex } from "../../base/bytes.ts"
import { decode } from "../../base/cbor.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { explanationBytes, explanationOfBenefit } from "../../formats/fhir/eob.ts"
import { traceNumber, write835 } from "../../formats/x12/remittance/write-835.ts"
import { decodePayload } from "../../ledger/envelopes.ts"
import { isRejection } from "../../ledger/rejection.ts"
import { factsBody, factsStatementType } from "../../ledger/visit/2-record.ts"
import { visitBody, visitStatementType } from "../../ledger/visit/4-settle.ts"
import { explain } from "../../plan/explain/explain.ts"
import { limitsOf } from "../../plan/settle/corrections.ts"
import { nextSnapshot, type VisitCounted } from "../../plan/snapshot.ts"
import { decodeReceipt } from "../../verify/receipt.ts"
import { readShown, verifyReceipt } from "../../verify/verify.ts"
import type { NodeContext } from "../context.ts"
import type { Operations } from "../desk.ts"
import { type AgreedClaim, agreedClaims, claimAndLeg } from "./agreement.ts"
import { memberOfVisit, saveMember } from "./member-file.ts"
import { signSnapshot } from "./members.ts"

/** The newest agreed statement of a visit that the ledger has in force. */
function agreedFor(node: NodeContext, V: Uint8Array, provider: number): AgreedClaim | undefined {
  const statement = node.chain.tables().visits.get({ V, provider })?.statement
  return statement === undefined ? undefined : node.work.get<AgreedClaim>("agreed", toHex(statement.id))
}

/** Counts a settled visit: the next snapshot is the last with the visit's differences. */
async function countVisit(node: NodeContext, transaction: Uint8Array): Promise<void> {
  const { body } = decodePayload(visitStatementType, visitBody, decodeEnvelope(transaction).payload)
  const { V, provider } = decodePayload(factsStatementType, factsBody, body.facts.payload).body
  const [agreed, member] = [agreedFor(node, V, provider), memberOfVisit(node.work, V)]
  if (agreed === undefined || member === undefined) return
  const last = member.snapshots.at(-1)!
  if (member.snapshots.some(({ value }) => value.visits.some((id) => toHex(id) === toHex(agreed.statement)))) return
  const plan = await node.plans.get(member.plan, node.config.organization)
  const { leg, bundle } = claimAndLeg(agreed)
  const value = nextSnapshot(last.value, {
    visits: [{ statement: agreed.statement, differences: leg.differences }],
    voids: replacedBy(node, agreed),
    expiry: last.value.expiry,
    limitOf: limitsOf(plan, bundle.on),
  })
  const vouchers = member.vouchers.map((issued) => (equalBytes(issued.V, V) ? { ...issued, counted: true } : issued))
  await saveMember(node.work, { ...member, vouchers, snapshots: [...member.snapshots, signSnapshot(node, value)] })
}

/** A replacement takes back what the statement it displaces had posted. */
function replacedBy(node: NodeContext, { supersedes }: AgreedClaim): readonly VisitCounted[] {
  const old = supersedes && node.work.get<AgreedClaim>("agreed", toHex(supersedes))
  return old === undefined ? [] : [{ statement: old.statement, differences: claimAndLeg(old).leg.differences }]
}

interface Paid {
  readonly id: Uint8Array
  readonly provider: number
  readonly amount: bigint
  readonly claims: readonly AgreedClaim[]
}

function paidBy(node: NodeContext, transaction: Uint8Array): Paid | undefined {
  const paid = readShown(node.chain.anchor, transaction)
  if (isRejection(paid)) return undefined
  const { id } = paid
  const row = node.chain.tables().payments.get({ id })
  if (row === undefined || row.payer !== node.config.organization) return undefined
  const claims = row.legs.flatMap(({ V }) => agreedFor(node, V, row.provider) ?? [])
  return { id, provider: row.provider, amount: row.amount, claims }
}

const control = (bytes: Uint8Array) => toHex(bytes.subarray(0, 10)).toUpperCase()
const partyOf = (node: NodeContext, organization: number) => ({
  name: node.chain.tables().organizations.get({ org: organization })?.name ?? String(organization),
  id: String(1_000_000_000 + organization),
})

function remittanceOf(node: NodeContext, paid: Paid): Uint8Array {
  const { seconds } = node.chain
  const [payer, payee] = [partyOf(node, node.config.organization), partyOf(node, paid.provider)]
  const sequence = node.work.rows("remittances").length + 1
  return write835(
    {
      payer,
      payee,
      payment: paid.id,
      day: node.chain.day,
      paid: paid.amount,
      claims: paid.claims.map((agreed) => {
        const { claim, leg } = claimAndLeg(agreed)
        const member = memberOfVisit(node.work, agreed.V)
        const patient = { id: control(member?.snapshots[0]?.value.member ?? agreed.V) }
        return { control: control(agreed.V), payerControl: control(agreed.statement), patient, claim, leg }
      }),
    },
    {
      sender: payer.id,
      receiver: payee.id,
      control: sequence,
      day: node.chain.day,
      minute: Math.floor((seconds % 86400) / 60),
    },
  )
}

interface Explained {
  readonly text: string
  readonly resource: Uint8Array
}

async function explained(node: NodeContext, agreed: AgreedClaim, payment?: Uint8Array): Promise<Explained> {
  const { claim, leg, bundle, trace } = claimAndLeg(agreed)
  const plan = await node.plans.get(leg.plan, node.config.organization)
  const member = memberOfVisit(node.work, agreed.V)
  const author = bundle.facts[0]?.author ?? agreed.V
  const resource = explanationOfBenefit({
    plan,
    claim,
    leg,
    statement: toHex(agreed.statement),
    patient: control(member?.snapshots[0]?.value.member ?? agreed.V).toLowerCase(),
    coverage: toHex(leg.plan).slice(0, 32),
    insurer: partyOf(node, node.config.organization),
    provider: partyOf(node, agreed.provider),
    practitioner: { id: toHex(author).slice(0, 32), name: `Practitioner ${toHex(author).slice(0, 8)}` },
    created: node.chain.day,
    ...(payment === undefined ? {} : { payment: { day: node.chain.day, trace: traceNumber(payment) } }),
    ...(agreed.supersedes === undefined ? {} : { replaces: toHex(agreed.supersedes) }),
  })
  return {
    text: [`${plan.front.title}`, ...explain(plan, claim, { leg, trace })].join("\n"),
    resource: explanationBytes(resource),
  }
}

/** The papers go to whom the ledger paid, whoever showed the receipt: it is public, they are not. */
async function remit(node: NodeContext, transaction: Uint8Array): Promise<void> {
  const paid = paidBy(node, transaction)
  if (paid === undefined || node.work.has("remittances", toHex(paid.id))) return
  const remittance = remittanceOf(node, paid)
  await node.work.put("remittances", toHex(paid.id), remittance)
  const name = `remittance-${traceNumber(paid.id).slice(0, 12)}.835`
  await node.mail.send(
    paid.provider,
    "document",
    { name, mediaType: "application/edi-x12", content: remittance },
    paid.id,
  )
  for (const agreed of paid.claims) {
    const mailbox = memberOfVisit(node.work, agreed.V)?.mailbox
    if (mailbox === undefined) continue
    const { text, resource } = await explained(node, agreed, paid.id)
    await node.mail.send(
      mailbox,
      "document",
      { name: "explanation.txt", mediaType: "text/plain", content: toUtf8(text) },
      agreed.V,
    )
    const fhir = { name: "explanation.json", mediaType: "application/fhir+json", content: resource }
    await node.mail.send(mailbox, "document", fhir, agreed.V)
  }
}

/**
 * The transaction of a receipt that is good here; undefined of any other. One of the chain that this one carries on
 * leads to no header of this one: there the carried rows, which lie here, say whether it was applied.
 */
function shownBy({ chain }: NodeContext, receipt: Uint8Array): Uint8Array | undefined {
  const { valid, code } = verifyReceipt(receipt, chain.anchor)
  if (valid) return decodeReceipt(receipt).transaction
  if (code !== "other-chain" || chain.anchor.former === undefined) return undefined
  const { transaction, chainId } = decodeReceipt(receipt)
  return chainId === chain.anchor.former && chain.shows(transaction) ? transaction : undefined
}

export function receiveProofs(node: NodeContext): void {
  node.mail.on("proof", async (_letter, { receipt }) => {
    const transaction = shownBy(node, receipt)
    if (transaction === undefined) return
    const [type] = decode(decodeEnvelope(transaction).payload) as [string]
    if (type === visitStatementType) await countVisit(node, transaction)
    if (type === "pay/1") await remit(node, transaction)
  })
}

export function remittanceOperations(node: NodeContext): Operations {
  return {
    /** The explanation of a statement, as text and as FHIR: for the member at this payer's counter. */
    explanation: async (fields) => {
      const agreed = node.work.get<AgreedClaim>("agreed", toHex(fields.bytes("statement", 32)))
      if (agreed === undefined) return {}
      const { text, resource } = await explained(node, agreed)
      return { text, resource: toHex(resource) }
    },
    "members-served": async () => ({ claims: agreedClaims(node.work).length }),
  }
}
