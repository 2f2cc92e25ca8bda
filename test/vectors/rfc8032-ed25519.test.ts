/** RFC 8032 section 7.1, and the long list of Bernstein's `sign.input`: keys, signatures, verdicts on both platforms. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import * as browser from "../../src/base/crypto.browser.ts"
import * as node from "../../src/base/crypto.node.ts"
import { fromHexText, vectorTest, vectorText } from "./published.ts"
import { test1024 } from "./rfc8032-test-1024.ts"

interface Signed {
  seed: Uint8Array
  publicKey: Uint8Array
  message: Uint8Array
  signature: Uint8Array
}

function check(crypto: typeof node | typeof browser, { seed, publicKey, message, signature }: Signed) {
  assert.deepEqual(crypto.publicKeyOf(seed), publicKey)
  assert.deepEqual(crypto.sign(seed, message), signature)
  assert.equal(crypto.verifySignature(publicKey, message, signature), true)
  assert.equal(crypto.verifySignature(publicKey, new Uint8Array([...message, 0]), signature), false)
  const flipped = signature.slice()
  flipped[40]! ^= 4
  assert.equal(crypto.verifySignature(publicKey, message, flipped), false)
}

// TEST 1, TEST 2, TEST 3, TEST SHA(abc) and TEST 1024.
const printed = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    createHash("sha512").update("abc").digest("hex"),
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
  test1024,
] as const

test("RFC 8032 section 7.1, Ed25519", () => {
  for (const [seed, publicKey, message, signature] of printed) {
    for (const crypto of [node, browser])
      check(crypto, {
        seed: fromHexText(seed),
        publicKey: fromHexText(publicKey),
        message: fromHexText(message),
        signature: fromHexText(signature),
      })
  }
})

vectorTest(
  "sign.input: every line on Node, every eighth in the browser's code",
  "ed25519-signinput.txt.gz",
  (context) => {
    const lines = vectorText("ed25519-signinput.txt.gz")
      .split("\n")
      .filter((line) => line !== "")
    for (const [i, line] of lines.entries()) {
      const [secret, publicKey, message, signed] = line.split(":") as [string, string, string, string]
      const signature = fromHexText(signed.slice(0, 128))
      const vector = {
        seed: fromHexText(secret.slice(0, 64)),
        publicKey: fromHexText(publicKey),
        message: fromHexText(message),
        signature,
      }
      check(node, vector)
      if (i % 8 === 0) check(browser, vector)
    }
    context.diagnostic(`${lines.length} lines`)
    assert.equal(lines.length, 256)
  },
)
