/**
 * A second node with the validator key of a first, as a thief of that key, or a careless operator with a copy, would
 * run it: both vote, and sooner or later not for the same. To the other nodes it comes with the peer key of a member.
 */
import { join } from "node:path"
import { toHex } from "../../src/base/bytes.ts"
import { NodeProcess } from "../../src/cli/community/node-process.ts"
import type { PeerAddress } from "../../src/engine/comet/home.ts"
import { KeyRing } from "../../src/node/keys.ts"
import { Work } from "../../src/node/work.ts"
import { WorkStore } from "../../src/store/work-store.ts"
import { type Consortium, memberOf, sleep } from "./consortium.ts"
import { childrenOf, signal } from "./processes.ts"
import { blocksOf } from "./replica.ts"

const startKey = "w".repeat(32)

interface Identity {
  readonly organization: number
  readonly name: string
  readonly kind: string
  readonly sealingKey: string
  readonly transport: string
  readonly transportProof: string
  readonly consensus?: PeerAddress
}

async function copyKeys(consortium: Consortium, directory: string, of: number, peer: number): Promise<void> {
  const store = new WorkStore(join(directory, "work"), startKey)
  try {
    const work = new Work(store, startKey)
    await work.put("seeds", "validator", consortium.rings.get(of)!.seed("validator"))
    await work.put("seeds", "peer", consortium.rings.get(peer)!.seed("peer"))
    await KeyRing.open(work, memberOf(of).kind)
  } finally {
    await store.close()
  }
}

/**
 * Starts it, and has it join the chain.
 *
 * @param peer - the organization whose peer key it shows: one that runs no CometBFT of its own.
 * @returns what ends it.
 */
export async function startTwin(
  consortium: Consortium,
  directory: string,
  { of, peer }: { readonly of: number; readonly peer: number },
): Promise<() => Promise<void>> {
  await copyKeys(consortium, directory, of, peer)
  const member = memberOf(of)
  const twin = await NodeProcess.start({ member, directory, startKey, flags: ["--port", "0", "--tls", "--consensus"] })
  const end = async () => {
    const engines = childrenOf(twin.processId, "cometbft")
    await Promise.race([twin.stop("SIGKILL"), sleep(5000)])
    for (const pid of engines) signal(pid, "SIGKILL")
  }
  try {
    const identities = await Promise.all(consortium.network.nodes.map((node) => node.get<Identity>("/identity")))
    const organizations = identities
      .filter(({ organization }) => organization !== of)
      .map(({ organization, name, kind, sealingKey, transport, transportProof, consensus }) => {
        const { url } = consortium.network.node(organization)
        const entry = { organization, name, kind, url, sealingKey, transport, transportProof }
        return consensus === undefined ? entry : { ...entry, consensus }
      })
    await twin.desk("list-organizations", { organizations })
    // The first block's time is the one that the founders agreed to begin at.
    const [first] = await blocksOf(consortium, of, 1, 1)
    const start = first!.header.time.seconds
    await twin.desk("found", { genesis: toHex(consortium.network.genesis), start, operator: 0 })
    return end
  } catch (error) {
    await end()
    throw error
  }
}
