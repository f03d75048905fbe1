/** Bodies asked for in the same turn are read together: a statement costs more than a body. */
import type { Questions } from './rows.ts'

type Asked = {
  readonly id: string
  readonly resolve: (bytes: Uint8Array | null) => void
  readonly reject: (error: unknown) => void
}

export class Bodies {
  readonly #questions: Questions
  #asked: Asked[] = []

  constructor(questions: Questions) {
    this.#questions = questions
  }

  read(id: string): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) queueMicrotask(() => this.#readAll())
      this.#asked.push({ id, resolve, reject })
    })
  }

  #readAll(): void {
    const asked = this.#asked
    this.#asked = []
    try {
      this.#answer(asked)
    } catch (error) {
      // One that cannot be read must not keep the others from their answers.
      if (asked.length === 1) asked[0]!.reject(error)
      else for (const one of asked) this.#answerAlone(one)
    }
  }

  #answer(asked: readonly Asked[]): void {
    const found = this.#questions.contents(asked.map(({ id }) => id))
    for (const { id, resolve } of asked) resolve(found.get(id) ?? null)
  }

  #answerAlone(asked: Asked): void {
    try {
      this.#answer([asked])
    } catch (error) {
      asked.reject(error)
    }
  }
}
