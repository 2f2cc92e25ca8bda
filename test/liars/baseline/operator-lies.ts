/**
 * The lies of the baseline's operator: an administrator of the database who also holds the server's two secrets. Each
 * is told on a copy of the database that answers in the server's place, so that none spoils another.
 */
import { toUtf8 } from "#crypto"
import { type Cell, must, none, notCaught, timed } from "../lies.ts"
import { convinces, type Finding, Member } from "./member.ts"
import { leafOf, type Row, signRow } from "./row.ts"
import { type BaselineScene, canary, facts } from "./scene.ts"
import { NotTaken, Service } from "./service.ts"
import { allRefused, type BaselineLie, codeOf } from "./telling.ts"

const nextRound = "at its next look at the log"
const twoRows = "two rows for one place, each proven under a head that the operator signed"

/** The administrator writes a row into its place and makes the log fit. */
async function put(service: Service, row: Row): Promise<void> {
  const values = [row.seq, service.seal(row.body), row.author, row.signature, row.kind]
  await service.client.query(
    "update rows set sealed = $2, author = $3, signature = $4, kind = $5 where seq = $1",
    values,
  )
  await service.client.query("update log set leaf = $2 where seq = $1", [row.seq, leafOf(row)])
}

/** What the member finds, as a cell; a finding that should convince a stranger must. */
async function foundBy(scene: BaselineScene, who: string, look: () => Promise<Finding | undefined>): Promise<Cell> {
  const { found, ms } = await timed(look)
  if (found === undefined) return notCaught("The member's look at the log found nothing.")
  const proof = convinces(scene.service.key, found)
  const evidence = !proof ? none : found.places === undefined ? "two heads of one size, both signed" : twoRows
  return { verdict: "caught", by: `${who}: ${found.code}`, when: nextRound, evidence, ms }
}

async function onCopy(scene: BaselineScene, lie: (copy: Service) => Promise<Cell>): Promise<Cell> {
  const copy = await scene.copy()
  try {
    return await lie(copy)
  } finally {
    await scene.discard(copy)
  }
}

/** A claim of the clinic's that it has kept, with rows after it. */
async function keptClaim(scene: BaselineScene): Promise<number> {
  const { claim } = await scene.claimed()
  await scene.members.clinic.keep(claim)
  await scene.promise()
  return claim
}

/** A server that takes nothing from one member: modified by whoever runs it. */
class RefusingService extends Service {
  readonly refused: string

  constructor(of: Service, refused: string) {
    super(of.client, of.secrets, () => of.view.seconds)
    this.refused = refused
  }

  override append(...asked: Parameters<Service["append"]>): Promise<number> {
    if (asked[0].author === this.refused) throw new NotTaken("try-later")
    return super.append(...asked)
  }
}

