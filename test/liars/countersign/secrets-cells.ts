/** What an operator reads, and what a thief reads with an organization's disk and start key, or on its wire. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serialize } from "node:v8"
import { toHex } from "../../../src/base/bytes.ts"
import { monthOfDay } from "../../../src/base/time.ts"
import { DeskClient } from "../../../src/cli/community/desk-client.ts"
import { operatorNumber } from "../../../src/cli/community/organizations.ts"
import { deposit, roles } from "../../../src/cli/community/setting.ts"
import type { Attacker } from "../../../src/cli/visit/attacks/attacker.ts"
import { searchFolders } from "../../../src/cli/visit/attacks/canaries.ts"
import { links } from "../../../src/cli/visit/attacks/linkage.ts"
import { Journey } from "../../../src/cli/visit/journey.ts"
import { openEnvironment, openTable } from "../../../src/store/environment.ts"
import { type Cell, must, NotTold, notCaught, prevented } from "../lies.ts"
import { Tap } from "../tap.ts"
import type { LiarCommunity } from "./community.ts"
import { listFor, through } from "./double.ts"
import type { OwnLie, Telling } from "./party-cells.ts"

const bySearch = "the search, by whoever has the disk, its secret or the wire"

/** How many of the planted strings stand in the working data that an organization's start key opens. */
async function readable(
  { scene, community, attacker }: Telling,
  organization: number,
  strings: readonly string[] = scene.canaries,
): Promise<number> {
  const { work } = await attacker.insider(organization)
  const encryptionKey = community.startKeyOf(organization)
  const { directory } = attacker.node(organization)
  const environment = openEnvironment(join(directory, "work", "data"), { encryptionKey })
  const clear: Buffer[] = []
  for (const { key } of openTable(environment, "work").getRange({})) {
    const [collection, id] = (key as Buffer).toString("utf8").split("\0", 2) as [string, string]
    clear.push(serialize(work.get(collection, id)))
  }
  await environment.close()
  must(clear.length > 0, "the start key opens nothing")
  return strings.filter((text) => clear.some((bytes) => bytes.includes(Buffer.from(text)))).length
}

/** The operator's whole directory, opened: what it reads, and so what its thief reads. */
async function operatorReads(telling: Telling): Promise<number> {
  must((await readable(telling, roles.clinic)) > 0, "the search does not find what the clinic knows")
  const { canaries, setting } = telling.scene
  const { found } = await searchFolders([setting.community.node(operatorNumber).directory], canaries)
  return found.length + (await readable(telling, operatorNumber))
}

const nothingThere = (what: string): Cell =>
  prevented("nothing to read is there", { when: "always", evidence: bySearch, note: what })

/** The same attacker with other visits to show. */
function showing(attacker: Attacker, visits: Partial<Pick<Attacker, "phantom" | "elsewhere">>): Attacker {
  return new Proxy(attacker, {
    get(target, name) {
      const value: unknown = Reflect.get(name in visits ? visits : target, name)
      return typeof value === "function" ? value.bind(target) : value
    },
  })
}

