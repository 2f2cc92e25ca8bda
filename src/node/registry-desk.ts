/**
 * The desks of the registry: a board enrols practitioners and sets their status, a payer publishes plans with others'
 * approval, a custodian books deposits and withdrawals, a witness attests delivery. One transaction each.
 */
import { randomBytes } from "node:crypto"
import { toHex } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { refuse } from "../base/refusal.ts"
import { checkPlan } from "../plan/check/check.ts"
import { commitBankReference } from "../privacy/commitments.ts"
import type { NodeContext } from "./context.ts"
import type { Fields, Operation, Operations } from "./desk.ts"
import type { KeySignature } from "./keys.ts"
import { envelopeOf, payloadOf, readPayload, sameBytes } from "./payload.ts"
import { type PlanPack, readPack } from "./plans.ts"

const signatureOf = (fields: Fields): KeySignature => ({
  header: fields.bytes("header"),
  signature: fields.bytes("signature", 64),
})

/** A licence number's public id: what everybody may compute. */
export function practitionerId(board: number, licence: string): Uint8Array {
  return digest("practitioner", board, licence)
}

function boardOperations(node: NodeContext): Operations {
  const { chain, keys, config } = node
  const sign = (payload: Uint8Array) => keys.sign("enrol", "enrolled", chain.chainId, payload)
  return {
    /** First half: the enrolment of a licence on this board's roster, for the practitioner's key to sign as possessed. */
    "prepare-enrolment": async (fields) => {
      const practitioner = practitionerId(config.organization, fields.code("licence"))
      const credential = new Uint8Array(randomBytes(32))
      const payload = payloadOf(
        "enrol-practitioner/1",
        chain.hour + 12,
        config.organization,
        practitioner,
        fields.bytes("key", 33),
        credential,
        chain.hour,
      )
      return { payload, practitioner }
    },
    enrol: async (fields) => {
      const payload = fields.bytes("payload")
      const [board] = readPayload(payload, "enrol-practitioner/1")
      if (board !== config.organization)
        refuse("payload-other", "Cannot enrol: another board's payload", "payload", "Ask that board")
      return { height: (await chain.submit(envelopeOf(payload, sign(payload), signatureOf(fields)), "enrol")).height }
    },
    /** 0 active, 1 suspended, 2 ended; from now on, never backwards. */
    "set-licence-status": async (fields) => {
      const payload = payloadOf(
        "set-licence-status/1",
        chain.hour + 12,
        fields.bytes("practitioner", 32),
        fields.integer("status"),
        chain.hour,
      )
      return { height: (await chain.submit(envelopeOf(payload, sign(payload)), "set-licence-status")).height }
    },
  }
}

function packOf(fields: Fields): PlanPack {
  const tables = fields.objects("tables").map((table) => ({ name: table.text("name"), bytes: table.bytes("bytes") }))
  return { bytes: fields.bytes("bytes"), tables }
}

/** Reads and checks a plan as whoever signs for it must: a plan with a finding that refuses is not approved. */
function checkedPlan(pack: PlanPack) {
  const plan = readPack(pack)
  const finding = checkPlan(plan).find(({ refuses }) => refuses)
  if (finding === undefined) return plan
  return refuse(finding.code, finding.message, `line ${finding.line}, column ${finding.column}`, finding.remedy)
}

function planOperations(node: NodeContext): Operations {
  const { chain, keys, config, plans } = node
  const approve: Operation = async (fields) => {
    const plan = checkedPlan(packOf(fields))
    const payload = fields.bytes("payload")
    const [named] = readPayload(payload, "publish-plan/1", "retire-plan/1")
    if (!sameBytes(named, plan.digest))
      refuse("plan-false", "Cannot approve plan: the payload names another", "payload", "Send its plan")
    return keys.sign("vote", "approved", chain.chainId, payload)
  }
  const publisher: Operations = {
    "prepare-plan": async (fields) => {
      const plan = checkedPlan(packOf(fields))
      await plans.keep(packOf(fields))
      const { plan: series, version, effective } = plan.front
      const from = Math.max(effective.from * 24, chain.hour)
      const payload = payloadOf(
        "publish-plan/1",
        chain.hour + 12,
        plan.digest,
        config.organization,
        series,
        version,
        from,
        effective.until * 24,
      )
      return { payload, plan: plan.digest }
    },
    "publish-plan": async (fields) => {
      const payload = fields.bytes("payload")
      readPayload(payload, "publish-plan/1")
      const mine = keys.sign("vote", "published", chain.chainId, payload)
      const approvals = fields.objects("approvals").map(signatureOf)
      return { height: (await chain.submit(envelopeOf(payload, mine, ...approvals), "publish-plan")).height }
    },
  }
  return { "approve-plan": approve, ...publisher }
}

function custodianOperations(node: NodeContext): Operations {
  const { chain, keys, config } = node
  const reference = (fields: Fields) =>
    commitBankReference(new Uint8Array(randomBytes(32)), config.organization, fields.text("reference"))
  return {
    deposit: async (fields) => {
      const payload = payloadOf(
        "deposit/1",
        chain.hour + 12,
        config.organization,
        fields.organization("to"),
        fields.amount("amount"),
        reference(fields),
      )
      const envelope = envelopeOf(payload, keys.sign("custody", "deposited", chain.chainId, payload))
      return { height: (await chain.submit(envelope, "deposit")).height }
    },
    /** The bank's half of a withdrawal that its owner has signed. */
    withdraw: async (fields) => {
      const payload = fields.bytes("payload")
      const [, custodian] = readPayload(payload, "withdraw/1")
      if (custodian !== config.organization)
        refuse("payload-other", "Cannot pay out: another custodian's payload", "payload", "Ask that custodian")
      const envelope = envelopeOf(payload, signatureOf(fields), keys.sign("custody", "paidOut", chain.chainId, payload))
      return { height: (await chain.submit(envelope, "withdraw")).height }
    },
  }
}

function ownerOperations(node: NodeContext): Operations {
  const { chain, keys, config } = node
  return {
    "prepare-withdrawal": async (fields) => {
      const custodian = fields.organization("custodian")
      const salted = commitBankReference(new Uint8Array(randomBytes(32)), custodian, fields.text("reference"))
      const payload = payloadOf(
        "withdraw/1",
        chain.hour + 12,
        config.organization,
        custodian,
        fields.amount("amount"),
        salted,
      )
      return { payload: toHex(payload), ...keys.sign("pay", "withdrew", chain.chainId, payload) }
    },
  }
}

/** The desk operations of the registry that an organization of this kind has. */
export function registryOperations(node: NodeContext): Operations {
  const { "approve-plan": approve, ...publisher } = planOperations(node)
  const everybody: Operations = { "approve-plan": approve! }
  switch (node.config.kind) {
    case "licence-board":
      return { ...everybody, ...boardOperations(node) }
    case "payer":
      return { ...everybody, ...publisher, ...ownerOperations(node) }
    case "custodian":
      return { ...everybody, ...publisher, ...custodianOperations(node) }
    case "provider":
      return { ...everybody, ...ownerOperations(node) }
    default:
      return everybody
  }
}
