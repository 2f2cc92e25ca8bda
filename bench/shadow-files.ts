/** Claims and answers in their envelopes: 837 files of five transactions, and one 835 a payer and week. */
import { type Answer, date, days, firstDay, money, type PracticeFile, payers } from "./shadow-terms.ts"

const isa = (control: number, day: number) =>
  `ISA*00*          *00*          *ZZ*SHADOWPRACTICE *ZZ*CLEARINGHOUSE  *${date(day).slice(2)}*1200*^*00501*${String(control).padStart(9, "0")}*0*P*:`

const claimsInTransaction = 1000
const transactionsInFile = 5

/** The claims' files. */
export function* claimFiles(bodies: readonly string[]): Generator<PracticeFile> {
  const perFile = claimsInTransaction * transactionsInFile
  for (let from = 0, file = 1; from < bodies.length; from += perFile, file++) {
    const last = Math.min(from + perFile, bodies.length)
    const day = firstDay + Math.floor((last * days) / 100_000) + 7
    const parts = [isa(file, day), `GS*HC*SHADOWPRACTICE*CLEARINGHOUSE*${date(day)}*1200*${file}*X*005010X222A1`]
    let sets = 0
    for (let at = from; at < last; at += claimsInTransaction) {
      sets++
      const body = bodies.slice(at, Math.min(at + claimsInTransaction, last)).join("~\n")
      const head = [
        ...[
          `ST*837*${String(sets).padStart(4, "0")}*005010X222A1`,
          `BHT*0019*00*B${file}S${sets}*${date(day)}*1200*CH`,
        ],
        ...["NM1*41*2*SHADOW PRACTICE*****46*SHADOWPRACTICE", "PER*IC*NOBODY*TE*5550100"],
        ...["NM1*40*2*CLEARINGHOUSE*****46*CLEARINGHOUSE", "HL*1**20*1", "NM1*85*2*SHADOW PRACTICE*****XX*1993999998"],
        ...["N3*2 INVENTED ROAD", "N4*NOWHERE*OH*440040001", "REF*EI*990000001"],
      ].join("~\n")
      const text = `${head}~\n${body}`
      parts.push(text, `SE*${text.split("~\n").length + 1}*${String(sets).padStart(4, "0")}`)
    }
    parts.push(`GE*${sets}*${file}`, `IEA*1*${String(file).padStart(9, "0")}`)
    yield { name: `claims-${String(file).padStart(3, "0")}.837`, text: `${parts.join("~\n")}~\n` }
  }
}

/** The remittances' files, and the sum of their payments in cents. */
export function remittanceFiles(answers: readonly Answer[]): { files: readonly PracticeFile[]; paid: number } {
  const groups = new Map<string, Answer[]>()
  for (const answer of answers) {
    const key = `${String(answer.week).padStart(3, "0")}-${answer.payer}`
    const own = groups.get(key)
    if (own === undefined) groups.set(key, [answer])
    else own.push(answer)
  }
  let paid = 0
  const carried = payers.map(() => ({ amount: 0, reference: "" }))
  const files = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, own], index) => {
      const { payer, week } = own[0]!
      const before = carried[payer]!
      const claims = own.reduce((sum, answer) => sum + answer.paid, 0)
      const plb: string[] = before.amount === 0 ? [] : [`FB:${before.reference}*${money(before.amount)}`]
      let total = claims - before.amount
      carried[payer] = { amount: 0, reference: "" }
      if (total < 0) {
        // Nothing can be paid: the rest goes over to this payer's next payment.
        carried[payer] = { amount: -total, reference: `CARRY${key}` }
        plb.push(`FB:CARRY${key}*${money(total)}`)
        total = 0
      }
      paid += total
      const day = firstDay + week * 7 + 4
      const { name, id } = payers[payer]!
      const body = [
        "ST*835*0001",
        `BPR*I*${money(total)}*C*ACH*CCP*01*999999999*DA*1*1512345678**01*999999999*DA*2*${date(day)}`,
        ...[`TRN*1*EFT${key}*1512345678`, `DTM*405*${date(day)}`, `N1*PR*${name}`, `REF*2U*${id}`],
        ...["N1*PE*SHADOW PRACTICE*XX*1993999998", "LX*1", ...own.map(({ text }) => text)],
        ...(plb.length === 0 ? [] : [`PLB*1993999998*20261231*${plb.join("*")}`]),
      ].join("~\n")
      const control = 900 + index
      const text = [
        ...[isa(control, day), `GS*HP*CLEARINGHOUSE*SHADOWPRACTICE*${date(day)}*1200*${control}*X*005010X221A1`, body],
        ...[`SE*${body.split("~\n").length + 1}*0001`, `GE*1*${control}`, `IEA*1*${String(control).padStart(9, "0")}`],
      ].join("~\n")
      return { name: `remittance-${key}.835`, text: `${text}~\n` }
    })
  return { files, paid }
}
