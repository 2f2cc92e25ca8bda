/**
 * A RIF table as claims or people. Rows of one claim are gathered by its number wherever they stand; a row that cannot be
 * read takes its own claim with it, since a claim less a line would be decided as another, and all others go on.
 */
import type { Refusal } from "../../base/refusal.ts"
import type { ClaimLine } from "../../plan/claim.ts"
import { type Answer, answer } from "../answer.ts"
import type { CmsClaim, CmsForm, CmsPerson, FiledAmounts } from "./cms-claim.ts"
import { drugClaim, drugFiled, drugLine, drugProvider } from "./drug.ts"
import {
  institutionalClaim,
  institutionalClaimFiled,
  institutionalFiled,
  institutionalLine,
  institutionalProvider,
} from "./institutional.ts"
import {
  professionalClaim,
  professionalClaimFiled,
  professionalFiled,
  professionalLine,
  professionalProvider,
} from "./professional.ts"
import { type RifKind, type RifRow, type RifTable, readRifTable, tryRow } from "./rif.ts"

export interface ReadCmsOptions {
  /** Lets the type of service stand for a procedure code that is not there; see `professionalLine`. */
  readonly standIn?: boolean
}

export interface CmsFile {
  /** A claim, or why it is left out: the first of its rows that cannot be read. */
  readonly claims: readonly Answer<CmsClaim>[]
  readonly people: ReadonlyMap<string, CmsPerson>
  /** Every row that cannot be read, by line and column. */
  readonly problems: readonly Refusal[]
}

/** The file, or the refusal of what is no RIF table at all. */
export function readCmsFile(bytes: Uint8Array, options: ReadCmsOptions = {}): Answer<CmsFile> {
  return answer(() => {
    const table = readRifTable(bytes)
    const problems = [...table.problems]
    if (table.kind === "people") return { claims: [], people: peopleOf(table, problems), problems }
    const claims = claimsOf(table.kind, table, options.standIn ?? false, problems)
    return { claims: [...claims, ...table.problems], people: new Map(), problems }
  })
}

/** Later rows of a person stand: CMS files one a year. */
function peopleOf(table: RifTable, problems: Refusal[]): ReadonlyMap<string, CmsPerson> {
  const people = new Map<string, CmsPerson>()
  for (const row of table.rows) {
    tryRow(() => {
      const sex = row.cell("BENE_SEX_IDENT_CD")
      people.set(row.must("BENE_ID", row.code), {
        born: row.day("BENE_BIRTH_DT"),
        sex: sex === "1" ? "M" : sex === "2" ? "F" : undefined,
      })
    }, problems)
  }
  return people
}

/** A row whose claim cannot be told is a claim by itself that is left out. */
function claimsOf(
  kind: ClaimKind,
  table: RifTable,
  standIn: boolean,
  problems: Refusal[],
): readonly Answer<CmsClaim>[] {
  const idColumn = kind === "drug" ? "PDE_ID" : "CLM_ID"
  const groups = new Map<string, RifRow[]>()
  const strays: Refusal[] = []
  for (const row of table.rows) {
    const id = tryRow(() => row.must(idColumn, row.code), strays)
    if (id === undefined) continue
    const known = groups.get(id)
    if (known === undefined) groups.set(id, [row])
    else known.push(row)
  }
  problems.push(...strays)
  const claims = [...groups.values()].map((rows): Answer<CmsClaim> => {
    const wrong: Refusal[] = []
    const claim = claimOfRows(kind, rows, standIn, wrong)
    problems.push(...wrong)
    return claim ?? wrong[0]!
  })
  return [...claims, ...strays]
}

interface ReadLine {
  readonly line: ClaimLine
  readonly filed: FiledAmounts
}

/** What is particular to a kind of table. */
interface ClaimReader {
  readonly numberColumn: string
  line(row: RifRow, standIn: boolean): ClaimLine
  filed(row: RifRow): FiledAmounts
  /** The claim of these lines, by its first row or all of them. */
  whole(rows: readonly RifRow[], lines: readonly ClaimLine[]): Pick<CmsClaim, "claim" | "provider" | "filed">
}

