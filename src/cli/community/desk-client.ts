/** A running node as its own people see it: its address, its desk's token, and the key by which its address is known. */
import { Fault } from "../../base/fault.ts"
import { toJson } from "../../base/json.ts"
import { type Refusal, Refused } from "../../base/refusal.ts"
import { type Request, Transport } from "../../node/transport.ts"
import type { Fetch } from "../../wallet/post.ts"
import type { MemberOrganization } from "./organizations.ts"

/** Where a desk is; it changes when the node starts again. */
export interface DeskAddress {
  readonly url: string
  readonly desk: string
  /** Of its transport key; absent where the doors are plain HTTP on loopback. */
  readonly pin?: Uint8Array | undefined
}

const clients = new Transport()

export class DeskClient {
  readonly member: MemberOrganization
  readonly directory: string
  readonly #address: () => DeskAddress
  readonly #request: Request = clients.request

  constructor(member: MemberOrganization, directory: string, address: () => DeskAddress) {
    this.member = member
    this.directory = directory
    this.#address = address
  }

  get url(): string {
    return this.#address().url
  }

  get pin(): Uint8Array | undefined {
    return this.#address().pin
  }

  /** One desk operation. A refusal of the node is thrown as ours; anything else is an outage. */
  async desk<T>(operation: string, body: unknown = {}): Promise<T> {
    const { url, desk, pin } = this.#address()
    const headers = { "content-type": "application/json", authorization: `Bearer ${desk}` }
    const answer = await this.#request(`${url}/desk/${operation}`, {
      method: "POST",
      headers,
      body: toJson(body, 0),
      pin,
    })
    const value = JSON.parse(Buffer.from(answer.bytes).toString("utf8")) as T & Refusal
    if (answer.status >= 200 && answer.status < 300) return value
    if (answer.status === 503 || answer.status === 429) throw new Fault(value.message, { retryable: true })
    throw new Refused({ code: value.code, message: value.message, at: value.at, remedy: value.remedy })
  }

  /** A public door that answers JSON. */
  async get<T>(path: string): Promise<T> {
    const { url, pin } = this.#address()
    const { bytes } = await this.#request(`${url}${path}`, { pin })
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as T
  }

  async getBytes(path: string): Promise<Uint8Array> {
    const { url, pin } = this.#address()
    return (await this.#request(`${url}${path}`, { pin })).bytes
  }
}

/** How a wallet of this process posts to a node: its key is compared with the pin. */
export const fetchPinned = (pin: Uint8Array | undefined): Fetch => clients.fetchFor({ transport: pin })
