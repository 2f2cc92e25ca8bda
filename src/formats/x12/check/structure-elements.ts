/**
 * What the elements of each segment hold: type, length, whether they must be there, the few codes that we rely on, and
 * their numbers in X12's data element dictionary (999 repeats those). One table for 4010 and 5010: the wider length wins.
 *
 * An element is written `!ID2-3:A|B#98`: must be there, is a code of two to three characters, is A or B, is element 98.
 * `-` is not looked at. Parts of a composite stand in parentheses. Types: AN text, ID code, N0 whole number, R decimal,
 * DT date, TM time, DV a value whose format the element before it names (D8, RD8, DT, TM). After ` / `: P8,9 both or
 * neither, R2,3 one at least.
 */
import { assert } from "../../../base/assert.ts"

export type ElementType = "AN" | "ID" | "N0" | "R" | "DT" | "TM" | "DV"

export interface ElementRule {
  readonly isNeeded: boolean
  /** Undefined for a composite and for what is not looked at. */
  readonly type: ElementType | undefined
  readonly least: number
  readonly most: number
  readonly codes: ReadonlySet<string> | undefined
  readonly reference: string | undefined
  readonly parts: readonly ElementRule[] | undefined
}

export interface SegmentElements {
  readonly elements: readonly ElementRule[]
  /** Number of the last element that must be there. */
  readonly neededTo: number
  readonly pairs: readonly (readonly number[])[]
  readonly choices: readonly (readonly number[])[]
}

const service = "(!ID2:AD|ER|HC|HP|ID|IV|N1|N2|N3|N4|N5|N6|NU|RB|UI|UP|WK|ZZ#235,!AN1-48#234,AN2#1339,AN2#1339"
const procedure = `${service},AN2#1339,AN2#1339,AN1-80#352,AN1-48#234)#C003`
const code =
  "(!ID1-3#1270,!AN1-30#1271,ID2-3#1250,DV1-35#1251,R1-18#782,R1-15#380,AN1-30#799,AN1-30#1271,ID1#1073)#C022"
const status = "(!AN1-30#1271,!AN1-30#1271,ID2-3#98,ID1-3#1270)#C043"
const repeat = (text: string, times: number) => Array.from({ length: times }, () => text).join(" ")

