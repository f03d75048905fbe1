/** Tags of HTML, read as browsers read them, each part of the text once. */

/** `/script` for an end tag; '' where no tag begins. Names of ours are short. */
export const tagAt = (html: string, at: number): string => {
  tagName.lastIndex = at + 1
  return tagName.exec(html)?.[0].toLowerCase() ?? ''
}
const tagName = /\/?[a-z][^\s/>]{0,20}/iy

/** The first sign behind the tag that begins at `at`; a sign within a value in quotes ends none. */
export const endOf = (html: string, at: number): number => {
  ends.lastIndex = at
  for (let quote = ''; ; ) {
    const found = ends.exec(html)?.[0]
    if (found === undefined) return html.length
    const sign = found.at(-1)!
    if (sign === quote) quote = ''
    else if (quote === '' && sign === '>') return ends.lastIndex
    else if (quote === '' && found.length > 1) quote = sign
  }
}
const ends = /=\s*["']|[>"']/g
