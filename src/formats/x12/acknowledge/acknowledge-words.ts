/** What the codes of TA1 and 999 mean, in our own plain words. */

const interchange: Readonly<Record<string, string>> = {
  "000": "nothing is wrong",
  "001": "the control numbers at its two ends differ",
  "002": "its standard is not supported",
  "003": "its version is not supported",
  "004": "its segment terminator is not valid",
  "005": "the kind of sender id is not valid",
  "006": "the sender id is not valid",
  "007": "the kind of receiver id is not valid",
  "008": "the receiver id is not valid",
  "009": "the receiver is not known",
  "010": "the authorization qualifier is not valid",
  "011": "the authorization is not valid",
  "012": "the security qualifier is not valid",
  "013": "the security information is not valid",
  "014": "its date is not valid",
  "015": "its time is not valid",
  "016": "its standard or repetition separator is not valid",
  "017": "its version is not valid",
  "018": "its control number is not valid",
  "019": "the wish for an acknowledgement is not valid",
  "020": "the test indicator is not valid",
  "021": "the number of groups is wrong",
  "022": "its segments are not nested as they must be",
  "023": "it ends too early",
  "024": "what stands in it is not valid",
  "025": "its control number was used before",
  "026": "its element separator is not valid",
  "027": "its component separator is not valid",
}

const group: Readonly<Record<string, string>> = {
  "1": "this kind of group is not supported",
  "2": "its guide is not supported",
  "3": "its GE segment is missing",
  "4": "the control numbers at its two ends differ",
  "5": "the number of transactions is wrong",
  "6": "its control number is not valid",
  "19": "its control number was used before",
}

const transaction: Readonly<Record<string, string>> = {
  "1": "this transaction set is not supported",
  "2": "its SE segment is missing",
  "3": "the control numbers at its two ends differ",
  "4": "the number of segments is wrong",
  "5": "a segment in it is wrong",
  "6": "its transaction set is missing or not valid",
  "7": "its control number is missing or not valid",
  "18": "it stands in no group",
  "19": "the guide it names is not valid",
  "23": "its control number was used before in the group",
  I5: "a segment in it breaks the guide",
  I6: "its guide is not supported",
}

const segment: Readonly<Record<string, string>> = {
  "1": "the segment is not known",
  "2": "the segment is not expected here",
  "3": "a segment that must be there is missing",
  "4": "the loop is there too often",
  "5": "the segment is there too often",
  "6": "the segment does not belong to this transaction",
  "7": "the segment stands in the wrong place",
  "8": "an element of the segment is wrong",
  I4: "the guide does not use this segment",
  I6: "the guide asks for a segment that is missing",
  I7: "the guide asks for a loop that is missing",
  I8: "the guide asks for more of this segment",
  I9: "the guide does not use this segment in this case",
}

const element: Readonly<Record<string, string>> = {
  "1": "it is missing",
  "2": "it is missing beside another",
  "3": "there are too many",
  "4": "it is too short",
  "5": "it is too long",
  "6": "it has a character that it may not have",
  "7": "it is none of the codes allowed",
  "8": "the date does not exist",
  "9": "the time does not exist",
  "10": "it excludes another that is there",
  "12": "it is repeated too often",
  "13": "it has too many parts",
  I6: "the guide does not use this code",
  I9: "the guide asks for it in this case",
  I10: "the guide does not use it",
  I11: "it is repeated too seldom",
  I12: "it does not have the form that the guide asks for",
  I13: "the guide does not use it in this case",
}

const words = { interchange, group, transaction, segment, element }

/** What a code says about a unit of its level: TA105, AK905, IK502, IK304, IK403. */
export function answerText(level: keyof typeof words, code: string): string {
  return words[level][code] ?? "something is wrong that its code alone says"
}
