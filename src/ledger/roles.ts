/** Kinds of organization, roles of their keys, and which role may stand at which kind. Numbers never change meaning. */

export const kinds = {
  provider: 1,
  payer: 2,
  custodian: 3,
  licenceBoard: 4,
  arbiter: 5,
  regulator: 6,
  patientAssociation: 7,
} as const
export type Kind = keyof typeof kinds

/** What an organization's key may sign, as bits of a set. */
export const roles = {
  admin: 1,
  vote: 2,
  voucher: 4,
  agree: 8,
  hold: 16,
  bill: 32,
  pay: 64,
  perform: 128,
  enrol: 256,
  custody: 512,
  witness: 1024,
  operate: 2048,
} as const
export type Role = keyof typeof roles

export const allRoles = 4095

const providerRoles = roles.hold | roles.bill | roles.perform
const payerRoles = roles.voucher | roles.agree
const everyKind = roles.admin | roles.vote | roles.operate

const rolesByKind: Readonly<Record<number, number>> = {
  [kinds.provider]: everyKind | providerRoles | roles.pay,
  [kinds.payer]: everyKind | payerRoles | roles.pay,
  [kinds.custodian]: everyKind | payerRoles | roles.pay | roles.custody,
  [kinds.licenceBoard]: everyKind | roles.enrol,
  [kinds.arbiter]: everyKind | roles.witness,
  [kinds.regulator]: everyKind | roles.witness,
  [kinds.patientAssociation]: everyKind | roles.witness,
}

/** The set of roles that keys of a kind of organization may have. */
export function rolesOfKind(kind: number): number {
  return rolesByKind[kind] ?? 0
}

/** Whether a kind stands in a set of kinds: bit k is kind k. */
export function kindInSet(kind: number, set: number): boolean {
  return ((set >> kind) & 1) === 1
}
export function kindSet(...members: readonly Kind[]): number {
  return members.reduce((set, member) => set | (1 << kinds[member]), 0)
}

export const organizationStatus = { active: 0, suspended: 1, removed: 2 } as const
export const licenceStatus = { active: 0, suspended: 1, ended: 2 } as const
