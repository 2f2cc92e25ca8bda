/**
 * The runner's own copy of the ledger: every block that the network made, checked, run again from the genesis, and
 * remembered, so that whatever a node shows can be compared with it.
 */
import { verifySignature } from "#crypto"
import { toHex } from "../../src/base/bytes.ts"
import { type FinalBlock, finalBlockCodec } from "../../src/base/chain/block.ts"
import { headerHash } from "../../src/base/chain/header.ts"
import { validatorsHash } from "../../src/base/chain/validators.ts"
import { decodeAs, list } from "../../src/base/schema.ts"
import { Replay } from "../../src/engine/replay.ts"
import { openTables, type Tables } from "../../src/ledger/state.ts"
import { LedgerApplication } from "../../src/node/application.ts"
import type { Handover } from "../../src/verify/receipt.ts"
import { checkHeader, type TrustAnchor } from "../../src/verify/trust.ts"
import type { Consortium } from "./consortium.ts"

/** Where a transaction stands, and what the rules said to it. */
export interface Placed {
  readonly id: string
  readonly height: number
  readonly seconds: number
  /** 0 applied, else the refusal's number. */
  readonly number: number
}

const blocksCodec = list(finalBlockCodec, 0, 256)

export class Replica {
  readonly #application: LedgerApplication
  readonly #replay: Replay<ReturnType<typeof decodedBy>>
  readonly #anchor: TrustAnchor
  readonly #hashes: string[] = [""]
  readonly #appHashes: string[] = []
  readonly #handovers: Handover[] = []

  private constructor(application: LedgerApplication, anchor: TrustAnchor) {
    this.#application = application
    this.#anchor = anchor
    this.#appHashes.push(toHex(application.appHash))
    this.#replay = new Replay(application, async (jobs) =>
      jobs.map(({ publicKey, message, signature }) => verifySignature(publicKey, message, signature)),
    )
  }

  static async open(directory: string, genesis: Uint8Array, anchor: TrustAnchor): Promise<Replica> {
    const application = await LedgerApplication.open(directory, genesis)
    if (!(application instanceof LedgerApplication)) throw new Error(application.message)
    return new Replica(application, anchor)
  }

  get height(): number {
    return this.#replay.head.height
  }

  get seconds(): number {
    return this.#replay.head.time.seconds
  }

  get tables(): Tables {
    return openTables(this.#application.state)
  }

  get state(): LedgerApplication["state"] {
    return this.#application.state
  }

  /** Hex; of the state after a block. */
  appHashAfter(height: number): string | undefined {
    return this.#appHashes[height]
  }

  decode(bytes: Uint8Array) {
    return decodedBy(this.#application, bytes)
  }

  /** Runs the next block. @throws Fault when it does not follow from those before. */
  async take(block: FinalBlock): Promise<readonly Placed[]> {
    const bad = this.headerFault(block)
    if (bad !== undefined) throw new Error(`block ${block.header.height}: ${bad}`)
    const result = await this.#replay.run(block)
    const { header, commit, nextValidators: validators } = block
    const { height } = header
    this.#hashes[height] = toHex(headerHash(header))
    this.#appHashes[height] = toHex(result.appHash)
    if (toHex(header.validatorsHash) !== toHex(validatorsHash(validators)))
      this.#handovers.push({ header, commit, validators })
    return result.outcomes.flat().map(({ id, number }) => ({
      id: id === undefined ? "" : toHex(id),
      height,
      seconds: header.time.seconds,
      number,
    }))
  }

  /** Why a node's block is not one of this chain, as a verifier with the genesis alone sees it. */
  headerFault({ header, commit, validators }: FinalBlock): string | undefined {
    const { chainId, genesis } = this.#anchor
    const handovers = this.#handovers.filter((one) => one.header.height < header.height)
    return checkHeader({ chainId, genesis, header, commit, validators, handovers }, this.#anchor, [])?.message
  }

  /** Whether a node's block of a height that is here is the same block. */
  isSame({ header }: FinalBlock): boolean {
    return this.#hashes[header.height] === toHex(headerHash(header))
  }

  close(): Promise<void> {
    return this.#application.close()
  }
}

function decodedBy(application: LedgerApplication, bytes: Uint8Array) {
  const decoded = application.decode(bytes)
  if ("number" in decoded) throw new Error("a transaction of the runner does not decode")
  return decoded
}

/** A node's blocks of some heights, both included, as it hands them out. */
export async function blocksOf(
  consortium: Consortium,
  organization: number,
  from: number,
  to: number,
): Promise<readonly FinalBlock[]> {
  const blocks: FinalBlock[] = []
  while (from + blocks.length <= to) {
    const bytes = await consortium.ask(organization, `/chain/blocks?from=${from + blocks.length}`)
    const some = decodeAs(blocksCodec, bytes)
    if (some.length === 0) throw new Error(`organization ${organization} has no block ${from + blocks.length}`)
    blocks.push(...some)
  }
  return blocks.slice(0, to - from + 1)
}
