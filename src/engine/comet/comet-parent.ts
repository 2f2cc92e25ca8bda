/**
 * For `process.test.ts`: a process that owns a CometBFT and answers it as an application without a state, until it is
 * killed. Arguments: the program, a home directory that is written, 64 hex digits for each of the two seeds. Prints
 * CometBFT's process id at each start.
 */
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import {
  Request,
  Response,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseProcessProposal,
} from "cosmjs-types/tendermint/abci/types"
import { fromHex } from "../../base/bytes.ts"
import { CometProcess } from "./process.ts"

/** Without transactions each answer is the empty message of its kind, but for the two that must say something. */
function answer(bytes: Uint8Array): Uint8Array {
  const [kind] = Object.entries(Request.decode(bytes)).find(([, value]) => value !== undefined) ?? []
  if (kind === undefined) throw new Error("an unknown request")
  const content: Readonly<Record<string, Partial<Response>>> = {
    info: { info: ResponseInfo.fromPartial({ appVersion: 1n }) },
    processProposal: { processProposal: ResponseProcessProposal.fromPartial({ status: 1 }) },
    finalizeBlock: { finalizeBlock: ResponseFinalizeBlock.fromPartial({ appHash: new Uint8Array(32) }) },
  }
  const body = Response.encode(Response.fromPartial(content[kind] ?? { [kind]: {} })).finish()
  const length = body.length < 128 ? [body.length] : [128 | (body.length & 127), body.length >> 7]
  return Buffer.concat([Uint8Array.from(length), body])
}

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const end = rest.findIndex((byte) => byte < 128)
      if (end < 0) return
      const length = rest.subarray(0, end + 1).reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0)
      if (rest.length < end + 1 + length) return
      socket.write(answer(rest.subarray(end + 1, end + 1 + length)))
      rest = rest.subarray(end + 1 + length)
    }
  })
}

const [binary, home, validatorSeed, nodeSeed] = process.argv.slice(2) as [string, string, string, string]
const abciSocket = join(home, "abci.sock")
const server = createServer(serve)
await new Promise<void>((resolve) => server.listen(abciSocket, resolve))
const comet = await CometProcess.start({
  binary,
  home,
  rpcSocket: join(home, "rpc.sock"),
  validatorSeed: fromHex(validatorSeed),
  nodeSeed: fromHex(nodeSeed),
})
process.stdout.write(`${comet.pid}\n`)
