/** Addresses of one From field, read as strictly as its grammar is meant (RFC 5322 §3.4). */
import { decodeWords } from 'postal-mime'

type Token =
  /** Anything without whitespace and specials; dots are part of it. */
  | { readonly kind: 'atom' | 'quoted' | 'comment' | 'space'; readonly text: string }
  | { readonly kind: 'special'; readonly text: '<' | '>' | ',' | ':' | ';' | '@' | '[' | ']' }

export type Mailbox = {
  readonly local: string
  readonly domain: string
  /** Name and comments, decoded. */
  readonly display: string
}
export type Listed = {
  readonly kind: 'list'
  readonly mailboxes: readonly Mailbox[]
  /** What stands in comments, in quotes and in encoded words: readers that do not know these may find addresses there. */
  readonly hidden: readonly string[]
}
export type Parsed = Listed | { readonly kind: 'empty' | 'group' | 'junk' }

const atom = /[^\s"(),:;<>@[\\\]]+/y
const quoted = /"(?:[^"\\]|\\.)*"/y
const space = /[ \t]+/y
const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/** Comments nest (RFC 5322 §3.2.2). '' where it does not end. */
const commentAt = (text: string, at: number): string => {
  let depth = 0
  for (let end = at; end < text.length; end++) {
    const char = text[end]
    if (char === '\\') end++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return text.slice(at, end + 1)
  }
  return ''
}
const isSpecial = (char: string): char is Extract<Token, { kind: 'special' }>['text'] =>
  '<>,:;@[]'.includes(char)

const tokenAt = (text: string, at: number): Token | null => {
  const char = text[at]!
  if (isSpecial(char)) return { kind: 'special', text: char }
  if (char === '"') return { kind: 'quoted', text: matchAt(quoted, text, at) }
  if (char === '(') return { kind: 'comment', text: commentAt(text, at) }
  if (char === ' ' || char === '\t') return { kind: 'space', text: matchAt(space, text, at) }
  return { kind: 'atom', text: matchAt(atom, text, at) }
}

/** Null where a quote or a comment does not end, or something stands where nothing may. */
const tokensOf = (text: string): readonly Token[] | null => {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at)
    if (token === null || token.text === '') return null
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

const unquoted = (text: string): string => text.slice(1, -1).replace(/\\(.)/gs, '$1')
const isWord = ({ kind }: Token): boolean => kind === 'atom' || kind === 'quoted'
/** An encoded word is text wherever it stands (RFC 2047 §5); readers that decode first see something else. */
const isPlainWord = (token: Token | undefined): token is Token =>
  token !== undefined && isWord(token) && !token.text.includes('=?')

const decoded = (text: string): string => (text.includes('=?') ? decodeWords(text) : text)
/** Encoded words that follow each other are one text: decoded together. */
const displayOf = (tokens: readonly Token[]): string =>
  decoded(
    tokens
      .map(({ kind, text }) => (kind === 'quoted' || kind === 'comment' ? unquoted(text) : text))
      .join(''),
  ).trim()

const adds = /[<>,;:"\\()]/
/** A quoted name that merely holds an address is shown as a name by everybody; with brackets in it, some are misled. */
const misleads = (text: string): boolean => text.includes('@') && adds.test(text)
/** Encoded words, each on its own and all together: an address may be cut in two. */
const encodedIn = (tokens: readonly Token[]): readonly string[] => {
  const words = tokens.map(({ text }) => text).filter((text) => text.includes('=?'))
  return words.length === 0 ? words : [...words, words.join(' ')]
}
const hiddenIn = (tokens: readonly Token[]): readonly string[] => [
  ...tokens.filter(({ kind, text }) => kind === 'comment' && text.includes('@')).map(({ text }) => text),
  ...tokens
    .filter(({ kind, text }) => kind === 'quoted' && misleads(text.slice(1, -1)))
    .map(({ text }) => text),
  ...encodedIn(tokens).map(decoded).filter(misleads),
]

/** `local@domain` and nothing in between: the tokens of an address. */
const addressOf = (tokens: readonly Token[]): Pick<Mailbox, 'local' | 'domain'> | null => {
  const [local, sign, domain] = tokens
  if (tokens.length !== 3 || sign?.text !== '@' || domain?.kind !== 'atom') return null
  return isPlainWord(local) && isPlainWord(domain) ? { local: local.text, domain: domain.text } : null
}

const trimmed = (tokens: readonly Token[]): readonly Token[] => {
  const isRoom = ({ kind }: Token): boolean => kind === 'space' || kind === 'comment'
  const first = tokens.findIndex((token) => !isRoom(token))
  return first === -1 ? [] : tokens.slice(first, tokens.findLastIndex((token) => !isRoom(token)) + 1)
}

/** `Name <local@domain>` or `local@domain`, comments around it. */
const mailboxOf = (tokens: readonly Token[]): Mailbox | null => {
  const open = tokens.findIndex(({ text }) => text === '<')
  if (open === -1) {
    const address = addressOf(trimmed(tokens))
    return address && { ...address, display: displayOf(tokens.filter(({ kind }) => kind === 'comment')) }
  }
  const close = tokens.findIndex(({ text }) => text === '>')
  const name = tokens.slice(0, open)
  const rest = tokens.slice(close + 1)
  const address = close === -1 ? null : addressOf(tokens.slice(open + 1, close))
  if (address === null || name.some(({ kind }) => kind === 'special') || trimmed(rest).length > 0) return null
  return { ...address, display: displayOf([...name, ...rest]) }
}

/** `"a@b"@c`: some look for the first @, some for the last. */
const quotedSigns = (mailboxes: readonly Mailbox[]): readonly string[] =>
  mailboxes.map(({ local }) => local).filter((local) => local.includes('@'))

const splitAt = (tokens: readonly Token[], sign: string): readonly (readonly Token[])[] => {
  const parts: Token[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'special' && token.text === sign) parts.push([])
    else parts.at(-1)!.push(token)
  }
  return parts
}

/** `text` unfolded. `group` is one that holds somebody (RFC 6854); an empty one is `empty`, as is what has no address at all. */
export const parseMailboxes = (text: string): Parsed => {
  if (!text.includes('@') && !decoded(text).includes('@')) return { kind: 'empty' }
  const tokens = tokensOf(text)
  if (tokens === null) return { kind: 'junk' }
  const parts = splitAt(tokens, ',').filter((part) => trimmed(part).length > 0)
  const mailboxes = parts.map(mailboxOf)
  if (mailboxes.every((mailbox) => mailbox !== null) && mailboxes.length > 0)
    return { kind: 'list', mailboxes, hidden: [...hiddenIn(tokens), ...quotedSigns(mailboxes)] }
  const isGroup = tokens.some(({ kind, text: sign }) => kind === 'special' && sign === ';')
  return { kind: isGroup ? 'group' : 'junk' }
}
