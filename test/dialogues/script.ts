/** Reads a dialogue file (see README.md) into steps, or says which line is none. */
import { parse } from 'yaml'

export type Step =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'expect'; readonly line: string }
  | {
      readonly kind: 'tls'
      readonly servername: string | null
      readonly max: string | null
      readonly shows: string | null
      readonly refused: boolean
    }
  | { readonly kind: 'closed' | 'quiet' | 'close' | 'reset' }
  | { readonly kind: 'logged'; readonly type: string }

export type Script = {
  readonly why: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly steps: readonly (Step & { readonly at: number })[]
  /** Types of the whole history; null for no session. */
  readonly history: readonly string[] | null
  readonly facts: readonly { readonly type: string; readonly data: unknown }[]
  readonly content: Buffer | null
}

const repeated = (text: string): string =>
  text.replace(/\{([^{}]+)\*(\d+)\}/g, (_, part: string, times: string) => part.repeat(Number(times)))

const named: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' }
const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|([rnt0\\]))/gi, (_, hex?: string, name?: string) =>
    hex === undefined ? named[name!]! : String.fromCharCode(Number.parseInt(hex, 16)),
  )

/** Text of a file as the bytes it stands for: UTF-8, `\xff` the byte itself. */
const bytesOf = (text: string): Buffer => {
  const octets = Buffer.from(text, 'utf8').toString('latin1')
  const encoded = octets.replace(/\{base64 ([^}]*)\}/g, (_, plain: string) =>
    Buffer.from(unescaped(plain), 'latin1').toString('base64'),
  )
  return Buffer.from(unescaped(repeated(encoded)), 'latin1')
}
const expected = (text: string): string =>
  repeated(text.replace(/\{base64 ([^}]*)\}/g, (_, plain: string) => Buffer.from(plain).toString('base64')))

const word = (text: string, name: string): string | null =>
  new RegExp(`(?:^| )${name}=(\\S+)`).exec(text)?.[1] ?? null

const tls = (text: string): Step => ({
  kind: 'tls',
  servername: word(text, 'servername'),
  max: word(text, 'max'),
  shows: word(text, 'shows'),
  refused: /\brefused\b/.test(text),
})

const types = (text: string): string[] =>
  text.split(',').flatMap((part) => {
    const [, type = '', times = '1'] = /^\s*(\w+)(?:\*(\d+))?\s*$/.exec(part) ?? []
    return Array<string>(Number(times)).fill(type)
  })

const bare: Readonly<Record<string, Step>> = {
  X: { kind: 'closed' },
  Q: { kind: 'quiet' },
  CLOSE: { kind: 'close' },
  RESET: { kind: 'reset' },
}

class Reader {
  readonly why: string[] = []
  settings: Record<string, unknown> = {}
  readonly steps: (Step & { at: number })[] = []
  history: string[] | null | undefined
  readonly facts: { type: string; data: unknown }[] = []
  content: Buffer | null = null

  read(line: string, at: number): void {
    const [, key = '', rest = ''] =
      /^(#|@|C\*\d+:|C:|C!|S:|L:|E:|F:|M!|TLS|[A-Z]+)(?: (.*))?$/.exec(line) ?? []
    if (key === '#') {
      if (this.steps.length === 0) this.why.push(rest)
    } else if (key === '@') Object.assign(this.settings, parse(rest))
    else if (key.startsWith('C')) this.#client(key, rest, at)
    else if (key === 'E:')
      this.history = rest.trim() === 'none' ? null : [...(this.history ?? []), ...types(rest)]
    else if (key === 'F:') this.#fact(rest)
    else if (key === 'M!') this.content = bytesOf(rest)
    else this.#other(key, rest, at, line)
  }

  #client(key: string, rest: string, at: number): void {
    if (bare[key]) {
      this.steps.push({ ...bare[key], at })
      return
    }
    const times = Number(/^C\*(\d+)/.exec(key)?.[1] ?? 1)
    const once = key === 'C!' ? bytesOf(rest) : Buffer.concat([bytesOf(rest), Buffer.from('\r\n')])
    const bytes = Buffer.concat(Array<Buffer>(times).fill(once))
    const last = this.steps.at(-1)
    // Lines that stand together leave in one packet.
    if (last?.kind === 'send')
      this.steps[this.steps.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, bytes]) }
    else this.steps.push({ kind: 'send', bytes, at })
  }

  #fact(rest: string): void {
    const [, type = '', data = '{}'] = /^(\w+) ?(.*)$/.exec(rest) ?? []
    this.facts.push({ type, data: JSON.parse(data) as unknown })
  }

  #other(key: string, rest: string, at: number, line: string): void {
    if (key === 'S:') this.steps.push({ kind: 'expect', line: expected(rest), at })
    else if (key === 'TLS') this.steps.push({ ...tls(rest), at })
    else if (key === 'L:') this.steps.push({ kind: 'logged', type: rest.trim(), at })
    else if (bare[key]) this.steps.push({ ...bare[key], at })
    else throw new Error(`line ${at} is no line of a dialogue: ${line}`)
  }
}

/** @throws Error naming the line that could not be read, or what is missing */
export const readScript = (text: string): Script => {
  const reader = new Reader()
  for (const [index, line] of text.split('\n').entries()) if (line !== '') reader.read(line, index + 1)
  const { why, settings, steps, history, facts, content } = reader
  if (why.length === 0) throw new Error('a dialogue begins with a comment that says why it is here')
  if (history === undefined) throw new Error('a dialogue ends with its history (E: ...)')
  return { why: why.join(' '), settings, steps, history, facts, content }
}
