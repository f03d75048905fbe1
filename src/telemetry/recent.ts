/** What is remembered of things that have not ended, by their ids: so many, and beyond that the one used longest ago is forgotten. */
export class Recent<Value> {
  readonly #most: number
  readonly #values = new Map<string, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#values.size
  }

  get(id: string): Value | undefined {
    const value = this.#values.get(id)
    if (value === undefined) return undefined
    this.#values.delete(id)
    this.#values.set(id, value)
    return value
  }

  set(id: string, value: Value): void {
    this.#values.delete(id)
    this.#values.set(id, value)
    if (this.#values.size > this.#most) this.#values.delete(this.#values.keys().next().value ?? '')
  }

  delete(id: string): void {
    this.#values.delete(id)
  }
}
