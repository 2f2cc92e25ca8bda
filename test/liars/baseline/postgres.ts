/**
 * A PostgreSQL cluster of our own in a temporary directory, on a unix socket only: made, used and ended by the run.
 * The server refuses to run as root, so root hands the directory to another account and starts it as that.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"

/** Where Debian puts the server; the newest version first. Undefined when there is none. */
export function serverBinaries(): string | undefined {
  const root = "/usr/lib/postgresql"
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, "bin")).find((bin) => existsSync(join(bin, "initdb")))
}

interface Account {
  readonly uid: number
  readonly gid: number
}

/** An account that may run the server; undefined where this process may run it itself. */
function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ["postgres", "nobody"]) {
    const ids = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout))
    const [uid, gid] = ids
    if (uid && gid) return { uid, gid }
  }
  return undefined
}

const patienceMs = 20_000

export class Cluster {
  /** Holds the data directory and the socket. */
  readonly directory: string
  readonly version: string
  readonly #server: ChildProcess
  readonly #password: string

  private constructor(directory: string, version: string, server: ChildProcess, password: string) {
    this.directory = directory
    this.version = version
    this.#server = server
    this.#password = password
  }

  get data(): string {
    return join(this.directory, "data")
  }

  /** @param binaries - the folder of initdb and postgres. @throws Error when the server does not come up. */
  static async start(binaries: string): Promise<Cluster> {
    const account = serverAccount()
    const directory = mkdtempSync(join(tmpdir(), "cs-pg-"))
    const password = join(directory, "password")
    writeFileSync(password, `${crypto.randomUUID()}\n`, { mode: 0o600 })
    mkdirSync(join(directory, "socket"))
    for (const path of [directory, password, join(directory, "socket")]) {
      if (account !== undefined) chownSync(path, account.uid, account.gid)
    }
    const data = join(directory, "data")
    const options = ["-D", data, "-U", "dba", "--auth=scram-sha-256", `--pwfile=${password}`, "-E", "UTF8", "--no-sync"]
    execFileSync(join(binaries, "initdb"), [...options, "--locale=C"], { ...account, cwd: directory, stdio: "ignore" })
    // No cell is about a power cut: without fsync a copy of the database takes a tenth of the time.
    const settings = [
      "-c",
      "fsync=off",
      "-c",
      "listen_addresses=",
      "-c",
      `unix_socket_directories=${join(directory, "socket")}`,
    ]
    const server = spawn(join(binaries, "postgres"), ["-D", data, ...settings], {
      ...account,
      cwd: directory,
      stdio: "ignore",
    })
    const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim()
    const cluster = new Cluster(directory, version, server, readFileSync(password, "utf8").trim())
    rmSync(password)
    try {
      await cluster.#ready()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  async #ready(): Promise<void> {
    const end = Date.now() + patienceMs
    for (;;) {
      try {
        return await (await this.connect("postgres")).end()
      } catch (error) {
        if (this.#server.exitCode !== null || Date.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  /** A connection as the operator's database administrator. */
  async connect(database: string): Promise<Client> {
    const host = join(this.directory, "socket")
    const client = new Client({ host, database, user: "dba", password: this.#password })
    // The run ends its own server, sessions and all; a query on an ended session still rejects.
    client.on("error", () => undefined)
    await client.connect()
    return client
  }

  async create(database: string, template?: string): Promise<void> {
    const client = await this.connect("postgres")
    await client.query(`create database ${database}${template === undefined ? "" : ` template ${template}`}`)
    await client.end()
  }

  async drop(database: string): Promise<void> {
    const client = await this.connect("postgres")
    await client.query(`drop database ${database}`)
    await client.end()
  }

  /** Everything in memory goes to the disk, as before a disk is pulled. */
  async checkpoint(): Promise<void> {
    const client = await this.connect("postgres")
    await client.query("checkpoint")
    await client.end()
  }

  /** Ends the server at once and removes the directory. */
  async stop(): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      const ended = new Promise((resolve) => this.#server.once("exit", resolve))
      this.#server.kill("SIGQUIT")
      await ended
    }
    rmSync(this.directory, { recursive: true, force: true })
  }
}