const table: Readonly<Record<string, string>> = {
  AAA: "!ID1:N|Y#1073 - ID2#901 ID1#889",
  AK1: "!ID2#479 !N01-9#28 AN1-12#480",
  AK2: "!ID3#143 !AN1-9#329 AN1-35#1705",
  AK9: "!ID1:A|E|M|P|R|W|X#715 !N01-6#97 !N01-6#123 !N01-6#2 ID1-3#716 ID1-3#716 ID1-3#716 ID1-3#716 ID1-3#716",
  AMT: "!ID1-3#522 !R1-18#782",
  BGN: "!ID2#353 !AN1-50#127 !DT8#373 TM4-8#337 ID2#623 AN1-50#127 ID2#640 ID1-2#306",
  BHT: "!ID4#1005 !ID2#353 AN1-50#127 DT8#373 TM4-8#337 ID2#640",
  BPR: "!ID1:C|D|H|I|P|U|X#305 !R1-18#782 !ID1:C|D#478 !ID3:ACH|BOP|CHK|FWT|NON#591 ID1-10#812 ID2#506 AN3-12#507 ID1-3#569 AN1-35#508 AN10#509 AN9#510 ID2#506 AN3-12#507 ID1-3#569 AN1-35#508 !DT8#373 / P6,7 P12,13",
  CAS: `!ID2:CO|CR|OA|PI|PR#1033 !ID1-5#1034 !R1-18#782 R1-15#380 ${repeat("ID1-5#1034 R1-18#782 R1-15#380", 5)} / P5,6 P8,9 P11,12 P14,15 P17,18`,
  CL1: "ID1#1315 ID1#1314 ID1-2#1352 ID1#1345",
  CLM: "!AN1-38#1028 !R1-18#782 - - (!AN1-2#1331,ID1-2#1332,!ID1#1325)#C023 ID1:N|Y#1073 ID1#1359 ID1#1073 ID1#1363 ID1#1351 (!ID2-3#1362,ID2-3#1362,ID2-3#1362,ID2#156,ID2-3#26)#C024",
  CLP: "!AN1-38#1028 !ID1-2#1029 !R1-18#782 !R1-18#782 R1-18#782 ID1-2#1032 AN1-50#127 AN1-2#1331 ID1#1325 - ID1-4#1354 R1-15#380 R1-10#954",
  CRC: "!ID2#1136 !ID1:N|Y#1073 !ID2-3#1321 ID2-3#1321 ID2-3#1321 ID2-3#1321 ID2-3#1321",
  CTP: "- - R1-17#212 R1-15#380 -",
  DMG: "ID2-3#1250 DV1-35#1251 ID1:F|M|U#1068 / P1,2",
  DTM: "!ID3#374 DT8#373 TM4-8#337",
  DTP: "!ID3#374 !ID2-3#1250 !DV1-35#1251",
  EB: "!ID1-2#1390 ID3#1207 ID1-2#1365 ID1-3#1336 AN1-50#1204 ID1-2#615 R1-18#782 R1-10#954 ID2#673 R1-15#380 ID1#1073 ID1#1073",
  EQ: `ID1-2#1365 ${procedure} ID3#1207 ID1-3#1336`,
  HCP: "ID2#1473 R1-18#782 R1-18#782 AN1-50#127 R1-9#118 AN1-50#127 R1-18#782 AN1-48#234 ID2#235 AN1-48#234 ID2#355 R1-15#380 ID2#901",
  HD: "!ID3#875 - ID2-3#1205 AN1-50#1204 ID3#1207",
  HI: `!${code} ${repeat(code, 11)}`,
  HL: "!AN1-12#628 AN1-12#734 !ID1-2#735 ID1:0|1#736",
  IK3: "!ID2-3#721 !N01-10#719 AN1-4#447 ID1-3#620",
  IK4: "!(!N01-2#722,N01-2#1528,N01-4#1686)#C030 N01-4#725 !ID1-3#621 AN1-99#724",
  IK5: "!ID1:A|E|M|R|W|X#717 ID1-3#618 ID1-3#618 ID1-3#618 ID1-3#618 ID1-3#618",
  INS: "!ID1:N|Y#1073 !ID2#1069 ID3#875 ID2-3#1203",
  K3: "!AN1-80#449",
  LIN: "AN1-20#350 !ID2#235 !AN1-48#234",
  LQ: "ID1-3#1270 AN1-30#1271",
  LS: "!AN1-6#447",
  LE: "!AN1-6#447",
  LX: "!N01-6#554",
  MSG: "!AN1-264#933",
  N1: "!ID2-3#98 AN1-60#93 ID1-2#66 AN2-80#67 / R2,3 P3,4",
  N3: "!AN1-55#166 AN1-55#166",
  N4: "AN2-30#19 ID2#156 ID3-15#116 ID2-3#26 ID1-2#309 AN1-30#310",
  NM1: "!ID2-3#98 !ID1:1|2#1065 AN1-60#1035 AN1-35#1036 AN1-25#1037 AN1-10#1038 AN1-10#1039 ID1-2#66 AN2-80#67 ID2#706 ID2-3#98 AN1-60#1035 / P8,9",
  NTE: "ID3#363 !AN1-80#352",
  PAT: "ID2#1069 - - - ID2-3#1250 DV1-35#1251 ID2#355 R1-10#81 ID1#1073 / P5,6 P7,8",
  PER: "!ID2#366 AN1-60#93 ID2#365 AN1-256#364 ID2#365 AN1-256#364 ID2#365 AN1-256#364 / P3,4 P5,6 P7,8",
  PLB: `!AN1-50#127 !DT8#373 ${repeat("(!ID2#426,AN1-50#127)#C042 R1-18#782", 6)} / P3,4 P5,6 P7,8 P9,10 P11,12 P13,14`,
  PRV: "!ID1-3#1221 ID2-3#128 AN1-50#127 / P2,3",
  PWK: "!ID2#755 ID1-2#756 - - ID1-2#66 AN2-80#67 / P5,6",
  QTY: "!ID2#673 R1-15#380",
  REF: "!ID2-3#128 AN1-50#127 AN1-80#352 / R2,3",
  SBR: "!ID1:A|B|C|D|E|F|G|H|P|S|T|U#1138 ID2#1069 AN1-50#127 AN1-60#93 ID1-3#1336 ID1#1143 ID1#1073 ID2#584 ID1-2#1032",
  SE: "!N01-10#96 !AN4-9#329",
  ST: "!ID3#143 !AN4-9#329 AN1-35#1705",
  STC: `!${status} DT8#373 ID1-2#306 R1-18#782 R1-18#782 DT8#373 ID3#591 DT8#373 AN1-16#429 ${status} ${status} AN1-264#933`,
  SV1: `!${procedure} !R1-18#782 !ID2:DA|F2|MJ|UN#355 !R1-15#380 AN1-2#1331 - (!N01-2#1328,N01-2#1328,N01-2#1328,N01-2#1328)#C004`,
  SV2: `!AN1-48#234 ${procedure} !R1-18#782 !ID2:DA|F2|UN#355 !R1-15#380 R1-10#1371 R1-18#782`,
  SV3: `!${procedure} !R1-18#782 AN1-2#1331 (!ID1-3#1361,ID1-3#1361,ID1-3#1361,ID1-3#1361,ID1-3#1361)#C006 ID1#1358 R1-15#380`,
  SVC: `!${procedure} !R1-18#782 R1-18#782 AN1-48#234 R1-15#380 ${procedure} R1-15#380`,
  SVD: `!AN2-80#67 !R1-18#782 ${procedure} AN1-48#234 R1-15#380 N01-6#554`,
  TOO: "ID1-3#1270 AN1-30#1271",
  TRN: "!ID1-2#481 !AN1-50#127 AN1-10#509 AN1-50#127",
  UM: "!ID1-2#1525 ID1#1322 ID1-2#1365",
}

