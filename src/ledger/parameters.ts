/** Parameters of the chain: a table row each, changed by ballot within these bounds. Hours unless the name says more. */

export interface Parameter {
  readonly number: number
  readonly initial: number
  readonly least: number
  readonly most: number
}

export const parameters = {
  holdHours: { number: 1, initial: 2160, least: 24, most: 8784 },
  agreeHours: { number: 2, initial: 336, least: 72, most: 1440 },
  ruleHours: { number: 3, initial: 720, least: 168, most: 2160 },
  silentHours: { number: 4, initial: 720, least: 168, most: 2160 },
  keyGraceHours: { number: 5, initial: 720, least: 0, most: 2160 },
  graceHours: { number: 6, initial: 720, least: 168, most: 2160 },
  payerPayHours: { number: 7, initial: 720, least: 168, most: 8784 },
  lookBackHours: { number: 8, initial: 8760, least: 0, most: 26304 },
  /** Minor units. */
  panelFee: { number: 9, initial: 5000, least: 0, most: 100000 },
  /** Emergency openings per practitioner and day. */
  glassPerDay: { number: 10, initial: 10, least: 1, most: 100 },
} as const satisfies Readonly<Record<string, Parameter>>

export type ParameterName = keyof typeof parameters

const byNumber = new Map<number, Parameter>(Object.values(parameters).map((parameter) => [parameter.number, parameter]))

export function parameterInBounds(number: number, value: number): boolean {
  const parameter = byNumber.get(number)
  return parameter !== undefined && value >= parameter.least && value <= parameter.most
}
