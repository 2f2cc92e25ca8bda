/**
 * `countersign init`: an organization's directory, its keys and its configuration, and the file by which others get to
 * know it. It writes over nothing: keys that are gone are gone for good.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { refuse } from "../base/refusal.ts"
import { type OrganizationKind, organizationKinds } from "../node/config.ts"
import { configFileName, readConfigFile } from "../node/config-file.ts"
import { configTemplate, type FirstSettings } from "../node/config-template.ts"
import { encodeIdentity, type Identity } from "../node/invitation.ts"
import { identityOf, withOrganization } from "../node/organization-store.ts"
import type { Command } from "./command.ts"
import { makeFolder } from "./make-folder.ts"
import { startKeyOf, startKeyOptions } from "./passphrase.ts"

export const identityFileName = "identity.json"

interface Given {
  readonly name?: string | undefined
  readonly kind?: string | undefined
  readonly number?: string | undefined
  readonly consensus?: boolean | undefined
  readonly host?: string | undefined
  readonly "public-host"?: string | undefined
  readonly port?: string | undefined
  readonly "p2p-port"?: string | undefined
}

function whole(name: string, text: string | undefined, usual: number, [least, most]: readonly [number, number]) {
  const value = text === undefined ? usual : /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  return refuse("arguments", `Cannot begin directory: ${name} is ${least} to ${most}`, name, `Fix --${name}`)
}

/** The number as an argument names it. */
export function organizationNumber(text: string): number {
  return whole("number", text, 0, [1, 65_535])
}

export function firstSettings(given: Given): FirstSettings {
  const { name = "", kind = "", number, host = "127.0.0.1" } = given
  if (!/^[a-z0-9-]{1,40}$/.test(name))
    refuse("config-name", "Cannot begin directory: a name is 1 to 40 of a-z, 0-9 and -", "name", "Give --name")
  if (!Object.hasOwn(organizationKinds, kind)) {
    const kinds = Object.keys(organizationKinds).join(", ")
    refuse("config-kind", "Cannot begin directory: no such kind of organization", "kind", `One of ${kinds}`)
  }
  const ports = [1, 65_535] as const
  return {
    name,
    kind: kind as OrganizationKind,
    organization: number === undefined ? undefined : organizationNumber(number),
    consensus: given.consensus === true,
    host,
    publicHost: given["public-host"] ?? host,
    port: whole("port", given.port, 7400, ports),
    p2pPort: whole("p2p-port", given["p2p-port"], 7401, ports),
  }
}

function refuseBegun(directory: string): void {
  for (const name of [configFileName, "work", "ledger", "start-key.salt"])
    if (existsSync(join(directory, name)))
      refuse("directory-begun", "Cannot begin directory: it is begun already", join(directory, name), "Name a new one")
}

/** Makes keys, settings and identity. @throws Refused when something lies there already; nothing is written over. */
export async function beginDirectory(directory: string, first: FirstSettings, startKey: string): Promise<Identity> {
  const identity = await withOrganization({ directory, kind: first.kind }, startKey, async (opened) => {
    const text = configTemplate(first)
    writeFileSync(join(directory, configFileName), text, { mode: 0o600, flag: "wx", flush: true })
    return identityOf(opened, readConfigFile(directory))
  })
  // Public, and handed on: still its owner's file.
  writeFileSync(join(directory, identityFileName), encodeIdentity(identity), { mode: 0o600, flag: "wx" })
  return identity
}

export const initCommand: Command = {
  summary: "Makes an organization's directory, keys and configuration",
  usage: "init --dir DIR --name NAME --kind KIND [--number N] [--consensus]",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        name: { type: "string" },
        kind: { type: "string" },
        number: { type: "string" },
        consensus: { type: "boolean" },
        host: { type: "string" },
        "public-host": { type: "string" },
        port: { type: "string" },
        "p2p-port": { type: "string" },
        ...startKeyOptions,
      },
    })
    if (values.dir === undefined)
      return refuse("arguments", "Cannot begin directory: none is named", "dir", "Give --dir DIR")
    const directory = resolve(values.dir)
    const first = firstSettings(values)
    refuseBegun(directory)
    makeFolder(directory, 0o700)
    const startKey = await startKeyOf(directory, values, { twice: true })
    const identity = await beginDirectory(directory, first, startKey)
    const [configPath, identityPath] = [join(directory, configFileName), join(directory, identityFileName)]
    screen.say(`${screen.good("BEGUN")}  ${first.name}, a ${first.kind}, in ${directory}`)
    screen.line(`Settings    ${configPath}`)
    screen.line(`Identity    ${identityPath}: public; hand it to the founders, or to the members who will admit you`)
    screen.quiet("Keep the passphrase apart from this machine: nobody can open the directory without it.")
    return { value: { directory, config: configPath, identity: identityPath, organization: identity.organization } }
  },
}
