/** The part of sodium-native that this package calls; it ships no types. */
declare module "sodium-native" {
  interface Sodium {
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): unknown
    crypto_core_ed25519_is_valid_point(point: Uint8Array): unknown
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
  }
  const sodium: Sodium
  export default sodium
}
