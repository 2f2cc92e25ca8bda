/** A process that opens a chain's directory as a node does after a kill, and says how long that took. */
import { isRejection } from "../src/ledger/rejection.ts"
import { LedgerApplication } from "../src/node/application.ts"
import { communityGenesis } from "./community.ts"

const genesis = communityGenesis()
const started = performance.now()
const application = await LedgerApplication.open(process.argv[2]!, genesis)
const milliseconds = performance.now() - started
if (isRejection(application)) throw new Error(`Cannot reopen: ${application.message}`)
const { height, size } = application
const rssMb = process.memoryUsage.rss() / 1e6
await application.close()
console.log(JSON.stringify({ milliseconds, height, rows: size, rssMb }))
