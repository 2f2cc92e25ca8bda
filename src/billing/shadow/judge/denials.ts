/**
 * What an adjustment code means for the practice, in our own words: whether the claim can be corrected, appealed, or
 * neither, and what to do. Codes that only split the allowed amount (cost share, contract, earlier payers) are no denials.
 */

/** fix: correct the claim and send it again. appeal: the claim stands, the decision can be contested. final: neither. */
export type Remedy = "fix" | "appeal" | "final"

export interface DenialReason {
  readonly remedy: Remedy
  readonly words: string
  readonly action: string
}

const fix = (words: string, action: string): DenialReason => ({ remedy: "fix", words, action })
const appeal = (words: string, action: string): DenialReason => ({ remedy: "appeal", words, action })
const final = (words: string, action: string): DenialReason => ({ remedy: "final", words, action })

const writeOff = "Write it off, or bill the patient only where a signed notice allows it"
const askCover = "Check the patient's cover on the day of service and bill the payer that covered it"
const records = "Appeal with the record of the visit"

const reasons: Readonly<Record<string, DenialReason>> = {
  "4": fix("The modifier is missing or does not go with the code", "Correct the modifier"),
  "5": fix("The place of service does not go with the code", "Correct the place of service"),
  "6": fix("The code does not go with the patient's age", "Check the code and the birth date"),
  "7": fix("The code does not go with the patient's sex", "Check the code and the patient's data"),
  "8": fix("The code does not go with the provider's specialty", "Correct the taxonomy code or the code"),
  "9": fix("The diagnosis does not go with the patient's age", "Check the diagnosis and the birth date"),
  "10": fix("The diagnosis does not go with the patient's sex", "Check the diagnosis and the patient's data"),
  "11": fix("The diagnosis does not support the service", "Correct the diagnosis the line points to"),
  "12": fix("The diagnosis does not go with the provider's specialty", "Correct the diagnosis or the provider"),
  "15": fix("The authorization number is missing or not valid for this service", "Add the right authorization number"),
  "16": fix("The claim lacks something or has an error", "Correct what the remark code names"),
  "19": fix("Work injury: another insurer is liable", "Bill the insurer for work injuries"),
  "20": fix("Injury: a liability insurer pays first", "Bill the liability insurer"),
  "21": fix("Motor accident: the no-fault insurer pays first", "Bill the no-fault insurer"),
  "22": fix("Another payer pays first", "Bill the first payer, or send this payer the first payer's answer"),
  "26": final("Cover had not begun on the day", askCover),
  "27": final("Cover had ended on the day", askCover),
  "29": final("The claim came after the time limit", "Write it off unless receipt in time can be shown"),
  "31": fix("The payer does not find the patient as its member", "Correct the member's number and name"),
  "32": fix("The payer does not find the dependant in the cover", "Check who the patient is in the cover"),
  "35": final("The benefit for a lifetime is used up", writeOff),
  "39": appeal("Authorization was asked for and refused", "Appeal the refused authorization with the record"),
  "40": appeal("Not urgent enough for the emergency benefit", records),
  "49": final("A routine service that the plan does not cover", writeOff),
  "50": appeal("The payer finds the service not medically necessary", records),
  "51": final("A condition from before the cover", writeOff),
  "54": appeal("Several surgeons or an assistant are not paid here", records),
  "55": appeal("The payer finds the treatment experimental", records),
  "56": appeal("The payer finds the treatment not proven", records),
  "58": fix("The place of service is not right for the treatment", "Check the place of service"),
  "96": final("The plan does not cover the service", writeOff),
  "97": appeal(
    "Bundled: paid within another service",
    "If it was a separate service, appeal with the record or add the modifier",
  ),
  "107": fix("The service it belongs to is not on the claim", "Send it with its main service"),
  "109": fix("Sent to the wrong payer", "Send the claim to the payer that is liable"),
  "110": fix("Sent before the day of service", "Correct the day of service"),
  "116": appeal("The patient's notice does not meet the rules", "Appeal with the signed notice"),
  "119": final("The benefit for this period is used up", writeOff),
  "125": fix("The claim has an error", "Correct what the remark code names"),
  "129": fix("What an earlier payer decided is stated wrongly", "Send the earlier payer's answer as it is"),
  "138": final("The appeal came too late", "Write it off unless the appeal was in time"),
  "140": fix("The member's number and name do not go together", "Correct the member's number or name"),
  "146": fix("The diagnosis code was not valid on the day", "Correct the diagnosis code"),
  "147": appeal("No contract rate was found", "Send the payer the contract rate"),
  "148": fix("Information from another provider is missing", "Get it and send it"),
  "149": final("The benefit for a lifetime is used up in this group", writeOff),
  "150": appeal("The record does not support this level of service", records),
  "151": appeal("The record does not support so many or such frequent services", records),
  "152": appeal("The record does not support this length of service", records),
  "167": final("The plan does not cover the diagnosis", writeOff),
  "170": final("The plan does not pay this kind of provider for it", writeOff),
  "177": final("The patient did not meet the conditions of cover", askCover),
  "181": fix("The code was not valid on the day", "Correct the code"),
  "182": fix("The modifier was not valid on the day", "Correct the modifier"),
  "183": fix("The referring provider may not refer this service", "Check the referring provider"),
  "185": fix("The rendering provider may not do this service", "Check the rendering provider"),
  "193": appeal("The first decision was upheld", "Go to the next level of appeal"),
  "197": appeal("No authorization in advance", "If there is one, send it; else ask for it afterwards and appeal"),
  "198": appeal("More than was authorized", "Ask for more and appeal"),
  "199": fix("Revenue code and procedure code do not go together", "Correct one of them"),
  "204": final("Not among the benefits of the patient's plan", writeOff),
  "206": fix("A provider number (NPI) is missing", "Add the number"),
  "207": fix("A provider number (NPI) is not valid", "Correct the number"),
  "208": fix("A provider number (NPI) is not known to the payer", "Enrol the provider or correct the number"),
  "222": appeal("More units than the contract allows", "Check the contract; appeal with the record"),
  "226": fix("Information asked of the practice did not come", "Send what was asked for"),
  "227": fix("Information asked of the patient did not come", "Help the patient to answer the payer"),
  "234": appeal("Not paid separately", "Check the contract; appeal if it pays separately"),
  "236": appeal(
    "May not be paid beside another code of that day",
    "If they were separate services, add the modifier or appeal",
  ),
  "239": fix("The claim covers days with and without cover", "Split the claim"),
  "242": appeal("The provider is outside the network", "Check the contract; appeal if the provider is in the network"),
  "243": appeal("Not authorized by the network or primary provider", "Get the referral and appeal"),
  "252": fix("A paper is needed to decide", "Send the paper that the remark code names"),
  "256": final("The plan does not cover it under this managed-care contract", writeOff),
  "272": final("Not covered under this contract", writeOff),
  "273": final("The plan's rules of cover leave it out", writeOff),
  "284": fix("The authorization is for another service", "Correct the code or the authorization number"),
  "287": fix("The referral is used up", "Get a further referral"),
  "288": fix("There is no referral", "Get the referral and send its number"),
  "296": fix("The authorization is for another provider", "Correct the provider or the authorization number"),
  "302": fix("The authorization was for other days", "Correct the days or get another authorization"),
  A1: appeal("Denied without a closer reason", "Ask the payer for the reason; appeal with the record"),
  B1: final("The visits that the plan pays for are used up", writeOff),
  B7: fix("The provider was not entitled to be paid on that day", "Check the provider's enrolment with the payer"),
  B9: fix("The patient is in hospice: another payer decides", "Bill the hospice, or add the modifier"),
  B13: final("Paid before", "Check the earlier payment; nothing to do if it is posted"),
  B15: fix("The service it depends on was not paid", "Settle the main service first, then send this one again"),
  B16: fix("The patient counts as an established, not a new, patient", "Correct the code"),
  B20: final("Another provider was paid for this service", "Check who did the service"),
}

