/**
 * The CometBFT process of this node: started, watched, started again, stopped. It exits with 0 when the application's
 * socket breaks, so every exit that nobody asked for is followed by a new start.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { connect } from "node:net"
import { createInterface } from "node:readline"
import { assert } from "../../base/assert.ts"
import { Fault } from "../../base/fault.ts"
import { KeyHandover } from "./key-handover.ts"

export interface CometProcessOptions {
  /** `findCometBft()`. */
  readonly binary: string
  /** Written by `writeHome`. */
  readonly home: string
  /** The same as in `writeHome`. What a killed run left of it is removed before the next. */
  readonly rpcSocket: string
  /** Ed25519 seeds, 32 bytes: who votes, and who is known to peers. A node without a vote still needs the first. */
  readonly validatorSeed: Uint8Array
  readonly nodeSeed: Uint8Array
  readonly onLog?: (line: string) => void
  /** After each exit, also the one that `stop` causes. */
  readonly onExit?: (exit: CometExit) => void
  /** Command-line arguments that stand above the configuration file. */
  readonly arguments?: readonly string[]
}

export interface CometExit {
  /** Null after a signal, and when it could not be started at all. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Whether `stop` asked for it. */
  readonly stopped: boolean
  /** Until it is started again; undefined when it is not. */
  readonly restartInMs: number | undefined
}

const firstBackoffMs = 100
const longestBackoffMs = 5000
/** A run that lasted so long was no failure to start. */
const steadyAfterMs = 30_000
/** While a dying earlier process still holds the database there is nothing to wait for but that. */
const lockedRetryMs = 250
const killAfterMs = 10_000
const linesKept = 200
/** How long a run that said CONSENSUS FAILURE is let stand: time to be seen, and for its cause to go away. */
const failedRestMs = 5000

/** CMTHOME or a CMT_ variable would stand above our configuration, so only these reach the program. */
const passedVariables = ["PATH", "HOME", "TMPDIR", "TZ", "GOMAXPROCS", "GOMEMLIMIT", "GOGC"]

function passedOn(): NodeJS.ProcessEnv {
  const set = passedVariables.filter((name) => process.env[name] !== undefined)
  return Object.fromEntries(set.map((name) => [name, process.env[name]]))
}

/** What the database says while another process has it open. */
const lockHeld = /resource temporarily unavailable/

/** One run of the program, from spawn to exit. */
interface Run {
  readonly child: ChildProcess
  readonly startedAt: number
  readonly ended: Promise<void>
  locked: boolean
}

export class CometProcess {
  readonly #options: CometProcessOptions
  readonly #lines: string[] = []
  #run: Run | undefined
  #stopping = false
  #backoffMs = firstBackoffMs
  #timer: NodeJS.Timeout | undefined
  #launching: Promise<boolean> | undefined
  #restarts = 0
  #consensusFailed = false

