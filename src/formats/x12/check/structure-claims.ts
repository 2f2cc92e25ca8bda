/**
 * The loops of an 837, 4010 and 5010 in one table. Professional, institutional and dental claims share it, since senders
 * name the guide wrongly more often than they mix lines: which kind a claim is, its lines say.
 */
import { indent } from "./structure-table.ts"

const party = `
N2 *2
N3 *2
N4
REF *20
PER *3
`

const claim = `
+ 2300 100 claim
  CLM ! {5}
  DTP *
  CL1
  DN1
  DN2 *35
  PWK *10
  CN1
  DSB
  UR
  AMT *40
  REF *40
  K3 *10
  NTE *20
  CR1
  CR2
  CR3
  CR4
  CR5
  CR6
  CR8 *9
  CRC *100
  HI *25
  QTY *10
  HCP
  + 2305 6 home health care
    CR7 !
    HSD *12
  + 2310 12 provider of the claim
    NM1[45|71|72|73|77|82|98|DD|DK|DN|DQ|FA|P3|PW|QB|QD|QV|ZZ] !
    PRV
${indent(party, 4)}
  + 2320 10 other payer's subscriber
    SBR !
    CAS *5
    AMT *15
    DMG
    OI
    MIA
    MOA
    + 2330 12 party of another payer
      NM1 !
      N2
      N3
      N4
      PER *2
      DTP *9
      REF *
  + 2400 !999 service line
    LX !
    SV1|SV2|SV3 !
    SV4
    SV5
    SV6
    SV7
    TOO *32
    PWK *10
    CR1
    CR2
    CR3
    CR4
    CR5
    CRC *3
    DTP *15
    QTY *5
    MEA *20
    CN1
    REF *30
    AMT *15
    K3 *10
    NTE *10
    PS1
    IMM *
    HSD
    HCP
    + 2410 25 drug
      LIN !
      CTP
      REF
    + 2420 10 provider of the line
      NM1 !
      PRV
${indent(party, 6)}
    + 2430 25 answer of another payer
      SVD !
      CAS *99
      DTP *9
      AMT *20
    + 2440 * form
      LQ !
      FRM *99
`

/** The table of the 837. */
export const claims = `
ST !
BHT !
REF *3
+ 1000A !1 submitter
  NM1[41] !
  N2
  PER *2
+ 1000B !1 receiver
  NM1[40] !
+ 2000A !* billing provider level
  HL[3=20] !
  PRV
  CUR
  + 2010AA !1 billing provider
    NM1[85] !
    N2
    N3
    N4
    REF *20
    PER *2
  + 2010AB 1 pay-to provider
    NM1[87] !
    N2
    N3
    N4
    REF *8
  + 2010AC 1 pay-to plan
    NM1[PE] !
    N3
    N4
    REF *3
  + 2000B !* subscriber level
    HL[3=22] !
    SBR !
    PAT
    + 2010BA !1 subscriber
      NM1[IL] !
      N2
      N3
      N4
      DMG
      REF *5
      PER
    + 2010BB !1 payer
      NM1[PR] !
      N2
      N3
      N4
      REF *5
    + 2010BC 2 responsible party
      NM1[AO|QD] !
      N2
      N3
      N4
      REF *2
${indent(claim, 4)}
    + 2000C * patient level
      HL[3=23] !
      PAT !
      + 2010CA !1 patient
        NM1[QC] !
        N2
        N3
        N4
        DMG
        REF *6
        PER
${indent(claim, 6)}
SE !
`
