/**
 * Letters to payers, as plain text and as a page: the facts, the contract or the reason, the amount, what is asked, and
 * until when. What the files do not know (an address, a signature, a record to enclose) stands on a cover sheet.
 */
import { escapeHtml } from "../../../base/html.ts"
import { formatMoney } from "../../../base/money.ts"
import { formatDate } from "../../../base/time.ts"
import type { Claim837, Party837 } from "../../../formats/x12/claim/claim-837.ts"
import { type PayerName, payerLabel } from "../intake/payer.ts"
import { denialReason } from "../judge/denials.ts"
import { differenceOf, type WorkRow } from "../judge/work-row.ts"
import { htmlTable, letterPage } from "./page.ts"

export interface Letter {
  readonly text: string
  readonly html: string
}

interface Draft {
  readonly title: string
  readonly payer: PayerName
  readonly practice: Party837
  readonly on: number
  /** What somebody has to do before it goes out. */
  readonly before: readonly string[]
  readonly about: readonly string[]
  readonly opening: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly reasons: readonly string[]
  readonly asked: string
}

const dateText = (day: number | undefined) => (day === undefined ? "" : formatDate(day))
const nameOf = ({ first, middle, last, suffix }: Party837) =>
  [first, middle, last, suffix ?? ""].filter((part) => part !== "").join(" ")

/** One letter to one payer about all lines that the contract proves underpaid; the rows are of that payer. */
export function underpaymentLetter(rows: readonly WorkRow[], practice: Party837, on: number): Letter {
  const [first] = rows
  const total = rows.reduce((sum, row) => sum + (differenceOf(row) ?? 0n), 0n)
  return letterOf({
    title: "Payments below the contract",
    payer: first!.payer,
    practice,
    on,
    before: [
      ...sendBefore(rows, on),
      "Add the payer's address for contract disputes; the files do not hold it.",
      "Enclose the contract's fee schedule for the lines of the rates file named below, and sign.",
    ],
    about: [`${rows.length} service lines, ${formatMoney(total)} in all`],
    opening: "You allowed less for the following services than our contract with you says.",
    header: [
      "claim",
      "your number",
      "line",
      "date",
      "code",
      ">charge",
      ">contract",
      ">you allowed",
      ">short",
      "source",
    ],
    rows: rows.map((row) => {
      const short = differenceOf(row) ?? 0n
      return [
        ...[row.control, row.payerControl, row.lineControl, dateText(row.on), row.code, formatMoney(row.charge)],
        ...[formatMoney(row.allowed + short), formatMoney(row.allowed), formatMoney(short)],
        row.source.replace("contract: ", ""),
      ]
    }),
    reasons: [
      "The contract amount is the lesser of our charge and the rate. What you allowed is your payment with what you left to the patient and what you held back for programmes.",
    ],
    asked: `Please process these lines again at the contract rate and pay what is due; the allowed amounts fall short by ${formatMoney(total)}.`,
  })
}

/** A letter about the lines of one claim that were denied and can be contested. */
export function denialLetter(rows: readonly WorkRow[], claim: Claim837, on: number): Letter {
  const [first] = rows
  const answer = first!.answer!
  const patient = claim.patient ?? claim.subscriber
  const expected = rows.every((row) => row.expected !== undefined && row.by === "contract")
  const total = rows.reduce((sum, row) => sum + (differenceOf(row) ?? 0n), 0n)
  const enclosed = [...new Set(rows.map((row) => enclosure(row.adjustment?.carc ?? "")))].join(", ")
  return letterOf({
    title: "Appeal of a denied claim",
    payer: first!.payer,
    practice: claim.billing,
    on,
    before: [
      ...sendBefore(rows, on),
      "Add the payer's address for appeals; the files do not hold it.",
      `Enclose ${enclosed}, and sign.`,
    ],
    about: [
      `Claim ${claim.control}, your number ${answer.payerControl === "" ? "not given" : answer.payerControl}`,
      `Patient ${nameOf(patient)}, member number ${patient.id === "" ? claim.subscriber.id : patient.id}`,
      `Service of ${dateText(claim.from)}${claim.to === claim.from ? "" : ` to ${dateText(claim.to)}`}`,
      `Your remittance ${answer.payment.trace} of ${dateText(answer.payment.day)}`,
    ],
    opening: "You denied the following. We ask you to decide again.",
    header: ["line", "date", "code", ">charge", ">denied", "reason", "remarks"],
    rows: rows.map((row) => [
      ...[row.lineControl || String(row.line?.number ?? ""), dateText(row.on), row.code, formatMoney(row.charge)],
      formatMoney(row.adjustment?.amount ?? 0n),
      ...[`${row.adjustment?.group ?? ""}-${row.adjustment?.carc ?? ""}`, row.remarks.join(" ")],
    ]),
    reasons: [...new Set(rows.flatMap((row) => reasonsFor(row, claim)))],
    asked: expected
      ? `Please process these lines again and pay them by the contract: ${formatMoney(total)}, less what the patient owes under the plan.`
      : "Please process these lines again and pay them by the contract, or name the clause and the fact on which the denial rests.",
  })
}

