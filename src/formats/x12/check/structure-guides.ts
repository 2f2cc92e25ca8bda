/** The guide of each transaction set that we read: its loops as a table (see structure-table.ts), read when first needed. */
import { claims } from "./structure-claims.ts"
import { benefit, claimStatus, eligibility, inquiry, review } from "./structure-questions.ts"
import { type LoopRule, parseTable } from "./structure-table.ts"

const remittance = `
ST !
BPR !
NTE *
TRN !
CUR
REF *2
DTM
+ 1000A !1 payer
  N1[PR] !
  N2
  N3
  N4
  REF *4
  PER *
+ 1000B !1 payee
  N1[PE] !
  N2
  N3
  N4
  REF *
  RDM
+ 2000 * header number
  LX !
  TS3
  TS2
  + 2100 * claim
    CLP !
    CAS *99
    NM1 *9
    MIA
    MOA
    REF *99
    DTM *9
    PER *3
    AMT *20
    QTY *20
    + 2110 999 service line
      SVC ! {3}
      DTM *9
      CAS *99
      REF *99
      AMT *20
      QTY *20
      LQ *99
PLB *
SE !
`

const enrollment = `
ST !
BGN !
REF *9
DTP *9
QTY *3
AMT
+ 1000A !1 sponsor
  N1[P5] !
+ 1000B !1 payer
  N1[IN] !
+ 1000C 2 broker
  N1[BO|TV] !
  ACT
+ 2000 * member
  INS !
  REF *20
  DTP *30
  + 2100 * member's names
    NM1 !
    PER *2
    N3
    N4
    DMG
    PM
    EC *9
    ICM
    AMT *7
    HLH
    HI
    LUI *9
  + 2200 4 disability
    DSB !
    DTP *9
    HI
  + 2300 99 coverage
    HD !
    DTP *9
    AMT *9
    REF *15
    IDC *3
    + 2310 30 provider
      LX !
      NM1 !
      N2
      N3 *2
      N4
      PER *2
      PLA
    + 2320 5 other coverage
      COB !
      REF *4
      DTP *2
      + 2330 3 other payer
        NM1 !
        N2
        N3
        N4
        PER
  LS
  + 2710 * reporting category
    LX !
    + 2750 1 category
      N1[75] !
      REF
      DTP
  LE
SE !
`

const acknowledgement = `
ST !
AK1 !
+ 2000 * transaction
  AK2 !
  + 2100 * segment
    IK3 !
    CTX *10
    + 2110 * element
      IK4 !
      CTX *10
  IK5 !
AK9 !
SE !
`

const tables: Readonly<Record<string, string>> = {
  "270": eligibility(inquiry),
  "271": eligibility(benefit),
  "276": claimStatus,
  "277": claimStatus,
  "278": review,
  "834": enrollment,
  "835": remittance,
  "837": claims,
  "999": acknowledgement,
}
const parsed = new Map<string, LoopRule>()

/** The loops of a transaction set (ST01); undefined for those that we do not read. */
export function guideOf(set: string): LoopRule | undefined {
  const table = Object.hasOwn(tables, set) ? tables[set] : undefined
  if (table === undefined) return undefined
  const known = parsed.get(set)
  if (known !== undefined) return known
  const loops = parseTable(table)
  parsed.set(set, loops)
  return loops
}
