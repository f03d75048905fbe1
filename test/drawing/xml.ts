/** A strict little XML reader for tests: it knows elements, attributes, text and the five entities, and nothing more. */

export type Tag = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  text: string
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescaped = (text: string): string => {
  if (/<|&(?!(?:amp|lt|gt|quot|apos);)/.test(text)) throw new Error(`not well-formed text: ${text}`)
  return text.replaceAll(/&(\w+);/g, (_, name: string) => entities[name]!)
}

const attributesOf = (text: string): Record<string, string> => {
  const found: Record<string, string> = {}
  const rest = text.replaceAll(/\s+([A-Za-z][\w:.-]*)="([^"]*)"/g, (_, name: string, value: string) => {
    if (name in found) throw new Error(`attribute ${name} stands twice`)
    found[name] = unescaped(value)
    return ''
  })
  if (rest.trim() !== '') throw new Error(`not an attribute: ${rest}`)
  return found
}

/**
 * Every element in document order, with its attributes and its own text.
 * @throws Error when the document is not well-formed.
 */
export const tagsOf = (document: string): Tag[] => {
  const tags: Tag[] = []
  const open: Tag[] = []
  const body = document.replace(/^<\?xml [^?]*\?>\n/, '').trim()
  let end = 0
  for (const match of body.matchAll(/<(\/?)([A-Za-z][\w:.-]*)((?:[^<>"]|"[^"]*")*?)(\/?)>/g)) {
    const between = unescaped(body.slice(end, match.index))
    if (open.length === 0 && tags.length > 0) throw new Error('more than one root')
    if (between.trim() !== '') open.at(-1)!.text += between
    end = match.index + match[0].length
    if (match[1] === '/') {
      if (open.pop()?.name !== match[2]) throw new Error(`</${match[2]}> closes nothing`)
      continue
    }
    const tag: Tag = { name: match[2]!, attributes: attributesOf(match[3]!), text: '' }
    tags.push(tag)
    if (match[4] !== '/') open.push(tag)
  }
  if (open.length > 0 || end !== body.length) throw new Error('the document does not end')
  return tags
}
