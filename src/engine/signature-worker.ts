/** A thread that does nothing but verify signatures from the ring. Started by `SignaturePool`. */
import { parentPort, workerData } from "node:worker_threads"
import { type RingMemory, SignatureRing } from "./signature-ring.ts"

/** Jobs a claim: few enough that the main thread is not kept waiting for a range in other hands. */
const range = 8

const ring = new SignatureRing(workerData as RingMemory)

function run(): void {
  while (!ring.isStopped) {
    if (ring.work(range) === 0) ring.sleep()
    else if (ring.takeWakeUp()) parentPort?.postMessage(0)
  }
  parentPort?.close()
}

// A thread that blocks below the top level of its module would keep the process from exiting cleanly.
setImmediate(run)