export const operatorLies: Readonly<Record<string, BaselineLie>> = {
  async rewrite(scene) {
    const claim = await keptClaim(scene)
    return onCopy(scene, async (copy) => {
      const row = must(await copy.view.row(claim), "no claim")
      await put(copy, { ...row, body: toUtf8(new TextDecoder().decode(row.body).replace('"plan":', '"plan":1')) })
      return foundBy(scene, "clinic", () => scene.members.clinic.look(copy))
    })
  },

  async drop(scene) {
    const claim = await keptClaim(scene)
    return onCopy(scene, async (copy) => {
      const later = must(await copy.view.row(claim + 1), "no later row")
      await copy.client.query("update rows set signature = '' where seq = $1", [claim])
      await copy.client.query("delete from rows where seq > $1", [claim])
      await copy.client.query("delete from log where seq > $1", [claim])
      await put(copy, { ...later, seq: claim })
      return foundBy(scene, "clinic", () => scene.members.clinic.look(copy))
    })
  },

  async reorder(scene) {
    const claim = await keptClaim(scene)
    return onCopy(scene, async (copy) => {
      const [a, b] = [(await copy.view.row(claim))!, must(await copy.view.row(claim + 1), "no later row")]
      await copy.client.query("update rows set signature = $2 where seq = $1", [a.seq, Buffer.from("a")])
      await put(copy, { ...a, seq: b.seq })
      await put(copy, { ...b, seq: a.seq })
      return foundBy(scene, "clinic", () => scene.members.clinic.look(copy))
    })
  },

  async backup(scene) {
    return onCopy(scene, async (copy) => {
      const { checkin } = await scene.claimed()
      await scene.members.clinic.keep(checkin)
      const other = signRow(scene.seeds["board"]!, "roster", { practitioner: "new", active: true, from: 30_000 })
      while ((await copy.size()) <= checkin) {
        await copy.append(other).catch((error: unknown) => {
          if (!(error instanceof NotTaken)) throw error
        })
        const practitioner = crypto.randomUUID()
        await copy.append(signRow(scene.seeds["board"]!, "roster", { practitioner, active: true, from: 30_000 }))
      }
      return foundBy(scene, "clinic", () => scene.members.clinic.look(copy))
    })
  },

  async "two-histories"(scene) {
    const { clinic, hospital } = scene.members
    must((await clinic.look()) === undefined && (await hospital.look()) === undefined, "both saw the same so far")
    return onCopy(scene, async (copy) => {
      const mirrored = new Member("hospital", scene.service, () => scene.clock.seconds)
      const told = (service: Service, practitioner: string) =>
        service.append(signRow(scene.seeds["board"]!, "roster", { practitioner, active: true, from: 30_000 }))
      await told(scene.service, "one story")
      await told(copy, "another story")
      must((await clinic.look()) === undefined && (await mirrored.look(copy)) === undefined, "each story is good")
      const cell = await foundBy(scene, "clinic and hospital", () => clinic.compare(mirrored))
      return { ...cell, when: "when two members next compare heads" }
    })
  },

  async refuse(scene) {
    const { checkin, record } = await scene.claimed()
    return onCopy(scene, async (copy) => {
      const refusing = new RefusingService(copy, scene.key("clinic"))
      const claim = signRow(scene.seeds["clinic"]!, "claim", {
        checkin,
        record,
        day: 0,
        lines: [],
        plan: 0,
        patient: 0,
      })
      const code = await codeOf(async () => refusing.append(claim))
      await refusing.append(signRow(scene.seeds["patient"]!, "denial", { claim: 0, lines: [] }))
      if (code === undefined) return notCaught("It was taken.")
      return {
        verdict: "caught",
        by: "the member itself",
        when: "at once",
        evidence: none,
        note: "It cannot prove it.",
      }
    })
  },

  async stop(scene) {
    const copy = await scene.copy()
    await copy.client.end()
    const gone = await copy.head().then(
      () => false,
      () => true,
    )
    if (!gone) return notCaught("It still answers.")
    return { verdict: "caught", by: "everybody", when: "at once", evidence: none, note: "Nothing more is written." }
  },

  async clock(scene) {
    scene.clock.operatorAhead = 14 * 86_400
    const cell = await foundBy(scene, "every member", () => scene.members.hospital.look())
    scene.clock.operatorAhead = 0
    return { ...cell, evidence: "a signed head with a time that has not come" }
  },

  async "clock-behind"(scene) {
    scene.clock.operatorAhead = -14 * 86_400
    const cell = await foundBy(scene, "every member", () => scene.members.hospital.look())
    scene.clock.operatorAhead = 0
    return { ...cell, evidence: none, note: "To others an old time proves nothing: the head may be old." }
  },

  async friend(scene) {
    const checkin = await scene.arrive()
    const draft = signRow(scene.seeds["colleague"]!, "record", { checkin, facts })
    const strict = await allRefused([() => scene.service.append(draft)])
    must(strict.verdict === "prevented", "the rule itself refuses it")
    return onCopy(scene, async (copy) => {
      const record = await copy.append(draft, true)
      const payer = new Member("payer", copy, () => scene.clock.seconds)
      const { found, ms } = await timed(() => payer.recheck(record))
      if (found === undefined) return notCaught("The payer's own check found nothing.")
      const evidence = "the row and the roster's rows under a signed head; who runs the rules sees it"
      return { verdict: "caught", by: `payer: ${found}`, when: "before it pays", evidence, ms }
    })
  },

  async "read-health"(scene) {
    const all = await scene.service.view.rowsOf("record")
    const read = all.filter(({ body }) => new TextDecoder().decode(body).includes(canary)).length
    return read === 0
      ? { verdict: "prevented", by: "encryption", when: "always", evidence: none }
      : notCaught("The server's own key opens every record, claim and sentence of every organization.")
  },

  async link(scene) {
    const text = "select count(*) as n from rows where author = $1 and kind = 'checkin'"
    const { rows } = await scene.service.client.query(text, [scene.key("patient")])
    return Number(rows[0].n) < 2
      ? { verdict: "prevented", by: "nothing to tie by", when: "always", evidence: none }
      : notCaught("Every visit of a patient bears her one key.")
  },
}