  private constructor(options: CometProcessOptions) {
    this.#options = {
      ...options,
      validatorSeed: Uint8Array.from(options.validatorSeed),
      nodeSeed: Uint8Array.from(options.nodeSeed),
    }
  }

  /**
   * Resolves once the process runs and has read its keys; the RPC answers somewhat later, after the application has.
   *
   * @throws Fault when the program cannot be run, or exits before it reads its keys: its configuration is bad.
   */
  static async start(options: CometProcessOptions): Promise<CometProcess> {
    const comet = new CometProcess(options)
    const { size } = new Set([options.validatorSeed.join(), options.nodeSeed.join()])
    assert(size === 2, "votes and peer connections have keys of their own")
    comet.#launching = comet.#launch()
    try {
      if (await comet.#launching) return comet
    } catch (error) {
      await comet.stop()
      throw error
    }
    const last = comet.#lines.findLast((line) => line !== "") ?? "it says nothing"
    await comet.stop()
    throw new Fault(`Cannot start CometBFT: ${last}`)
  }

  /** Undefined between two runs. */
  get pid(): number | undefined {
    return this.#run?.child.pid
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts
  }

  /**
   * Whether this run said CONSENSUS FAILURE: it stays up and answers, but makes no more blocks. It is ended a little
   * later and begins anew: what was wrong may be over, a clock for one; a state that differs fails again, and says so.
   */
  get consensusFailed(): boolean {
    return this.#consensusFailed
  }

  /** The last 200 lines it wrote, of this run and those before. */
  get recentLog(): readonly string[] {
    return this.#lines
  }

  /** Ends this run; the next begins by itself. It dials all its peers anew and asks the filter about them. */
  async restart(): Promise<void> {
    const run = this.#run
    if (run !== undefined) await end(run)
  }

  /** SIGTERM, after 10 s SIGKILL. Resolves when it is gone; no new start follows. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    if (this.#run !== undefined) await end(this.#run)
    // A launch under way sees that it is not wanted any more.
    await this.#launching?.catch(() => false)
    if (this.#run !== undefined) await end(this.#run)
  }

  /** Starts the program. False when it is gone before it read its keys. */
  async #launch(): Promise<boolean> {
    const { home, rpcSocket } = this.#options
    const handover = await KeyHandover.prepare(home)
    await removeDeadSocket(rpcSocket)
    const gone = new AbortController()
    if (this.#stopping) gone.abort()
    else this.#spawn(gone)
    return handover.serve(this.#options, gone.signal)
  }

  #spawn(gone: AbortController): void {
    const { binary, home, arguments: more = [] } = this.#options
    this.#consensusFailed = false
    const child = spawn(binary, ["start", "--home", home, ...more], {
      // A signal to the terminal's group reaches us first; then we stop it in order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: passedOn(),
      cwd: home,
    })
    const ended = new Promise<void>((resolve) => {
      child.once("error", (error) => {
        this.#line(`Cannot run ${binary}: ${error.message}`)
        gone.abort()
        if (child.pid === undefined) resolve(this.#ended(null, null))
      })
      // After its last lines were read.
      child.once("close", (code, signal) => {
        gone.abort()
        if (child.pid !== undefined) resolve(this.#ended(code, signal))
      })
    })
    this.#run = { child, startedAt: performance.now(), ended, locked: false }
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => this.#line(line))
  }

  #line(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > linesKept) this.#lines.shift()
    if (line.includes("CONSENSUS FAILURE")) this.#fail()
    if (this.#run !== undefined && lockHeld.test(line)) this.#run.locked = true
    this.#options.onLog?.(line)
  }

  #fail(): void {
    const run = this.#run
    if (run === undefined || this.#consensusFailed) return
    this.#consensusFailed = true
    setTimeout(() => {
      if (this.#run === run) void end(run)
    }, failedRestMs).unref()
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    const run = this.#run
    assert(run !== undefined, "only a run ends")
    this.#run = undefined
    if (performance.now() - run.startedAt >= steadyAfterMs) this.#backoffMs = firstBackoffMs
    const restartInMs = this.#stopping ? undefined : this.#scheduleRestart(run.locked)
    this.#options.onExit?.({ code, signal, stopped: this.#stopping, restartInMs })
  }

  #scheduleRestart(locked: boolean): number {
    const waitMs = locked ? lockedRetryMs : this.#backoffMs
    if (!locked) this.#backoffMs = Math.min(2 * this.#backoffMs, longestBackoffMs)
    this.#timer = setTimeout(() => this.#relaunch(), waitMs)
    return waitMs
  }

  #relaunch(): void {
    const before = this.#launching?.catch(() => false)
    this.#restarts += 1
    this.#launching = (async () => {
      await before
      try {
        return await this.#launch()
      } catch (error) {
        // A full disk, say: it may be over at the next try.
        this.#line(error instanceof Error ? error.message : "Cannot start CometBFT")
        if (this.#run === undefined && !this.#stopping) this.#scheduleRestart(false)
        return false
      }
    })()
  }
}

/** Ends one run, first by asking. Resolves when it is gone. */
async function end(run: Run): Promise<void> {
  run.child.kill("SIGTERM")
  const timer = setTimeout(() => run.child.kill("SIGKILL"), killAfterMs)
  await run.ended
  clearTimeout(timer)
}

/** A killed run leaves its socket file, on which the next cannot listen. One that answers is somebody's, and stays. */
function removeDeadSocket(path: string): Promise<void> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once("connect", () => {
      probe.destroy()
      resolve()
    })
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") rmSync(path, { force: true })
      resolve()
    })
  })
}
