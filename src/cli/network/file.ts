/**
 * What a running network says of itself to other commands of the same user: `network.json` in its directory, readable
 * by its owner alone, for it opens every desk.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fromHex, toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import { startKeyFrom } from "../../node/start-key.ts"
import type { Members } from "../community/community.ts"
import { type DeskAddress, DeskClient } from "../community/desk-client.ts"
import { organizations } from "../community/organizations.ts"
import type { Network } from "./network.ts"

interface NetworkFile {
  readonly process: number
  readonly chainId: string
  readonly validators: readonly number[]
  readonly nodes: readonly {
    readonly organization: number
    readonly process: number
    readonly url: string
    readonly pin: string
    readonly desk: string
  }[]
}

const fileName = "network.json"

/** Written whole and then put in place: whoever reads it sees one state of it. */
export function writeNetworkFile(network: Network): void {
  const file: NetworkFile = {
    process: process.pid,
    chainId: network.chainId,
    validators: network.validators,
    nodes: network.nodes.map(({ member, processId, address: { url, desk, pin } }) => ({
      organization: member.number,
      process: processId,
      url,
      pin: toHex(pin!),
      desk,
    })),
  }
  const path = join(network.directory, fileName)
  writeFileSync(`${path}.next`, JSON.stringify(file, undefined, 2) + "\n", { mode: 0o600 })
  renameSync(`${path}.next`, path)
}

/** A network that another process runs. A node that starts again has a new desk: the file is read anew each time. */
export class AttachedNetwork implements Members {
  readonly directory: string
  readonly turnable = false
  readonly nodes: readonly DeskClient[]
  readonly chainId: string
  readonly genesis: Uint8Array

  readonly #startKeys: ReadonlyMap<number, string>

  private constructor(
    directory: string,
    { chainId }: NetworkFile,
    { genesis, startKeys }: { readonly genesis: Uint8Array; readonly startKeys: ReadonlyMap<number, string> },
  ) {
    this.directory = directory
    this.#startKeys = startKeys
    this.chainId = chainId
    this.genesis = genesis
    this.nodes = organizations.map(
      (member) => new DeskClient(member, join(directory, member.name), () => addressOf(directory, member.number)),
    )
  }

  /**
   * @param passphrase - with which the network was started: then whoever attacks may play an insider.
   * @throws Refused when no network runs there.
   */
  static async open(directory: string, passphrase?: string): Promise<AttachedNetwork> {
    const file = readNetworkFile(directory)
    const genesis = new Uint8Array(readFileSync(join(directory, "genesis.cbor")))
    const startKeys = new Map<number, string>()
    for (const { number, name } of passphrase === undefined ? [] : organizations)
      startKeys.set(number, await startKeyFrom(passphrase!, join(directory, name)))
    return new AttachedNetwork(directory, file, { genesis, startKeys })
  }

  node(number: number): DeskClient {
    return this.nodes.find(({ member }) => member.number === number)!
  }

  startKeyOf(number: number): string | undefined {
    return this.#startKeys.get(number)
  }
}

function readNetworkFile(directory: string): NetworkFile {
  try {
    const file = JSON.parse(readFileSync(join(directory, fileName), "utf8")) as NetworkFile
    process.kill(file.process, 0)
    return file
  } catch {
    const remedy = "Start one with countersign network, and give the directory that it prints"
    return refuse("network-none", "Cannot reach network: none runs in this directory", directory, remedy)
  }
}

function addressOf(directory: string, number: number): DeskAddress {
  const node = readNetworkFile(directory).nodes.find(({ organization }) => organization === number)
  const { url, desk, pin } =
    node ?? refuse("node-down", "Cannot ask node: it is down", String(number), "Wait until it is up again")
  return { url, desk, pin: fromHex(pin) }
}
