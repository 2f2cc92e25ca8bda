/** The configuration file of a new directory: every setting, with its meaning, its unit and its usual value. */
import { lanTimeouts } from "../engine/comet/home.ts"
import type { OrganizationKind } from "./config.ts"
import { usualQuotas } from "./quota.ts"

const MiB = 1024 * 1024

export interface FirstSettings {
  readonly name: string
  readonly kind: OrganizationKind
  /** As the founders gave it; undefined for an organization that will be admitted. */
  readonly organization: number | undefined
  /** Whether it takes part in consensus, by a CometBFT of its own. */
  readonly consensus: boolean
  readonly host: string
  readonly publicHost: string
  readonly port: number
  readonly p2pPort: number
}

const quotaLines = (["member", "stranger", "strangers"] as const)
  .map((caller) => {
    const { requests, bytes } = usualQuotas[caller]
    return `  ${caller}PerSecond: ${requests.perSecond}\n  ${caller}MiBPerSecond: ${bytes.perSecond / MiB}`
  })
  .join("\n")

const timeoutLines = Object.entries(lanTimeouts)
  .map(([name, ms]) => `    ${name}: ${ms}`)
  .join("\n")

function whoIs({ name, kind, organization }: FirstSettings): string {
  const number = organization === undefined ? "# organization: 0" : `organization: ${organization}`
  return `# One organization's Countersign node. Read at each start; no secret stands here, and nothing that all nodes must
# agree on: that is in the genesis. A setting that is left out has the value it has here, unless it says otherwise.

# The organization as the registry has it: a name of 1 to 40 of a-z, 0-9 and -, and its kind.
name: ${name}
kind: ${kind}
# Its number, 1 to 65535: from the founders, or from the members who admitted it. \`countersign join\` writes it.
${number}
`
}

function doors({ host, publicHost, port }: FirstSettings): string {
  return `
doors:
  # Address of this machine on which the doors listen: 0.0.0.0 or :: for all of them. The doors always speak TLS 1.3.
  # Usual: 127.0.0.1, which only this machine reaches.
  host: ${JSON.stringify(host)}
  # TCP port of the doors, 0 for one that the system chooses. Usual: 7400.
  port: ${port}
  # Name or address, and port, by which the others reach the doors, and the name by which they reach consensus. They
  # are told once, in identity.json. Usual: the host and the port above (0 says the same).
  publicHost: ${JSON.stringify(publicHost)}
  publicPort: 0
`
}

function consensus({ consensus: takesPart, p2pPort }: FirstSettings): string {
  return `
consensus:
  # Whether this node runs a CometBFT of its own. Without it, it follows others: it checks and keeps every block, and
  # has no vote. Usual: false.
  takePart: ${takesPart}
  # TCP port on which CometBFT hears other members. Usual: 7401.
  port: ${p2pPort}
  # Blocks to keep, 0 for all. State, proofs and receipts need no old blocks; an audit of the whole chain does.
  keepBlocks: 0
  # Blocks from one snapshot for newcomers to the next, 0 for none.
  snapshotEvery: 1000
  # What CometBFT writes to the log: error or info.
  logLevel: error
  # Milliseconds, for a local network. A delta is added for each further round of a height; commitMs waits for late
  # votes; without transactions there is a block each emptyBlockMs. Over long distances: 1000, 500, 500 and more.
  timeouts:
${timeoutLines}
`
}

const others = `
# What callers may ask of the doors, a second in the long run: of each member organization, of one address of a
# stranger (a wallet, a household), of all strangers together. Requests, and MiB of them.
quotas:
${quotaLines}

log:
  # How much is written to standard error, as JSON lines: error, warn, info or debug.
  level: info

metrics:
  # Whether Prometheus metrics are served, on 127.0.0.1 and this TCP port alone (0: one that the system chooses).
  on: false
  port: 9464

# When GET /ready says no:
ready:
  # blocks behind the median of the other nodes,
  lagBlocks: 10
  # seconds between this machine's clock and the validators' votes,
  clockSeconds: 10
  # MiB free on this directory's disk, at least.
  freeMiB: 1024
`

/** The text of `countersign.yaml`. Reading it gives the usual settings and these first ones. */
export function configTemplate(first: FirstSettings): string {
  return whoIs(first) + doors(first) + consensus(first) + others
}