/** Segments that X12 has in these transactions and whose elements are not looked at. */
export const otherSegments: ReadonlySet<string> = new Set(
  "ACT BIN CAT CN1 COB CR1 CR2 CR3 CR4 CR5 CR6 CR7 CR8 CTX CUR DN1 DN2 DSB EC EFI FRM HCR HLH HSD ICM IDC III IMM LUI MEA MIA MOA MPI N2 OI PCT PDI PLA PM PS1 RDM SV4 SV5 SV6 SV7 TS2 TS3 UR VEH".split(
    " ",
  ),
)

const anything: ElementRule = {
  ...{ isNeeded: false, type: undefined, least: 0, most: 0 },
  ...{ codes: undefined, reference: undefined, parts: undefined },
}

function elementRule(text: string): ElementRule {
  if (text === "-") return anything
  const match = /^(!?)(?:\((.*)\)|(AN|ID|N0|R|DT|TM|DV)(?:(\d+)(?:-(\d+))?)?(?::([A-Z0-9|]+))?)(?:#(C?\d+))?$/.exec(
    text,
  )
  assert(match !== null, "the table of elements is well formed")
  const [, needed, parts, type, least, most, codes, reference] = match
  return {
    isNeeded: needed === "!",
    type: type as ElementType | undefined,
    least: Number(least ?? 0),
    most: Number(most ?? least ?? 0),
    codes: codes === undefined ? undefined : new Set(codes.split("|")),
    reference,
    parts: parts === undefined ? undefined : parts.split(",").map(elementRule),
  }
}

function segmentElements(text: string): SegmentElements {
  const [elements = "", relations = ""] = text.split(" / ")
  const numbers = (kind: string) =>
    relations
      .split(" ")
      .filter((one) => one.startsWith(kind))
      .map((one) => one.slice(1).split(",").map(Number))
  const rules = elements.split(" ").map(elementRule)
  const neededTo = rules.findLastIndex((rule) => rule.isNeeded) + 1
  return { elements: rules, neededTo, pairs: numbers("P"), choices: numbers("R") }
}

const parsed = new Map(Object.entries(table).map(([tag, text]) => [tag, segmentElements(text)]))

/** The elements of a segment; undefined when its elements are not looked at, or X12 has none of this tag. */
export function elementsOf(tag: string): SegmentElements | undefined {
  return parsed.get(tag)
}
