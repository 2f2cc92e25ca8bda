/** What every part of a running node works with: one value, built once at start and handed on. */
import type { Vault } from "../record/vault.ts"
import type { AccessLog } from "./access-log.ts"
import type { Chain } from "./chain.ts"
import type { NodeConfig } from "./config.ts"
import type { Directory } from "./directory.ts"
import type { KeyRing } from "./keys.ts"
import type { Mailbox } from "./mailbox.ts"
import type { PlanShelf } from "./plans.ts"
import type { Work } from "./work.ts"

export interface NodeContext {
  readonly config: NodeConfig
  readonly keys: KeyRing
  readonly work: Work
  readonly vault: Vault
  readonly log: AccessLog
  readonly chain: Chain
  readonly directory: Directory
  readonly mail: Mailbox
  readonly plans: PlanShelf
  /** From now on the doors, and this node's own requests, show the transport key that the ring has. */
  readonly showTransport: () => void
}
