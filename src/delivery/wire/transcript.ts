/** The lines of a dialogue as a history may hold them: bounded, without secrets. */

/** Lines that are kept of a connection's beginning, and of each message. */
export const mostLines = 200

export class Transcript {
  readonly #say: (line: string) => void
  #secrets: readonly string[] = []
  #left = mostLines

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  client(line: string): void {
    this.#line(`C: ${line}`)
  }

  server(line: string): void {
    this.#line(`S: ${this.redact(line)}`)
  }

  /** While they are on the wire, a host's words are searched for these: some repeat what they were told. */
  conceal(secrets: readonly string[]): void {
    this.#secrets = secrets.filter((secret) => secret !== '')
  }

  redact(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  }

  #line(line: string): void {
    if (this.#left === 0) return
    this.#left -= 1
    this.#say(line)
  }
}

/** Says nothing, to nobody. */
export const silent = (): Transcript => new Transcript(() => {})
