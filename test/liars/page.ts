/** `docs/liars-matrix.md`, written from a run. */
import { type Claim, claims, consortiumClaims, difference, isKept, isKeptByFour, type Told } from "./claims.ts"
import { type Actor, type Cell, consortiumLies, nothingWritten } from "./lies.ts"
import type { Run } from "./recorded.ts"

const intro = `# The liar's matrix

Who can tell which lie, told for real to Countersign and to a database that a good team would build instead. Written by
\`node test/liars/run.ts --write\`; do not edit. A test compares this page with the recorded run, another the
recorded run with its sources, and the long tests (\`COUNTERSIGN_LONG=1\`) tell every lie again.

## The two systems

**Countersign** is seven organizations as seven processes on the embedded engine: one operator, the others follow, TLS
on every wire. Twenty-odd lies are told by the product's own attacks, the others beside them on the same running nodes. The operator
lies with a second process on a copy of its directory, with its own keys.

**The baseline** is one organization's server over PostgreSQL, for the same members:
- Every row is signed by its author (Ed25519). The server checks the signature, the key's role and time, and the rules.
- **The patient signs, too**: her check-in and her confirmation of a claim, by a key in her application. Nothing about a
  shared database forbids it, so it would be unfair to leave it out.
- Fee schedules, roster of licences, promises of cover, accumulators are signed rows; claims are priced by the schedule
  that the promise names; what may be once is held by unique indexes.
- Bodies are encrypted above the database by the server's key, which is not on its disk; members speak TLS with it.
- Every row is a leaf of a Merkle log (RFC 9162). The server signs heads with their time; members keep them and their
  own rows' proofs, demand a consistency proof at each look, compare the time with their own clock, and compare heads
  with one another. Before it acts on a row, a member runs the rules itself.
- A payer pays from its own bank account, in the run a number outside the database. No money lies in it, and no time
  limit pays by itself.

What such a team could add: an account with the operator or a bank, holds and time limits as rows and rules. It would
then have written those parts of this protocol, for its operator to keep. It could seal rows to their readers and give a
patient a fresh key a visit; then its server could no longer price, count or find duplicates, and members would have to,
as here.

## Reading a cell

*prevented*: the lie has no effect, refused by whom the cell names. *caught*: it has an effect, and somebody's program
or books notice, at the step named. *not*: nobody's does. Where a time is given it was measured in the run. **+** marks a
lie where Countersign does better, **−** one where the baseline does. Evidence is what a third party can check without
believing whoever noticed; where nothing was written none is needed. What the baseline's server prevents is prevented by
one organization's program; what follows when that organization lies stands under Operator.
`

const fourIntro = `Four organizations run CometBFT, each lie told to a network of its own: three validators with our software in one
process, the fourth the liar's; in the last, three leave the fourth. The baseline has one operator: a claim for four is
held against what that one can do. Run by four, the baseline would need what this engine is, an agreement among them.
`

const actors: readonly Actor[] = ["provider", "payer", "patient", "operator", "thief", "collusion"]

function shown({ verdict, by, when, evidence, note, ms }: Cell): string {
  if (verdict === "not") return [`*not*. ${note}`, ...(evidence === "none" ? [] : [`Evidence: ${evidence}.`])].join(" ")
  const measured = ms === undefined ? "" : ` (${ms} ms)`
  const parts = [`*${verdict}* by ${by}; ${when}${measured}.`]
  if (evidence !== nothingWritten) parts.push(`Evidence: ${evidence}.`)
  if (note !== undefined) parts.push(note)
  return parts.join(" ")
}

const sign = (by: number) => (by > 0 ? "**+**" : by < 0 ? "**−**" : "")

function table(told: readonly Told[]): string {
  const rows = told.map((one) => {
    const cells = [one.lie, shown(one.countersign), shown(one.baseline), sign(difference(one))]
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  })
  return ["| Lie | Countersign, one operator | Baseline | |", "| --- | --- | --- | --- |", ...rows].join("\n")
}

function four(cells: Run["consortium"], told: readonly Told[]): string {
  const rows = consortiumLies.map(({ id, lie }) => {
    const cell = cells.get(id)
    return `| ${lie} | ${cell === undefined ? "*not run*" : shown(cell).replaceAll("|", "\\|")} |`
  })
  const claimed = consortiumClaims.map((one) => {
    const against = one.lies.map(([id, baseline]) => `${id} against ${baseline}`).join(", ")
    return `- ${isKeptByFour(one, told, cells) ? "Kept" : "Dropped"}: ${one.claim} (${against}).`
  })
  return [
    "## Four validators (engine: consortium)\n",
    fourIntro,
    "| Lie | Countersign, four validators |\n| --- | --- |",
    ...rows,
    `\n${claimed.join("\n")}\n`,
  ].join("\n")
}

const bullet = ({ claim, lies }: Claim) => `- ${claim} (${lies.join(", ")}).`

export function pageOf({ told, postgres, consortium }: Run): string {
  const of = (actor: Actor) => told.filter((one) => one.actor === actor)
  const count = (test: (by: number) => boolean) => told.filter((one) => test(difference(one))).length
  const [better, worse] = [count((by) => by > 0), count((by) => by < 0)]
  const [kept, dropped] = [claims.filter((one) => isKept(one, told)), claims.filter((one) => !isKept(one, told))]
  const tables = actors.map((actor) => `## ${actor[0]!.toUpperCase()}${actor.slice(1)}\n\n${table(of(actor))}\n`)
  const weaker = told.filter((one) => difference(one) < 0).map(({ lie, id }) => `- ${lie} (${id})`)
  return [
    intro,
    `Of ${told.length} lies Countersign does better in ${better}, the same in ${told.length - better - worse}, worse in ${worse}. PostgreSQL ${postgres}.\n`,
    ...tables,
    four(consortium, told),
    `## Claims kept\n\nBetter in at least one cell and worse in none.\n\n${kept.map(bullet).join("\n")}\n`,
    `## Claims dropped\n\nWhat may be true of Countersign, but is no advantage over such a database, or is one of the database's.\n\n${dropped.map(bullet).join("\n")}\n`,
    `## Where the baseline does better\n\n${weaker.join("\n")}\n`,
  ].join("\n")
}
