/** What is counted while accounts are judged: how far the files let anything be checked. */
export class Tally {
  /** Answered lines whose allowed amount a contract rate or the plan was held against. */
  byContract = 0
  byInference = 0
  readonly notCheckable = new Map<string, number>()
  /** Cost share that payers left to patients: never checked without the plan and the accumulators of the day. */
  shareLines = 0
  share = 0n
  /** Lines allowed above their contract rate. */
  overLines = 0
  over = 0n

  cannot(reason: string): void {
    this.notCheckable.set(reason, (this.notCheckable.get(reason) ?? 0) + 1)
  }
}
