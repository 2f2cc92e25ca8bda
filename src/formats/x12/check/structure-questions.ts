/**
 * The loops of questions and their answers, 4010 and 5010 in one table each: eligibility (270, 271), the status of claims
 * (276, 277, 277CA), review before care (278). They share their levels: payer, provider, subscriber, dependent.
 */
import { indent } from "./structure-table.ts"

/** What a 270 asks. */
export const inquiry = `
+ 2110 * inquiry
  EQ !
  AMT *2
  VEH
  III *10
  REF
  DTP
`

/** What a 271 answers. */
export const benefit = `
+ 2110 * benefit
  EB !
  HSD *9
  REF *9
  DTP *20
  AAA *9
  VEH
  PDI
  MSG *10
  + 2115 10 further information
    III !
    DTP *5
    AMT *5
    PCT *5
  LS
  + 2120 23 party of the benefit
    NM1 !
    N2
    N3
    N4
    PER *3
    PRV
  LE
`

const inquired = `
NM1 !
REF *9
N2
N3
N4
PER *3
AAA *9
PRV
DMG
INS
HI
DTP *9
MPI
`

/** The table of the 270 or the 271, around what it asks or answers. */
export const eligibility = (content: string) => `
ST !
BHT !
+ 2000A !* source level
  HL[3=20] !
  AAA *9
  + 2100A !1 source
${indent(inquired, 4)}
  + 2000B * receiver level
    HL[3=21] !
    AAA *9
    + 2100B !1 receiver
${indent(inquired, 6)}
    + 2000C * subscriber level
      HL[3=22] !
      TRN *9
      AAA *9
      + 2100C !1 subscriber
${indent(inquired, 8)}
${indent(content, 8)}
      + 2000D * dependent level
        HL[3=23] !
        TRN *9
        + 2100D !1 dependent
${indent(inquired, 10)}
${indent(content, 10)}
SE !
`

const named = "NM1 !\nN3\nN4\nPER *3"
const tracked = (loop: string) => `
+ ${loop} * status
  TRN !
  STC *
  REF *9
  QTY *5
  AMT *5
  DTP *9
  + 2220 * status of a line
    SVC !
    STC *
    REF *3
    DTP *2
`

/** The table of the 276 and the 277. */
export const claimStatus = `
ST !
BHT !
REF
+ 2000A !* source level
  HL[3=20] !
  + 2100A !1 source
${indent(named, 4)}
${indent(tracked("2200A"), 2)}
  + 2000B * receiver level
    HL[3=21] !
    + 2100B !1 receiver
${indent(named, 6)}
${indent(tracked("2200B"), 4)}
    + 2000C * provider level
      HL[3=19] !
      + 2100C !2 provider
${indent(named, 8)}
${indent(tracked("2200C"), 6)}
      + 2000D * subscriber or patient level
        HL[3=22|PT] !
        DMG
        + 2100D !1 subscriber or patient
${indent(named, 10)}
${indent(tracked("2200D"), 8)}
        + 2000E * dependent level
          HL[3=23] !
          DMG
          + 2100E !1 dependent
${indent(named, 12)}
${indent(tracked("2200E"), 10)}
SE !
`

const reviewed = `
TRN *3
AAA *9
UM
HCR
REF *9
DTP *9
HI
SV1|SV2|SV3
TOO *32
HSD
CRC *9
CL1
CR1
CR2
CR5
CR6
PWK *10
MSG
+ 2010E 14 provider of the care
  NM1 !
  REF *9
  N2
  N3
  N4
  PER *3
  AAA *9
  PRV
  DTP
`

const event = `
+ 2000E * patient event level
  HL[3=EV] !
${indent(reviewed, 2)}
  + 2000F * service level
    HL[3=SS] !
${indent(reviewed.replace("2010E", "2010F"), 4)}
`

/** The table of the 278. */
export const review = `
ST !
BHT !
+ 2000A !1 reviewer level
  HL[3=20] !
  AAA *9
  + 2010A !1 reviewer
${indent(inquired, 4)}
  + 2000B 1 requester level
    HL[3=21] !
    AAA *9
    + 2010B !1 requester
${indent(inquired, 6)}
    + 2000C 1 subscriber level
      HL[3=22] !
      AAA *9
      + 2010C !1 subscriber
${indent(inquired, 8)}
      + 2000D 1 dependent level
        HL[3=23] !
        AAA *9
        + 2010D !1 dependent
${indent(inquired, 10)}
${indent(event, 8)}
${indent(event, 6)}
SE !
`