const unknownReason = appeal("No words here for this code", "Look the code up and decide")

/** The reason behind a CARC; a code without an entry is said to be unknown and treated as contestable, never as final. */
export function denialReason(carc: string): DenialReason {
  return reasons[carc] ?? unknownReason
}

/** What a remark code asks for, in a few words, where it says more than its CARC. */
const remarks: Readonly<Record<string, string>> = {
  M47: "the payer's number of the first claim",
  M50: "the revenue code",
  M51: "the procedure code",
  M52: "the days of service",
  M53: "the units",
  M76: "the diagnosis",
  M77: "the place of service",
  M79: "the charge",
  M127: "the record",
  MA04: "the first payer's answer",
  MA27: "the member's name",
  MA30: "the type of bill",
  MA36: "the patient's name",
  MA61: "the member's number",
  MA63: "the principal diagnosis",
  MA75: "the patient's signature",
  MA92: "details of the other plan",
  MA112: "the group's provider number",
  MA114: "where the service was done",
  MA120: "the laboratory's certificate number",
  MA130: "a new claim: this one cannot be processed, so it cannot be appealed",
  N4: "the earlier payer's answer",
  N29: "the record",
  N56: "the procedure code for that day",
  N142: "a new claim, not a replacement: the first was refused",
  N245: "details of the other plan",
  N253: "the attending provider's number (NPI)",
  N257: "the billing provider's number (NPI)",
  N265: "the ordering provider's number (NPI)",
  N286: "the referring provider's number (NPI)",
  N290: "the rendering provider's number (NPI)",
  N382: "the member's number",
  N517: "a new claim with what was asked for",
  N519: "the right combination of codes",
  N822: "the modifier",
  N823: "the modifier",
}

/** What the remarks of a line name, for the next action; empty where none says more. */
export function remarkWords(codes: readonly string[]): string {
  const found = [...new Set(codes.map((code) => remarks[code]).filter((words) => words !== undefined))]
  return found.join("; ")
}
