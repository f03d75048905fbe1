/**
 * Links whose words are the address of one host, and which lead to another: behind them stands the host that they lead to, as it is asked
 * for in DNS, where letters of another script that look alike do not (RFC 5890 §2.3.2.1).
 */

/** Characters of what stands in a link, and of where it leads, that are looked at. */
const longestWords = 4_000
const longestLink = 8_000

/** A link begins or ends, or both. */
const edges = /<(\/?)a(?=[\s/>])/gi
const tagEnds = /=\s*["']|[>"']/g

/** Behind the tag; a sign within a value in quotes ends none. */
const tagEnd = (html: string, at: number): number => {
  tagEnds.lastIndex = at
  for (let quote = ''; ; ) {
    const found = tagEnds.exec(html)?.[0]
    if (found === undefined) return html.length
    const sign = found.at(-1)!
    if (sign === quote) quote = ''
    else if (quote === '' && sign === '>') return tagEnds.lastIndex
    else if (quote === '' && found.length > 1) quote = sign
  }
}

const named: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', period: '.', sol: '/', colon: ':' },
  ...{
    shy: '',
    ZeroWidthSpace: '',
    Tab: '\t',
    NewLine: '\n',
    num: '#',
    quest: '?',
    commat: '@',
    hyphen: '-',
  },
  ...{ bsol: '\\', percnt: '%', zwnj: '', zwj: '', lrm: '', rlm: '' },
}
const character = (code: number): string =>
  code > 0 && code <= 0x10ffff ? String.fromCodePoint(code).toWellFormed() : ''
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d{1,8})|#x([\da-f]{1,7})|([a-z]{2,16}));?/gi, (whole, ten, sixteen, name) => {
    if (ten !== undefined) return character(Number(ten))
    return sixteen === undefined ? (named[name] ?? whole) : character(Number.parseInt(sixteen, 16))
  })

/** Without tags and comments. */
const textIn = (html: string): string => {
  const kept: string[] = []
  let from = 0
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', from)) {
    kept.push(html.slice(from, at))
    const comment = html.startsWith('<!--', at) ? html.indexOf('-->', at + 4) : -2
    from = comment === -2 ? tagEnd(html, at) : comment === -1 ? html.length : comment + 3
  }
  return `${kept.join('')}${html.slice(from)}`
}

/** Nothing that takes no room, and turns what is around it. */
const shown = (html: string): string =>
  decoded(textIn(html))
    .replace(/[\p{Cf}\p{Cc}]/gu, (sign) => (/\s/.test(sign) ? ' ' : ''))
    .trim()

const reference = /[\s"'/]href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i
/** Where it would be looked for that names no host. */
const nowhere = 'https://nowhere.invalid/'

/** As it is asked for in DNS; null where none is. */
const hostOf = (address: string): string | null => {
  if (!URL.canParse(address, nowhere)) return null
  const { protocol, hostname } = new URL(address, nowhere)
  const isWeb = protocol === 'http:' || protocol === 'https:' || protocol === 'ftp:'
  return !isWeb || hostname === '' || hostname === 'nowhere.invalid' ? null : hostname.replace(/\.$/, '')
}

const label = '[\\p{L}\\p{N}\\p{M}](?:[\\p{L}\\p{N}\\p{M}_-]{0,62})'
const name = `(?:${label}[.\\u3002\\uff0e\\uff61]){1,10}[\\p{L}\\p{M}][\\p{L}\\p{N}\\p{M}-]{1,62}`
const asAddress = new RegExp(
  `(?:https?|ftp):/*(?:[^\\s/@]{0,200}@)?(${name}|\\d{1,3}(?:\\.\\d{1,3}){3})`,
  'iu',
)
const asHost = new RegExp(`^[<("'“‘\\[]*(?:www\\.)?(${name})(?::\\d+)?(?:[/?#]\\S*)?[>)"'”’\\].,!]*$`, 'iu')

/** The host that words speak of: an address anywhere among them, or nothing but the name of a host. */
const spokenOf = (words: string): string | null =>
  (asAddress.exec(words) ?? asHost.exec(words.replace(/^\/\//, '')))?.[1] ?? null

const bare = (host: string): string => host.replace(/^www\./, '')

/** What is to stand behind a link; '' where its words lead nobody astray. */
const warning = (tag: string, inner: string): string => {
  const spoken = spokenOf(shown(inner.slice(0, longestWords)))
  if (spoken === null) return ''
  const found = reference.exec(tag.slice(0, longestLink))
  const to = found === null ? null : hostOf(decoded(found[1] ?? found[2] ?? found[3] ?? ''))
  if (to === null) return ''
  const meant = hostOf(`https://${spoken}/`)
  const isSame = meant !== null && (bare(to) === bare(meant) || to.endsWith(`.${bare(meant)}`))
  // Two names may look the same; where one is plainly what it is, it is.
  const isPlain = !/(?:^|\.)xn--/.test(to) || bare(to) === bare(spoken.toLowerCase())
  return isSame && isPlain ? '' : `<bdi style="${style}"> [${to.replace(/[^a-z0-9.:[\]_-]/g, '?')}]</bdi>`
}
/** Whatever the mail says of how its text looks. */
const style =
  'all:initial!important;font:13px system-ui,sans-serif!important;color:#a3160c!important;background:#fff!important'

/** Time in proportion to the length. */
export const honest = (html: string): string => {
  const kept: string[] = []
  let from = 0
  let open: { readonly tag: string; readonly end: number } | null = null
  edges.lastIndex = 0
  for (let edge = edges.exec(html); edge !== null; edge = edges.exec(html)) {
    const end = tagEnd(html, edge.index)
    // What begins another link has ended the one before it.
    const at = edge[1] === '/' ? end : edge.index
    if (open !== null) {
      kept.push(html.slice(from, at), warning(open.tag, html.slice(open.end, edge.index)))
      from = at
    }
    open = edge[1] === '/' ? null : { tag: html.slice(edge.index, end), end }
    edges.lastIndex = end
  }
  const rest = open === null ? '' : warning(open.tag, html.slice(open.end, open.end + longestWords))
  return `${kept.join('')}${html.slice(from)}${rest}`
}
