/** The last durable height, and who waits for a later one. */
export class Heights {
  #height: number
  #ended = false
  #waiting: { readonly height: number; readonly resolve: (reached: boolean) => void }[] = []

  constructor(height: number) {
    this.#height = height
  }

  get height(): number {
    return this.#height
  }

  reach(height: number): void {
    this.#height = height
    const waiting = this.#waiting
    this.#waiting = waiting.filter((one) => one.height > height)
    for (const one of waiting) if (one.height <= height) one.resolve(true)
  }

  /** No height comes any more. */
  end(): void {
    this.#ended = true
    for (const { resolve } of this.#waiting) resolve(false)
    this.#waiting = []
  }

  /** Whether a height is durable, waiting for it while it may still come. */
  reached(height: number): Promise<boolean> {
    if (height <= this.#height) return Promise.resolve(true)
    if (this.#ended) return Promise.resolve(false)
    return new Promise((resolve) => this.#waiting.push({ height, resolve }))
  }
}
