/** What the adjustment codes that a plan's steps give mean to the member, in our own short words. */

const carcs: Readonly<Record<string, string>> = {
  "1": "This is part of the amount you pay first in each period",
  "2": "This is your share of the price",
  "3": "This is your fixed amount",
  "4": "The claim marks this service in a way that does not fit",
  "6": "This service is not paid at this age",
  "7": "This service is not paid for this sex",
  "15": "The permission in advance does not fit this claim",
  "16": "The claim lacks something that is needed",
  "18": "This service was sent twice; it is paid once",
  "19": "This is the matter of the cover for accidents at work",
  "22": "Another payer decides first",
  "23": "Another payer has dealt with this part",
  "24": "Your provider is already paid for this by the month",
  "26": "Your cover had not begun on that day",
  "27": "Your cover had ended on that day",
  "29": "The claim came too late",
  "35": "The sum for your lifetime is used up",
  "45": "Your provider gives up what is above the plan's price",
  "49": "This is a routine check that the plan does not pay for",
  "50": "The plan finds that this was not needed for your health",
  "55": "The plan finds that this treatment is not yet proven",
  "59": "Several procedures on one day are allowed in part",
  "94": "The plan pays more than was charged",
  "96": "The plan does not pay for this",
  "97": "This is part of another service that is paid",
  "104": "This part is held back for a programme with your provider",
  "107": "This goes with a main service that is not on the claim",
  "119": "The plan's sum or number for this is used up",
  "147": "There is no price agreed with your provider for this",
  "149": "The number for your lifetime is used up",
  "151": "These are more units than the plan pays for",
  "169": "The plan pays as for a cheaper service that does the same",
  "179": "You had not been a member long enough",
  "197": "This needs permission in advance, and there was none",
  "198": "This is more than the permission in advance allows",
  "204": "This is not among the things the plan pays for",
  "222": "These are more units than your provider's contract allows",
  "236": "This cannot be paid beside another service of that day",
  "242": "This provider is not in the plan's network",
  "245": "This part is held back for how well your provider does",
  "253": "The law takes this part off what the plan pays",
  "284": "The permission in advance was for something else",
  "287": "The referral is used up",
  "288": "This needs a referral, and there was none",
  "302": "The permission in advance was for other days",
  B1: "The visits the plan pays for are used up",
}

const rarcs: Readonly<Record<string, string>> = {
  M47: "The number of the first claim is missing",
  M51: "The code of the service is missing",
  M52: "The days of service do not fit",
  M53: "The number of units is missing",
  M144: "Check-ups after a procedure are in the price of the procedure",
  MA04: "The first payer's answer is needed",
  MA75: "The patient's signature is missing",
  N16: "You have reached the most you pay",
  N19: "It is part of the main service",
  N65: "There was no price for this service on that day",
  N122: "The main service is missing",
  N130: "Your plan says so in the clause named here",
  N362: "The number of units is too high",
  N822: "The claim must say whether any of the medicine was thrown away",
}

/** Plain words for an adjustment code; undefined for a code that no step gives by itself. */
export function reasonText(carc: string): string | undefined {
  return carcs[carc]
}

/** Plain words for a remark code; undefined for a code that no step gives by itself. */
export function remarkText(rarc: string): string | undefined {
  return rarcs[rarc]
}

/** The adjustment and remark codes this product has words for: what a plan may name where no other table is loaded. */
export const knownReasons: readonly string[] = Object.keys(carcs)
export const knownRemarks: readonly string[] = Object.keys(rarcs)
