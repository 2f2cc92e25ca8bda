/** The page that lies in an exit bundle: what each file is, and how to read it with nothing of ours. */

interface Told {
  readonly receipts: number
  readonly height: number
  readonly lowest: number
  readonly sealed: number
  readonly stays: readonly string[]
}

export function readmeOf(
  { receipts, height, lowest, sealed, stays }: Told,
  { name, chainId }: { readonly name: string; readonly chainId: string },
): string {
  const pruned =
    lowest > 1
      ? `Blocks below ${lowest} are not kept by the node that wrote this: transactions in them have no receipt here.\n`
      : ""
  const unknown =
    stays.length === 0 ? "" : `Left behind, because this version does not know them: ${stays.join(", ")}.\n`
  return `Exit bundle of ${name}, from the ledger ${chainId}, up to block ${height}.

This folder holds health data in clear. Keep it as you keep your records.

Checking it
  sha256sum -c SHA256SUMS
  node verify.mjs receipts/FILE.cbor --anchor anchor.cbor
  node verify.mjs log access-log --anchor anchor.cbor        (where access-log/proof.cbor is there)
verify.mjs is one file and needs Node 20 or newer, no network and nothing else of this folder. It checks every
signature, the proof to the ledger's state, the votes of the validators, and their changes since the genesis. Compare
anchor.cbor with one that somebody else gave you: whoever forges both forges everything.

What is here
  genesis.cbor          what the chain began with (former-genesis.cbor: the chain that it carries on)
  anchor.cbor           where trust begins: chain id, hash of the genesis, first validators
  headers.cbor          headers of the blocks that were kept; handovers.cbor: every change of validators
  receipts/             ${receipts} receipts, each as .cbor and as .json with the same content; index.jsonl lists them
  registers/            organizations, plans, practitioners and this organization's keys, with proofs
  ledger/               balances, visits and payments of this organization as the ledger has them
  data/                 working data, one JSON object a line: id and value. Bytes are hex, money is minor units
  vault/                ${sealed} sealed records: age files (age-encryption.org/v1), named by their SHA-256
  records-identity.txt.age   the age identities that open them, under the passphrase that was given
  plans/, remittances/, documents/   plans with their tables, X12 835 files, papers that came by letter
  access-log/           who looked: lines.jsonl to read, pages.cbor and roots.json with the salts to check
  organizations.json    where the other organizations were reached

Opening a record (age 1.3 or newer)
  age -d -o identity.txt records-identity.txt.age
  age -d -i identity.txt vault/NAME.age > record
The content stands first and is padded: after it come a label (media type, category, salt), the label's length in four
bytes, one byte 80 and zeros. data/visits.jsonl names the files of each visit and their media types.

What is not here
  Seeds of any signing key: end them on the ledger and destroy the directory. What patients and other organizations
  keep for themselves. Transactions without a lasting mark in the state (key changes, ballots, anchors of the log) have a
  receipt only while the state still lists them; the registers say what came of them.
${pruned}${unknown}`
}
