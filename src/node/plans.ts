/**
 * Published plans on a node's shelf: bytes and tables by the plan's digest. A plan that is not here is fetched from the
 * payer's node; bytes whose digest is another are not taken, so it does not matter who hands them over.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { readPlan } from "../plan/language/read.ts"
import type { Plan } from "../plan/plan.ts"
import type { Directory } from "./directory.ts"
import { type Address, plainRequest, type Request } from "./transport.ts"
import type { Work } from "./work.ts"

export interface PlanPack {
  readonly bytes: Uint8Array
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

/** Reads a plan with its tables. @throws Refused with the first finding when it does not read. */
export function readPack(pack: PlanPack): Plan {
  const answer = readPlan(pack.bytes, new Map(pack.tables.map(({ name, bytes }) => [name, bytes])))
  if ("plan" in answer) return answer.plan
  const [finding] = answer.findings
  const at = `line ${finding?.line ?? 1}, column ${finding?.column ?? 1}`
  return refuse(
    finding?.code ?? "syntax",
    finding?.message ?? "Cannot read plan",
    at,
    finding?.remedy ?? "Fix the plan",
  )
}

export class PlanShelf {
  readonly #work: Work
  readonly #directory: Directory
  readonly #request: Request
  readonly #read = new Map<string, Plan>()

  constructor(work: Work, directory: Directory, request: Request = plainRequest) {
    this.#work = work
    this.#directory = directory
    this.#request = request
  }

  async keep(pack: PlanPack): Promise<Plan> {
    const plan = readPack(pack)
    const id = toHex(plan.digest)
    await this.#work.put("plans", id, pack)
    this.#read.set(id, plan)
    return plan
  }

  pack(planDigest: Uint8Array): PlanPack | undefined {
    return this.#work.get<PlanPack>("plans", toHex(planDigest))
  }

  /** The plan, from the shelf or from this payer's node. */
  async get(planDigest: Uint8Array, payer: number): Promise<Plan> {
    const id = toHex(planDigest)
    const known = this.#read.get(id)
    if (known !== undefined) return known
    const pack = this.pack(planDigest) ?? (await this.#fetch(id, payer))
    const plan = await this.keep(pack)
    if (!equalBytes(plan.digest, planDigest))
      refuse("plan-false", "Cannot use plan: its bytes have another digest", "plan", "Ask the payer")
    return plan
  }

  async #fetch(id: string, payer: number): Promise<PlanPack> {
    const address = this.#directory.find(payer)
    if (address === undefined)
      return refuse(
        "plan-unknown",
        "Cannot use plan: not kept here, and its payer is not listed",
        "plan",
        "Ask the payer",
      )
    const bytes = await this.#fetchBytes(address, `/plans/${id}`)
    if (toHex(digest("plan", bytes)) !== id)
      refuse("plan-false", "Cannot use plan: its bytes have another digest", "plan", "Ask the payer")
    const names = tableNames(bytes)
    const tables = await Promise.all(
      names.map(async (name) => ({ name, bytes: await this.#fetchBytes(address, `/plans/${id}?table=${name}`) })),
    )
    return { bytes, tables }
  }

  async #fetchBytes({ url, transport: pin }: Address, path: string): Promise<Uint8Array> {
    const { status, bytes } = await this.#request(url + path, { pin }).catch((cause: unknown) => {
      throw new Fault("Cannot fetch plan: its payer's node cannot be reached", { retryable: true, cause })
    })
    if (status === 404)
      return refuse("plan-unknown", "Cannot use plan: its payer has none of this digest", "plan", "Ask the payer")
    if (status !== 200) throw new Fault(`Cannot fetch plan: its payer's node answers ${status}`, { retryable: true })
    return bytes
  }
}

/** The tables a plan names in its front matter, by a glance at the text: reading it wholly needs them first. */
function tableNames(bytes: Uint8Array): readonly string[] {
  const front = new TextDecoder().decode(bytes).split("\n---", 1)[0] ?? ""
  return [...front.matchAll(/\bname:\s*([a-z0-9-]+)/g)].map((match) => match[1]!)
}