const readers: Readonly<Record<ClaimKind, ClaimReader>> = {
  professional: {
    numberColumn: "LINE_NUM",
    line: professionalLine,
    filed: professionalFiled,
    whole: (rows, lines) => ({
      claim: professionalClaim(rows[0]!, lines),
      provider: professionalProvider(rows),
      filed: professionalClaimFiled(rows[0]!),
    }),
  },
  institutional: {
    numberColumn: "CLM_LINE_NUM",
    line: institutionalLine,
    filed: institutionalFiled,
    whole: ([row], lines) => ({
      claim: institutionalClaim(row!, lines),
      provider: institutionalProvider(row!),
      filed: institutionalClaimFiled(row!),
    }),
  },
  drug: {
    numberColumn: "PDE_ID",
    line: drugLine,
    filed: drugFiled,
    whole: ([row], lines) => ({
      claim: drugClaim(row!, lines[0]!),
      provider: drugProvider(row!),
      filed: drugFiled(row!),
    }),
  },
}

/** The claim; undefined when a row of it is wrong, and then `wrong` says each that is. */
function claimOfRows(
  kind: ClaimKind,
  rows: readonly RifRow[],
  standIn: boolean,
  wrong: Refusal[],
): CmsClaim | undefined {
  const reader = readers[kind]
  const lines: ReadLine[] = []
  const numbers = new Set<number>()
  for (const row of rows) {
    const read = tryRow((): ReadLine => {
      sameClaim(row, rows[0]!)
      const line = reader.line(row, standIn)
      if (numbers.has(line.number)) row.wrong(reader.numberColumn, "two lines of one claim bear one number")
      numbers.add(line.number)
      return { line, filed: reader.filed(row) }
    }, wrong)
    if (read !== undefined) lines.push(read)
  }
  return wrong.length > 0 ? undefined : tryRow(() => claimOf(kind, rows, lines), wrong)
}

/** What all rows of a claim say alike; a difference means that two claims bear one number. */
const claimColumns = [
  ...["BENE_ID", "NCH_CLM_TYPE_CD", "CLM_FROM_DT", "CLM_THRU_DT", "NCH_WKLY_PROC_DT", "CLM_PMT_AMT", "CLM_ADMSN_DT"],
  ...["CLM_FAC_TYPE_CD", "CLM_SRVC_CLSFCTN_TYPE_CD", "CLM_FREQ_CD", "CLM_DRG_CD", "CARR_CLM_ENTRY_CD"],
  ...["CLM_TOT_CHRG_AMT", "NCH_CARR_CLM_SBMTD_CHRG_AMT", "PRNCPAL_DGNS_CD", "ORG_NPI_NUM"],
] as const

function sameClaim(row: RifRow, first: RifRow): void {
  for (const column of claimColumns)
    if (row.cell(column) !== first.cell(column)) row.wrong(column, "two rows of one claim differ")
}

type ClaimKind = Exclude<RifKind, "people">

/** NCH_CLM_TYPE_CD. */
const forms: ReadonlyMap<string, CmsForm> = new Map<string, CmsForm>([
  ["10", "hha"],
  ["20", "snf"],
  ["30", "snf"],
  ["40", "outpatient"],
  ["50", "hospice"],
  ["60", "inpatient"],
  ["71", "carrier"],
  ["72", "carrier"],
  ["81", "dme"],
  ["82", "dme"],
])
const professionalForms: ReadonlySet<CmsForm> = new Set<CmsForm>(["carrier", "dme"])

function formOf(kind: ClaimKind, row: RifRow): CmsForm {
  if (kind === "drug") return "drug"
  const form = forms.get(row.cell("NCH_CLM_TYPE_CD"))
  if (form !== undefined && professionalForms.has(form) === (kind === "professional")) return form
  return row.wrong("NCH_CLM_TYPE_CD", "the claim is of no type that this table has")
}

/** Kinds of payer that pay before Medicare; the other codes say that Medicare comes first. */
const firstPayers: ReadonlySet<string> = new Set("A B D E F G H I L".split(" "))

function claimOf(kind: ClaimKind, rows: readonly RifRow[], read: readonly ReadLine[]): CmsClaim {
  const row = rows[0]!
  if (read.length > 999) row.wrong("CLM_ID", "a claim has over 999 lines", "Split the claim")
  const form = formOf(kind, row)
  const payer = row.code("NCH_PRMRY_PYR_CD") ?? row.code("LINE_BENE_PRMRY_PYR_CD")
  const lines = read.map(({ line }) => line).sort((a, b) => a.number - b.number)
  return {
    ...readers[kind].whole(rows, lines),
    form,
    at: row.line,
    beneficiary: row.must("BENE_ID", row.code),
    firstPayer: payer !== undefined && firstPayers.has(payer) ? payer : undefined,
    filedLines: new Map(read.map(({ line, filed }) => [line.number, filed])),
  }
}
