/** Validators of one tally chain in one process, each with its own CometBFT: what the engine's tests stand on. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { publicKeyOf, sha256 } from "#crypto"
import { orderValidators } from "../base/chain/validators.ts"
import { findCometBft } from "../engine/comet/binary.ts"
import { CometEngine, type CometOptions } from "../engine/comet/engine.ts"
import { nodeId, writeHome } from "../engine/comet/home.ts"
import { freePorts } from "../engine/comet/ports.ts"
import { CometProcess } from "../engine/comet/process.ts"
import { CometRpc } from "../engine/comet/rpc.ts"
import type { Engine } from "../engine/engine.ts"
import { TallyApplication, type TallyTransaction } from "../engine/tally.ts"
import { StateStore } from "../store/state-store.ts"

const validatorSeed = (n: number) => sha256(Uint8Array.of(77, n))
const nodeSeed = (n: number) => sha256(Uint8Array.of(78, n))

export interface CometChainNode {
  readonly engine: CometEngine<TallyTransaction>
  readonly application: TallyApplication
  readonly store: StateStore
  readonly rpc: CometRpc
}

export class CometChain {
  readonly nodes: readonly CometChainNode[]

  private constructor(nodes: readonly CometChainNode[]) {
    this.nodes = nodes
  }

  /** Opens `size` validators below a directory, at new ports; what was there before goes on. */
  static async open(place: string, size: number, options: Partial<CometOptions> = {}): Promise<CometChain> {
    const ports = await freePorts(size)
    const genesisValidators = orderValidators(
      ports.map((_, n) => ({ publicKey: publicKeyOf(validatorSeed(n)), power: 10 })),
    )
    const chain = {
      chainId: "tally-1",
      protocol: 1,
      genesisTime: { seconds: 1_776_000_000, nanos: 0 },
      genesisValidators,
    }
    const nodes = await Promise.all(
      ports.map((port, n) => {
        const peers = ports.flatMap((other, m) =>
          m === n ? [] : [{ id: nodeId(publicKeyOf(nodeSeed(m))), host: "127.0.0.1", port: other }],
        )
        return openNode(join(place, String(n)), { n, chain, port, peers, options })
      }),
    )
    return new CometChain(nodes)
  }

  async reached(engine: Engine, height: number): Promise<void> {
    for (let tries = 0; engine.height < height && tries < 3000; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10))
  }

  async close(): Promise<void> {
    await Promise.all(
      this.nodes.map(async ({ engine, store }) => {
        await engine.stop()
        await store.close()
      }),
    )
  }
}

interface NodePlan {
  readonly n: number
  readonly chain: ConstructorParameters<typeof TallyApplication>[1]
  readonly port: number
  readonly peers: Parameters<typeof writeHome>[1]["persistentPeers"]
  readonly options: Partial<CometOptions>
}

async function openNode(directory: string, { n, chain, port, peers, options }: NodePlan): Promise<CometChainNode> {
  const home = join(directory, "home")
  mkdirSync(directory, { recursive: true })
  const store = new StateStore(join(directory, "store"), { k: 6 })
  const application = new TallyApplication(store, chain)
  const [abciSocket, rpcSocket] = [join(directory, "a.sock"), join(directory, "r.sock")]
  writeHome(home, {
    chainId: chain.chainId,
    genesisTime: chain.genesisTime,
    protocol: chain.protocol,
    validators: chain.genesisValidators,
    maxBlockBytes: 4 * 1024 * 1024,
    p2p: { host: "127.0.0.1", port },
    abciSocket,
    rpcSocket,
    persistentPeers: peers,
  })
  const rpc = new CometRpc(rpcSocket)
  const engine: CometEngine<TallyTransaction> = new CometEngine(application, {
    abciSocket,
    rpc,
    mayConnect: () => true,
    startProcess: () =>
      CometProcess.start({
        binary: findCometBft()!,
        home,
        rpcSocket,
        validatorSeed: validatorSeed(n),
        nodeSeed: nodeSeed(n),
        onExit: ({ stopped }) => {
          if (!stopped) engine.restarted()
        },
      }),
    ...options,
  })
  await engine.start()
  return { engine, application, store, rpc }
}
