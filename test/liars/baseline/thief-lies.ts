/** The thief's lies, told to the baseline: with stolen names, disks, secrets and keys, and on the wire. */
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { connect, createServer, type Server } from "node:tls"
import { publicKeyOf } from "#crypto"
import { equalBytes } from "../../../src/base/bytes.ts"
import { verifyMerkleProof } from "../../../src/base/merkle.ts"
import { searchFolders } from "../../../src/cli/visit/attacks/canaries.ts"
import { must, notCaught, prevented } from "../lies.ts"
import { Tap } from "../tap.ts"
import { isHead } from "./member.ts"
import { type Draft, leafOf, signRow } from "./row.ts"
import { canary, day, facts } from "./scene.ts"
import { NotTaken } from "./service.ts"
import { allRefused, type BaselineLie, codeOf } from "./telling.ts"

const bySearch = "the search, by whoever has the disk or the wire"
const random = () => new Uint8Array(randomBytes(32))

const ciphers = "PSK-AES256-GCM-SHA384"

/** The server behind TLS with a key that each member was given by hand; it answers each row with one line. */
async function serve(key: Buffer, take: (body: Uint8Array) => Promise<unknown>): Promise<Server> {
  const pskCallback = () => key
  const server = createServer({ ciphers, maxVersion: "TLSv1.2", pskCallback }, (socket) => {
    socket.once("data", (body: Buffer) => {
      take(new Uint8Array(body)).then(
        () => socket.end("taken"),
        (error: unknown) => socket.end(error instanceof NotTaken ? error.code : "outage"),
      )
    })
    socket.on("error", () => socket.destroy())
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return server
}

async function post(port: number, psk: Buffer, body: Uint8Array): Promise<string> {
  const pskCallback = () => ({ psk, identity: "clinic" })
  const options = { host: "127.0.0.1", port, ciphers, maxVersion: "TLSv1.2" as const, pskCallback }
  const socket = connect({ ...options, checkServerIdentity: () => undefined })
  await once(socket, "secureConnect")
  socket.write(body)
  const [answer] = (await once(socket, "data")) as [Buffer]
  socket.destroy()
  return answer.toString()
}

export const thiefLies: Readonly<Record<string, BaselineLie>> = {
  async demographics(scene) {
    const eligibility = await scene.promise()
    const today = Math.floor(scene.clock.seconds / 86_400)
    const checkin = signRow(random(), "checkin", { eligibility, provider: "clinic", day: today })
    return allRefused([
      () => scene.service.append(checkin),
      () => scene.write("clinic", "checkin", { eligibility, provider: "clinic", day: today }),
    ])
  },

  async disk(scene) {
    await scene.claimed()
    await scene.cluster.checkpoint()
    const clear = await searchFolders([scene.cluster.data], [scene.key("patient")])
    must(clear.found.length > 0, "the search finds what is there in clear")
    const { found } = await searchFolders([scene.cluster.data], [canary, ...facts])
    return found.length === 0
      ? prevented("encryption above the database", {
          when: "always",
          evidence: bySearch,
          note: "PostgreSQL alone would not; kinds of rows, keys and counts stand in clear.",
        })
      : notCaught("Sentences stand on the disk in clear.")
  },

  async "operator-keys"(scene) {
    const rows = await scene.service.view.rowsOf("record")
    const authors = new Set(rows.map(({ author }) => author))
    return rows.some(({ body }) => new TextDecoder().decode(body).includes(canary)) && authors.size > 0
      ? notCaught("One secret opens the rows of every organization and every patient.")
      : prevented("encryption")
  },

  async "clinic-keys"(scene) {
    const { record } = await scene.claimed()
    const read = await scene.service.read(record, "record", { row: record, who: "clinic", purpose: "theft" })
    const others = await codeOf(() =>
      scene.service.read(record, "record", { row: record, who: "hospital", purpose: "theft" }),
    )
    return read.facts.includes(canary)
      ? notCaught(`That clinic's records are open${others === undefined ? "" : "; others' are not"}.`)
      : prevented("server")
  },

  async "signing-key"(scene) {
    const checkin = await scene.arrive()
    const nobody = { checkin: 9_999_999, record: 9_999_999, day, lines: [], plan: 0, patient: 0 }
    const record = await scene.write("doctor", "record", { checkin, facts })
    const claim = await scene.claim({ checkin, record })
    return allRefused(
      [
        () => scene.write("clinic", "claim", nobody),
        () => scene.write("payerPay", "adjudication", { claim, plan: 13_969 }),
      ],
      { note: "What the stolen key signs in the doctor's name stands until the key is ended." },
    )
  },

  async "wrong-keys"(scene) {
    const ended = random()
    await scene.service.enrol(publicKeyOf(ended), "clinic", "bill", Math.floor(scene.clock.seconds / 3600))
    const claim = { checkin: 0, record: 0, day, lines: [], plan: 0, patient: 0 }
    return allRefused([
      () => scene.service.append(signRow(random(), "claim", claim)),
      () => scene.service.append(signRow(ended, "claim", claim)),
      () => scene.write("payerPay", "claim", claim),
    ])
  },

  async wire(scene) {
    const checkin = await scene.arrive()
    const draft = signRow(scene.seeds["doctor"]!, "record", { checkin, facts })
    const key = randomBytes(32)
    const server = await serve(key, (body) => scene.service.append({ ...draft, body }))
    const tap = await Tap.start((server.address() as AddressInfo).port)
    try {
      must((await post(tap.port, key, draft.body)) === "taken", "the row was not taken")
      const { heard } = tap
      must(heard.length > draft.body.length, "the tap heard nothing")
      const stranger = await post(tap.port, randomBytes(32), draft.body).catch(() => "refused")
      must(stranger === "refused", "another key is refused")
      return heard.includes(Buffer.from(canary))
        ? notCaught("Clear text crosses the wire.")
        : prevented("TLS, with a key given by hand", { when: "always", evidence: bySearch })
    } finally {
      await tap.stop()
      server.close()
    }
  },

  async replay(scene) {
    const checkin = await scene.arrive()
    const draft: Draft = signRow(scene.seeds["doctor"]!, "record", { checkin, facts })
    await scene.service.append(draft)
    return allRefused([() => scene.service.append(draft)])
  },

  async receipt(scene) {
    const { claim } = await scene.claimed()
    const head = await scene.service.head()
    const { row, proof } = must(await scene.service.show(claim, head.size), "no claim")
    const whole = [leafOf(row), head.root, head.signature, ...proof]
    const good = ([leaf, root, signature, ...path]: readonly Uint8Array[]) =>
      isHead(scene.service.key, { ...head, root: root!, signature: signature! }) &&
      verifyMerkleProof(root!, leaf!, claim, head.size, path)
    must(good(whole), "the proof itself is good")
    for (const [part, bytes] of whole.entries()) {
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Uint8Array.from(bytes)
        flipped[at] = flipped[at]! ^ (1 << (at % 8))
        must(!equalBytes(flipped, bytes), "a bit was flipped")
        if (good(whole.map((one, i) => (i === part ? flipped : one)))) return notCaught(`Byte ${at} of part ${part}.`)
      }
    }
    return prevented("verifier", { when: "at the check", evidence: "the check itself, by anybody" })
  },
}
