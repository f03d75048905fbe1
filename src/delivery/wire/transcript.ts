/** The lines of a dialogue as a history may hold them: bounded. Secrets are taken out before (`concealment.ts`). */

/** Lines that are kept of a connection's beginning, and of each message. */
export const mostLines = 200

export class Transcript {
  readonly #say: (line: string) => void
  #left = mostLines

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  client(line: string): void {
    this.#line(`C: ${line}`)
  }

  server(line: string): void {
    this.#line(`S: ${line}`)
  }

  #line(line: string): void {
    if (this.#left === 0) return
    this.#left -= 1
    this.#say(line)
  }
}

/** Says nothing, to nobody. */
export const silent = (): Transcript => new Transcript(() => {})
