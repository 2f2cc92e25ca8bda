/**
 * What parties send one another off the ledger. A letter is sealed to its reader (HPKE) and travels inside a signed
 * mailbox envelope; sender, kind and content are inside the seal, so whoever carries it learns only its size step.
 */
import { b32, bytes, type Decoded, list, opt, struct, text, uint } from "../base/schema.ts"

/** Where an answer goes: a wallet's one-time mailbox at some organization's node, with the key to seal it to. */
export const mailboxAddress = struct({
  /** The organization whose node keeps the mailbox. */
  host: uint(1, 65535),
  /** Public key of the mailbox: draining it takes a signature of this key. */
  handle: b32,
  /** X-Wing public key that letters are sealed to. */
  sealingKey: bytes(1, 2048),
})
export type MailboxAddress = Decoded<typeof mailboxAddress>

/** The outer form of every letter, inside the seal. */
export const letter = struct({
  kind: text,
  /** Organization number of the sender, 0 for a wallet. */
  sender: uint(0, 65535),
  /** Ties an answer to its question; chosen by whoever asks. */
  thread: b32,
  answerTo: opt(mailboxAddress),
  body: bytes(0, 16 * 1024 * 1024),
})
export type Letter = Decoded<typeof letter>

/** The closed list of letters and what each carries. */
export const letterBodies = {
  /** Wallet to payer: cover vouchers for fresh one-time keys, asked for with the member's enrolment secret. */
  "voucher-request": struct({
    enrolment: b32,
    month: uint(),
    /** Digest of the newest snapshot the wallet has. */
    known: opt(b32),
    keys: list(b32, 1, 64),
  }),
  /**
   * Payer to wallet: the snapshots since the one it knows, oldest first, and one voucher a key with what each hides; all
   * stand on the newest snapshot.
   */
  vouchers: struct({
    snapshots: list(bytes(1, 65536), 1, 256),
    vouchers: list(struct({ envelope: bytes(1, 1024), terms: bytes(1, 4096) }), 1, 64),
  }),
  /** Provider to wallet or payer: a sealed bundle to open, re-run and answer. */
  bundle: struct({
    statement: b32,
    sealed: bytes(1, 12 * 1024 * 1024),
    /** For a wallet: the ledger's rows by which it checks keys, plan, licence and hold (`register-proof/1`). */
    registers: opt(bytes(1, 1024 * 1024)),
  }),
  /** Payer to provider: its signature on the statement. */
  agreement: struct({ statement: b32, header: bytes(1, 256), signature: bytes(64, 64) }),
  /** Payer to provider: it will not sign, and why, as a code. */
  disagreement: struct({ statement: b32, reason: text }),
  /** Wallet to provider: the patient's signature on the statement. */
  countersignature: struct({ statement: b32, header: bytes(1, 256), signature: bytes(64, 64) }),
  /** Wallet to provider: these facts did not happen. */
  "held-line": struct({ statement: b32, facts: list(uint(), 1, 1000) }),
  /** Provider to wallet and payer: the receipt of a transition. */
  proof: struct({ receipt: bytes(1, 1024 * 1024) }),
  /** Payer to wallet or provider: a document: explanation of benefits, remittance. */
  document: struct({ name: text, mediaType: text, content: bytes(0, 4 * 1024 * 1024) }),
  /** An organization to the others, and to patients whose visits are open there: it has new keys. */
  "keys-changed": struct({
    /** Counts its notices: the answer names it. */
    order: uint(1),
    /** Letters to it are sealed to this from now on. */
    sealingKey: bytes(1, 2048),
    /** Its age recipient, for records. */
    recipient: text,
    /** Its transport key's pin, with its `operate` key's word for it; absent where its doors are plain HTTP. */
    transport: opt(b32),
    transportProof: opt(bytes(96, 96)),
    /** Public key of its CometBFT towards others; absent where it runs none. */
    peer: opt(b32),
    /** The ledger's row of the key that signed this letter (`register-page/1`), for whoever has not got it. */
    shown: opt(bytes(1, 1024 * 1024)),
  }),
  /** Organization to organization: the new keys are taken over. */
  "keys-taken": struct({ order: uint(1) }),
} as const
export type LetterKind = keyof typeof letterBodies
/** What a letter of a kind carries. */
export type LetterBody<K extends LetterKind> = Decoded<(typeof letterBodies)[K]>
