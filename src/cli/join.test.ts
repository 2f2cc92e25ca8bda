/**
 * Goal: from empty directories to nodes of one chain with nothing but the commands, and no way in with false papers.
 * Method: a clinic and a payer (who operates) begin, found and join by the commands themselves; each paper is then
 * changed at each place where trust hangs on it.
 */
import assert from "node:assert/strict"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { after, test } from "node:test"
import { fromHex, toHex } from "../base/bytes.ts"
import { finalBlockCodec } from "../base/chain/block.ts"
import { headerHash } from "../base/chain/header.ts"
import { keyId } from "../base/envelope.ts"
import { Refused } from "../base/refusal.ts"
import { decodeAs, list } from "../base/schema.ts"
import { freePorts } from "../engine/comet/ports.ts"
import { configFileName, nodeConfig, readConfigFile } from "../node/config-file.ts"
import { readIdentity } from "../node/invitation.ts"
import { Node } from "../node/node.ts"
import { foundingOf, withOrganization } from "../node/organization-store.ts"
import { Transport } from "../node/transport.ts"
import type { CommandResult } from "./command.ts"
import { DeskClient } from "./community/desk-client.ts"
import { foundCommand } from "./found.ts"
import { beginDirectory, firstSettings, initCommand } from "./init.ts"
import { type JoinValue, joinCommunity, takeNumber } from "./join.ts"
import { Screen } from "./screen.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-join-"))
const at = (...names: readonly string[]) => join(root, ...names)
const startKey = "j".repeat(32)
const screen = () => new Screen(new PassThrough())
const refused = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code
const running: Node[] = []
let hash = ""

after(async () => {
  for (const node of running.toReversed()) await node.stop()
  rmSync(root, { recursive: true, force: true })
})

async function init(name: string, kind: string, number?: string): Promise<void> {
  const [port, p2p] = await freePorts(2)
  const first = firstSettings({ name, kind, number, port: String(port), "p2p-port": String(p2p) })
  await beginDirectory(at(name), first, startKey)
}

interface More {
  readonly hash?: string
  readonly trust?: string
  readonly stateSync?: boolean
  readonly out?: string
}

function joinAs(name: string, { hash: told = hash, stateSync = false, ...more }: More = {}): Promise<JoinValue> {
  const [community, genesis] = [at("community/community.json"), at("community/genesis.cbor")]
  return joinCommunity({
    directory: at(name),
    startKey,
    community,
    genesis,
    genesisHash: fromHex(told),
    stateSync,
    ...more,
  })
}

async function startNode(name: string): Promise<DeskClient> {
  const config = readConfigFile(at(name))
  const founding = await withOrganization(config, startKey, async (opened) => foundingOf(opened))
  const node = await Node.start(nodeConfig(config, startKey, founding?.operator === config.organization))
  running.push(node)
  const { organization: number, kind } = node.config
  const member = { number, name, title: name, kind, group: number }
  return new DeskClient(member, at(name), () => ({ url: node.url, desk: node.deskToken, pin: node.pin }))
}

test("init makes a directory for its owner alone, and begins none twice", async () => {
  await init("clinic", "provider", "1")
  await init("payer", "payer", "2")
  await init("watch", "regulator", "3")
  for (const name of ["", configFileName, "identity.json", "work"]) {
    const { mode } = statSync(at("clinic", name))
    assert.equal(mode & 0o077, 0, name)
  }
  const before = readFileSync(at("clinic", "identity.json"), "utf8")
  const again = initCommand.run(["--dir", at("clinic"), "--name", "clinic", "--kind", "provider"], screen())
  await assert.rejects(again, refused("directory-begun"))
  assert.equal(readFileSync(at("clinic", "identity.json"), "utf8"), before)
})

test("bad settings are refused before anything is made", async () => {
  await assert.rejects(init("Bad Name", "provider"), refused("config-name"))
  await assert.rejects(init("other", "bank"), refused("config-kind"))
  await assert.rejects(init("other", "provider", "0"), refused("arguments"))
  assert.equal(existsSync(at("other")), false)
})

