/** Bridges broken on purpose, each in one way that a careless hand might: the simulation must tell every one of them. */

import type { AbciHandler, ApplicationRequest } from "../../src/engine/comet/abci/handler.ts"
import type { AbciResponse } from "../../src/engine/comet/abci/messages.ts"
import { AbciBridge } from "../../src/engine/comet/bridge.ts"
import type { CheckedBatch } from "../../src/engine/comet/checked-batches.ts"
import type { Application, Decoded } from "../../src/engine/engine.ts"
import { type BridgeMaker, realBridge } from "./app-process.ts"

type Handle = (request: ApplicationRequest) => Promise<AbciResponse>
/** Answers in the real bridge's place; `real` is that one, made anew by `again`. */
type Break = <T extends Decoded>(
  request: ApplicationRequest,
  real: { readonly handle: Handle; readonly again: () => void },
  parts: {
    readonly application: Application<T>
    readonly check: (tx: Uint8Array) => Promise<CheckedBatch<T> | string>
  },
) => Promise<AbciResponse>

function broken(change: Break): BridgeMaker {
  return (application, batches, events): AbciHandler => {
    let bridge = realBridge(application, batches, events)
    const real = {
      handle: async (request: ApplicationRequest) => bridge.handle(request),
      again: () => {
        bridge = realBridge(application, batches, events)
      },
    }
    const check = (tx: Uint8Array) => batches.check(tx)
    return {
      handle: (request) => change(request, real, { application, check }),
      onFailure: (cause) => events.onFailure(cause),
    }
  }
}

/** The application, with one of its methods another. */
function changed<T extends Decoded, K extends keyof Application<T>>(
  application: Application<T>,
  name: K,
  value: Application<T>[K],
): Application<T> {
  return new Proxy(application, {
    get: (target, key) => {
      if (key === name) return value
      const own: unknown = Reflect.get(target, key, target)
      return typeof own === "function" ? own.bind(target) : own
    },
  })
}

export const breaks: Readonly<Record<string, BridgeMaker>> = {
  "forgets what it answered to FinalizeBlock": broken((request, real) => {
    if (request.kind === "finalizeBlock") real.again()
    return real.handle(request)
  }),
  "executes what is only proposed": broken(async (request, real, { application, check }) => {
    if (request.kind === "processProposal") {
      const batches = await Promise.all(request.txs.map(check))
      const good = batches.flatMap((batch) => (typeof batch === "string" ? [] : [batch.transactions]))
      const { height, time } = request
      application.execute({ height, time, previousTime: application.lastTime ?? time, batches: good })
    }
    return real.handle(request)
  }),
  "tells of a block that is not durable": (application, batches, events) => {
    let executed: { height: number; appHash: Uint8Array } | undefined
    return broken(async (request, real) => {
      const response = await real.handle(request)
      if (request.kind === "finalizeBlock" && response.kind === "finalizeBlock")
        executed = { height: request.height, appHash: response.appHash }
      if (response.kind !== "info" || executed === undefined) return response
      return { ...response, lastBlockHeight: executed.height, lastBlockAppHash: executed.appHash }
    })(application, batches, events)
  },
  "answers Commit before the disk does": (application, batches, events) => {
    const commitBody: typeof application.commitBody = (body) => {
      void application.commitBody(body)
      return Promise.resolve()
    }
    return new AbciBridge(changed(application, "commitBody", commitBody), batches, { events, version: "1" })
  },
  "commits one block late": (application, batches, events) => {
    let kept: Parameters<typeof application.commitBody>[0] | undefined
    const commitBody: typeof application.commitBody = async (body) => {
      if (kept !== undefined) await application.commitBody(kept)
      kept = body
    }
    return new AbciBridge(changed(application, "commitBody", commitBody), batches, { events, version: "1" })
  },
  "accepts every proposal": broken(async (request, real) =>
    request.kind === "processProposal" ? { kind: request.kind, status: "accept" } : real.handle(request),
  ),
  "rejects what did not wait here": (application, batches, events) => {
    const waited = new Set<string>()
    return broken(async (request, real) => {
      if (request.kind === "checkTx") waited.add(String(request.tx))
      if (request.kind === "processProposal" && request.txs.some((tx) => !waited.has(String(tx))))
        return { kind: request.kind, status: "reject" }
      return real.handle(request)
    })(application, batches, events)
  },
  "proposes more than fits": broken(async (request, real) =>
    request.kind === "prepareProposal" ? { kind: request.kind, txs: request.txs } : real.handle(request),
  ),
  "executes a block without looking at its batches": (application, batches, events) =>
    broken(async (request, real, { check }) => {
      if (request.kind !== "finalizeBlock") return real.handle(request)
      const verdicts = await Promise.all(request.txs.map(check))
      const txs = request.txs.filter((_, i) => typeof verdicts[i] !== "string")
      const response = await real.handle({ ...request, txs })
      if (response.kind !== "finalizeBlock") return response
      const txResults = request.txs.map((_, i) => response.txResults[i] ?? { ...response.txResults[0]! })
      return { ...response, txResults }
    })(application, batches, events),
  "gives results that only this node has": (application, batches, events) => {
    let calls = 0
    return broken(async (request, real) => {
      if (request.kind !== "info") calls++
      const response = await real.handle(request)
      if (response.kind !== "finalizeBlock") return response
      return { ...response, txResults: response.txResults.map((one) => ({ ...one, data: Uint8Array.of(calls) })) }
    })(application, batches, events)
  },
  "names a validator twice": broken(async (request, real) => {
    const response = await real.handle(request)
    if (response.kind !== "finalizeBlock") return response
    return { ...response, validatorUpdates: response.validatorUpdates.flatMap((one) => [one, one]) }
  }),
  "begins with the state as it stands": broken(async (request, real, { application }) => {
    const response = await real.handle(request)
    return response.kind === "initChain" ? { ...response, appHash: application.appHash } : response
  }),
}
