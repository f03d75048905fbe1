/** The words of HTML: what is left when its tags are taken away. In time proportional to the length, whatever is in it. */
import { withSigns } from './entities.ts'
import { endOf, tagAt } from './tags.ts'

/** Within a word they part nothing; each other tag stands between two words. */
const within: ReadonlySet<string> = new Set(
  'a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark nobr q s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
)
/** Nobody reads what stands in them. */
const unread: ReadonlySet<string> = new Set(['script', 'style', 'title'])
const closing: ReadonlyMap<string, RegExp> = new Map(
  [...unread].map((name) => [name, new RegExp(`</${name}(?![a-z0-9-])`, 'gi')]),
)

/** Behind what is found from there on; the end where it is not. */
const behind = (html: string, sought: string, at: number): number => {
  const found = html.indexOf(sought, at)
  return found === -1 ? html.length : found + sought.length
}

/** Behind a tag, with what stands in it where nobody reads that. */
const nextOf = (html: string, at: number, name: string): number => {
  const end = endOf(html, at)
  const close = closing.get(name)
  if (close === undefined) return end
  close.lastIndex = end
  const found = close.exec(html)
  return found === null ? html.length : endOf(html, found.index)
}

export const spoken = (html: string): string => {
  const kept: string[] = []
  let from = 0
  for (let at = html.indexOf('<'); at !== -1; ) {
    const isComment = html.startsWith('!--', at + 1)
    const name = tagAt(html, at)
    const isTag = isComment || name !== '' || html[at + 1] === '!' || html[at + 1] === '?'
    if (!isTag) {
      at = html.indexOf('<', at + 1)
      continue
    }
    const bare = name.replace(/^\//, '')
    kept.push(html.slice(from, at), isComment || within.has(bare) ? '' : ' ')
    from = isComment ? behind(html, '-->', at) : nextOf(html, at, name)
    at = html.indexOf('<', from)
  }
  return withSigns(`${kept.join('')}${html.slice(from)}`)
}
