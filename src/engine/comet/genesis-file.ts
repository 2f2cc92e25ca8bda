/**
 * The genesis file of a chain, from what all its nodes must agree on. CometBFT keeps its own copy in its database from
 * the first start on; later changes of the file have no effect.
 */
import { assert } from "../../base/assert.ts"
import { toHex } from "../../base/bytes.ts"
import type { BlockTime } from "../../base/chain/header.ts"
import { orderValidators, type Validator, validatorAddress } from "../../base/chain/validators.ts"
import { formatDate } from "../../base/time.ts"

/** What all nodes of a chain must agree on before its first block: the same value gives the same bytes. */
export interface GenesisDescription {
  /** 1 to 50 characters. */
  readonly chainId: string
  readonly genesisTime: BlockTime
  /** 1 when absent. */
  readonly initialHeight?: number
  /** The ledger's protocol version: Info must answer the same as its app version. */
  readonly protocol: number
  readonly validators: readonly Validator[]
  /** 1 to 100 MiB. */
  readonly maxBlockBytes: number
}

/** As Go writes it: without the zeros at the end of a second's fraction. */
function formatTime({ seconds, nanos }: BlockTime): string {
  const day = Math.floor(seconds / 86_400)
  const left = seconds - day * 86_400
  const [hour, minute, second] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60]
  const clock = [hour, minute, second].map((value) => String(value).padStart(2, "0")).join(":")
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`
  return `${formatDate(day)}T${clock}${fraction}Z`
}

function checkGenesis(genesis: GenesisDescription): void {
  const { chainId, maxBlockBytes, validators } = genesis
  assert(/^[\x21-\x7e]{1,50}$/.test(chainId), "a chain id is 1 to 50 printable characters")
  assert(maxBlockBytes >= 1 && maxBlockBytes <= 100 * 1024 * 1024, "blocks have 1 byte to 100 MiB")
  assert(validators.length > 0, "a genesis has a validator")
  const keys = new Set(validators.map(({ publicKey }) => toHex(publicKey)))
  assert(keys.size === validators.length, "no validator stands twice in a genesis")
}

/** `genesis.json`, byte for byte. Validators in the order of the set, whatever order they are given in. */
export function genesisJson(genesis: GenesisDescription): string {
  checkGenesis(genesis)
  const validators = orderValidators(genesis.validators).map(({ publicKey, power }) => ({
    address: toHex(validatorAddress(publicKey)).toUpperCase(),
    pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(publicKey).toString("base64") },
    power: String(power),
    name: "",
  }))
  const document = {
    genesis_time: formatTime(genesis.genesisTime),
    chain_id: genesis.chainId,
    initial_height: String(genesis.initialHeight ?? 1),
    consensus_params: {
      block: { max_bytes: String(genesis.maxBlockBytes), max_gas: "-1" },
      evidence: {
        max_age_num_blocks: "100000",
        max_age_duration: String(48n * 3_600_000_000_000n),
        max_bytes: String(Math.min(1024 * 1024, genesis.maxBlockBytes)),
      },
      validator: { pub_key_types: ["ed25519"] },
      version: { app: String(genesis.protocol) },
      abci: { vote_extensions_enable_height: "0" },
    },
    validators,
    app_hash: "",
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