test("an identity with another address key, or another number, is not taken", () => {
  const text = readFileSync(at("clinic", "identity.json"), "utf8")
  const identity = JSON.parse(text) as Record<string, unknown> & { readonly transport: string }
  assert.equal(readIdentity(text, "x").organization, 1)
  const otherPin = { ...identity, transport: "00".repeat(32) }
  assert.throws(() => readIdentity(JSON.stringify(otherPin), "x"), refused("identity-unproven"))
  assert.throws(() => readIdentity(JSON.stringify({ ...identity, organization: 2 }), "x"), refused("identity-unproven"))
  assert.throws(() => readIdentity(JSON.stringify({ ...identity, url: "http://x" }), "x"), refused("invitation"))
  assert.throws(() => readIdentity("{", "x"), refused("invitation"))
})

const terms = `chainId: lakeside-1
currency: usd
start: 2026-04-14T08:00:00Z
validators: [2]
depth: 8
parameters:
  agreeHours: 100
`

function foundWith(text: string, names: readonly string[], out: string): Promise<CommandResult> {
  writeFileSync(at("terms.yaml"), text)
  const identities = names.map((name) => at(name, "identity.json"))
  return foundCommand.run(["--identities", ...identities, "--terms", at("terms.yaml"), "--out", at(out)], screen())
}

test("found makes the same genesis of the same papers, and refuses those that make no community", async () => {
  const all = ["clinic", "payer", "watch"]
  const { value } = await foundWith(terms, all, "community")
  const { value: again } = await foundWith(terms, all.toReversed(), "again")
  hash = (value as { genesisHash: string }).genesisHash
  assert.equal((again as { genesisHash: string }).genesisHash, hash)
  await assert.rejects(foundWith(terms, all, "community"), refused("file-exists"))
  await assert.rejects(foundWith(terms, ["clinic", "watch"], "gap"), refused("identity-number"))
  await assert.rejects(foundWith(terms.replace("[2]", "[2, 3]"), all, "no"), refused("founding-validators"))
  await assert.rejects(foundWith(terms.replace("[2]", "[9]"), all, "no"), refused("founding-validators"))
  await assert.rejects(foundWith(terms.replace("agreeHours", "agreeDays"), all, "no"), refused("config-file"))
  await assert.rejects(foundWith(terms.replace("100", "1"), all, "no"), refused("config-file"))
  await assert.rejects(foundWith(`${terms}groups:\n  nobody: 1\n`, all, "no"), refused("founding-groups"))
  await assert.rejects(foundWith(terms.replace("-14T", "-32T"), all, "no"), refused("config-file"))
  assert.equal(existsSync(at("no")), false)
})

test("a founder joins only the genesis that it was told of", async () => {
  await assert.rejects(joinAs("clinic", { hash: "ab".repeat(32) }), refused("genesis-other"))
  const path = at("community/community.json")
  const good = readFileSync(path, "utf8")
  const community = JSON.parse(good) as { organizations: { transport: string; transportProof: string }[] }
  const [first, second] = community.organizations
  const forged = { ...community, organizations: [{ ...first, transportProof: second!.transportProof }] }
  writeFileSync(path, JSON.stringify(forged))
  await assert.rejects(joinAs("clinic"), refused("identity-unproven"))
  writeFileSync(path, good.replace("lakeside-1", "lakeside-2"))
  await assert.rejects(joinAs("clinic"), refused("genesis-other"))
  writeFileSync(path, good)
  const value = await joinAs("clinic")
  assert.deepEqual([value.founder, value.settled, value.organization], [true, true, 1])
  assert.deepEqual(await joinAs("clinic"), value, "again changes nothing")
})