export const secretsLies: Readonly<Record<string, OwnLie>> = {
  async "read-health"(telling) {
    return (await operatorReads(telling)) === 0
      ? nothingThere("Of 3 planted strings none; commitments, sums and who dealt with whom it does see.")
      : notCaught("The operator reads planted strings.")
  },

  async "operator-keys"(telling) {
    return (await operatorReads(telling)) === 0
      ? nothingThere("The thief can sign as that organization and write blocks until members notice.")
      : notCaught("The thief reads planted strings.")
  },

  async "clinic-keys"(telling) {
    const sentence = "What this clinic alone was told."
    await telling.attacker.recorded({ hold: 0n, facts: [{ sentence, entry: 0 }] })
    const others = await readable(telling, roles.hospital, [sentence])
    return (await readable(telling, roles.clinic, [sentence])) > 0
      ? notCaught(`That clinic's records are open${others === 0 ? "; others' are not" : ""}.`)
      : prevented("encryption")
  },

  /**
   * All visits that a patient ever made, one at each of two clinics, looked at by whoever has the whole ledger. Another
   * patient is at both in the same hour, so what the hour gives to all counts as no link; of hers there is no third that
   * could hide one.
   */
  async link({ scene, attacker }) {
    const { setting } = scene
    await deposit(setting, roles.payer, attacker.hold * 4n)
    const atHospital = { provider: roles.hospital, practitioner: await attacker.colleague() }
    const her = new Journey(setting)
    const enrolment = attacker.enrolment()
    await her.enrol(enrolment)
    await her.fetchVouchers(monthOfDay(enrolment.day), 2)
    const hour = await attacker.hour()
    const here = await attacker.settled({ wallet: her.wallet })
    const there = await attacker.settled({ ...atHospital, wallet: her.wallet })
    await attacker.settled()
    await attacker.settled(atHospital)
    must(hour === (await attacker.hour()), "the hour changed meanwhile")
    const [row] = await links.run(showing(attacker, { phantom: async () => here, elsewhere: async () => there }))
    if (row?.figures === undefined) throw new NotTold(`Cannot tell the lie: ${row?.detail}`)
    return row.figures["onLedger"] === 0
      ? prevented("fresh keys a visit", {
          when: "always",
          evidence: bySearch,
          note: "On the ledger; two clinics that pool what she opened to each do know her.",
        })
      : notCaught("Strings on the ledger are common to two visits of hers alone.")
  },

  /** A whole visit, while somebody hears all that the clinic and the wallet send to payer and operator. */
  async wire({ scene, community, attacker }) {
    const { setting } = scene
    const heard = await overheard(community, [roles.payer, operatorNumber], async (ports) => {
      const payer = setting.organizations.get(roles.payer)!
      const organizations = new Map(setting.organizations)
      organizations.set(roles.payer, { ...payer, url: through(payer.url, ports.get(roles.payer)) })
      const patient = new Journey({ ...setting, organizations })
      await listFor(community, community.node(roles.clinic), ports)
      await patient.enrol(attacker.enrolment())
      const { journey } = await attacker.settled({ wallet: patient.wallet })
      await listFor(community, community.node(roles.clinic), new Map())
      return journey.visit.V
    })
    const folder = mkdtempSync(join(tmpdir(), "countersign-heard-"))
    writeFileSync(join(folder, "heard"), heard)
    const { found } = await searchFolders([folder], scene.canaries)
    rmSync(folder, { recursive: true })
    return found.length === 0
      ? prevented("TLS, and sealed letters within it", { when: "always", evidence: bySearch })
      : notCaught("Planted strings cross the wire.")
  },

  /** The clinic's desk tells its node what was done: what the wire carries is what a listener has. */
  async "wire-inside"({ scene, community, attacker }) {
    const { journey } = await attacker.recorded({ hold: 0n })
    const { member, directory, address } = community.node(roles.clinic)
    const tap = await Tap.start(Number(new URL(address.url).port))
    try {
      const desk = new DeskClient(member, directory, () => ({ ...address, url: through(address.url, tap.port) }))
      const { sentence } = scene.told.facts[0]!
      await desk.desk("add-fact", { visit: toHex(journey.visit.V), sentence, entry: 0 })
      must(tap.heard.length > sentence.length, "the tap heard nothing")
      return tap.heard.includes(Buffer.from(sentence))
        ? notCaught("Desk calls cross it in clear, the desk's token and sentences too.")
        : prevented("TLS, with the node's key known to the desk", { when: "always", evidence: bySearch })
    } finally {
      await tap.stop()
    }
  },
}

/** All that was said to some organizations while something was done; under TLS not even the visit's key, which `doing` gives, is among it. */
async function overheard(
  community: LiarCommunity,
  organizations: readonly number[],
  doing: (ports: ReadonlyMap<number, number>) => Promise<Uint8Array>,
): Promise<Buffer> {
  const taps = new Map<number, Tap>()
  try {
    for (const number of organizations)
      taps.set(number, await Tap.start(Number(new URL(community.node(number).url).port)))
    const key = await doing(new Map([...taps].map(([number, tap]) => [number, tap.port])))
    const heard = Buffer.concat([...taps.values()].map((tap) => tap.heard))
    must(heard.length > 4096 && !heard.includes(Buffer.from(key)), "the taps did not hear a sealed visit")
    return heard
  } finally {
    for (const tap of taps.values()) await tap.stop()
  }
}