function reasonsFor(row: WorkRow, claim: Claim837): readonly string[] {
  const carc = row.adjustment?.carc ?? ""
  const reasons: string[] = []
  const number = claim.lines.find((line) => line.number === row.line?.number)?.authorization ?? claim.authorization
  if ((carc === "197" || carc === "198") && number !== undefined && number !== "")
    reasons.push(`The claim bears the authorization number ${number} (REF G1).`)
  const received = row.answer?.received
  if (carc === "29" && received !== undefined)
    reasons.push(
      `Your remittance gives ${formatDate(received)} as the day you received the claim, ${received - claim.to} days after the service: inside the time limit.`,
    )
  if (reasons.length === 0)
    reasons.push(`You gave reason ${carc}, which we read as: ${denialReason(carc).words}. ${contest(carc)}`)
  if (row.by === "contract" && row.expected !== undefined && row.expected > 0n)
    reasons.push(`Our contract with you prices ${row.code} at ${formatMoney(row.expected + row.share)} here.`)
  return reasons
}

/** What a reader of the appeal needs, by reason. */
function enclosure(carc: string): string {
  if (["39", "197", "198", "243"].includes(carc)) return "the authorization or the request for it"
  if (carc === "29") return "the proof of receipt"
  if (carc === "147" || carc === "242") return "the contract"
  return "the record of the visit"
}

function contest(carc: string): string {
  if (carc === "97" || carc === "236" || carc === "234") return "The enclosed record shows a separate service."
  if (carc === "147" || carc === "242") return "The enclosed contract is in force."
  if (["39", "197", "198", "243"].includes(carc))
    return "The enclosed papers show the authorization, or why none was asked for in advance."
  return "The enclosed record of the visit shows why the service was needed as it was done."
}

/** By when, and how many lines come too late by the deadline known or assumed. */
function sendBefore(rows: readonly WorkRow[], on: number): readonly string[] {
  const days = rows.flatMap(({ deadline }) => (deadline === undefined ? [] : [deadline])).sort((a, b) => a - b)
  const open = days.find((day) => day >= on)
  const late = days.filter((day) => day < on).length
  const ended = late === days.length ? "The time to contest ended" : `The time to contest ${late} of the lines ended`
  return [
    ...(open === undefined ? [] : [`Send it by ${dateText(open)}, the next deadline; the worklist has each line's.`]),
    ...(late === 0 ? [] : [`${ended} before ${dateText(on)} by the time limit used here: check it in the contract.`]),
  ]
}

function senderOf({ qualifier, id, street, city, references, ...names }: Party837): readonly string[] {
  const party = { qualifier, id, street, city, references, ...names }
  const tax = references.find((one) => one.qualifier === "EI" || one.qualifier === "SY")?.value
  return [
    nameOf(party),
    ...street.filter((part) => part !== ""),
    city.filter((part) => part !== "").join(" "),
    qualifier === "XX" ? `NPI ${id}` : id,
    tax === undefined ? "" : `Tax number ${tax}`,
  ].filter((part) => part !== "")
}

function letterOf(draft: Draft): Letter {
  const { title, payer, practice, on, before, about, opening, header, rows, reasons, asked } = draft
  const sender = senderOf(practice)
  const closing = ["Yours sincerely,", "", "", "______________________________", `for ${nameOf(practice)}`]
  const text = [
    ...[
      "BEFORE YOU SEND THIS (tear off)",
      ...before.map((line, index) => `  ${index + 1}. ${line}`),
      "-".repeat(72),
      "",
    ],
    ...[...sender, "", formatDate(on), "", payerLabel(payer), ""],
    ...[title, ...about.map((line) => `  ${line}`), "", opening, ""],
    ...textTable(header, rows),
    ...["", ...reasons, "", asked, "", ...closing, ""],
  ]
  const block = (lines: readonly string[]) => lines.map(escapeHtml).join("<br>")
  const html = letterPage(
    title,
    `<ol>${before.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ol>`,
    `<p>${block(sender)}</p><p>${formatDate(on)}</p><p>${escapeHtml(payerLabel(payer))}</p>` +
      `<h1>${escapeHtml(title)}</h1><p>${block(about)}</p><p>${escapeHtml(opening)}</p>` +
      htmlTable("", header, rows) +
      reasons.map((line) => `<p>${escapeHtml(line)}</p>`).join("") +
      `<p>${escapeHtml(asked)}</p><p>${block(closing)}</p>`,
  )
  return { text: `${text.join("\n")}\n`, html }
}

function textTable(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const names = header.map((cell) => cell.replace(/^>/, ""))
  const widths = names.map((name, at) =>
    rows.reduce((most, row) => Math.max(most, (row[at] ?? "").length), name.length),
  )
  const line = (cells: readonly string[]) =>
    `  ${cells
      .map((cell, at) => (header[at]!.startsWith(">") ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd()}`
  return [line(names), ...rows.map(line)]
}