test("an address key that a stranger vouches for, or nobody, is not taken, a founder's or a later member's", async () => {
  await init("stranger", "provider", "1")
  const path = at("community/community.json")
  const good = readFileSync(path, "utf8")
  const community = JSON.parse(good) as { organizations: Record<string, unknown>[] }
  const { transport, transportProof } = JSON.parse(readFileSync(at("stranger/identity.json"), "utf8")) as Record<
    string,
    string
  >
  const [first, ...others] = community.organizations
  const lists = [
    [{ ...first, transport, transportProof }, ...others],
    [...community.organizations, { ...first, organization: 9, transport, transportProof }],
  ]
  for (const organizations of lists) {
    writeFileSync(path, JSON.stringify({ ...community, organizations }))
    await assert.rejects(joinAs("clinic"), refused("identity-unproven"))
  }
  writeFileSync(path, good)
  assert.equal((await joinAs("clinic")).settled, true)
})

test("a directory whose keys the genesis does not have is no founder's", async () => {
  await init("impostor", "provider", "1")
  await assert.rejects(joinAs("impostor"), refused("founder-other"))
})

test("nodes start on what join wrote, find one another by it, and are members to one another", async () => {
  for (const name of ["payer", "watch"]) await joinAs(name)
  const payer = await startNode("payer")
  const clinic = await startNode("clinic")
  await startNode("watch")
  const until = Date.now() + 20_000
  const height = async () => (await clinic.get<{ height: number }>("/health")).height
  while ((await height()) < 1 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok((await height()) >= 1)
  assert.equal(
    (await payer.desk<{ parameters: { name: string; value: number }[] }>("constitution")).parameters.find(
      ({ name }) => name === "agreeHours",
    )?.value,
    100,
  )
  // A proposal of the clinic's goes over the payer's member door.
  const proposed = await clinic.desk<{ height: number }>("propose", { action: "freeze", fields: { hours: 1 } })
  assert.ok(proposed.height > 0)
})

test("an organization that joins later is told what to have voted on, numbered, settled, and signs its keys", async () => {
  await init("newcomer", "provider")
  const first = await joinAs("newcomer")
  assert.deepEqual([first.founder, first.settled], [false, false])
  const identity = readIdentity(readFileSync(at("newcomer/identity.json"), "utf8"), "identity")
  const key = toHex(keyId(identity.keys.admin!))
  assert.deepEqual(first.proposal, { action: "admit", fields: { name: "newcomer", kind: "provider", key } })
  assert.equal(
    await withOrganization(readConfigFile(at("newcomer")), startKey, async (opened) => foundingOf(opened)),
    undefined,
  )
  const commented = readFileSync(at("newcomer", configFileName), "utf8")
  await takeNumber(at("newcomer"), startKey, "4")
  const second = await joinAs("newcomer", { out: at("papers") })
  assert.deepEqual([second.settled, second.organization, second.entry?.organization], [true, 4, 4])
  assert.equal(
    readFileSync(at("newcomer", configFileName), "utf8"),
    commented.replace("# organization: 0", "organization: 4"),
  )
  const paper = <T>(name: string) => JSON.parse(readFileSync(at("papers", name), "utf8")) as T
  assert.equal(paper<readonly unknown[]>("own-keys.json").length, 6, "vote, operate, peer, hold, bill, pay")
  assert.equal(paper<{ organization: number }>("entry.json").organization, 4)
  assert.deepEqual(paper("admit.json"), {
    ...second.proposal!,
    fields: { name: "newcomer", organization: 4, key, kind: "provider" },
  })
  await assert.rejects(takeNumber(at("newcomer"), startKey, "5"), refused("number-given"))
})

test("a trust hash is compared with what the members serve", async () => {
  const { url, pin } = running[0]!
  const { bytes } = await new Transport().request(`${url}/chain/blocks?from=1`, { pin: pin! })
  const [block] = decodeAs(list(finalBlockCodec, 0, 256), bytes)
  const hex = toHex(headerHash(block!.header))
  const join = (trust: string, stateSync = false) => joinAs("newcomer", { trust, stateSync })
  assert.equal((await join(`1:${hex}`)).settled, true)
  await assert.rejects(join(`1:${"ab".repeat(32)}`), refused("trust-differs"))
  await assert.rejects(join("1:ab"), refused("trust"))
  await assert.rejects(join(`1:${hex}`, true), refused("state-sync"))
  await assert.rejects(join(`900:${hex}`), /fewer than two members answer/)
})
