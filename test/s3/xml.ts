/** Answers in XML, from what they say: lists become repeated elements. */
export type Element =
  | string
  | number
  | boolean
  | { readonly [name: string]: Element | readonly Element[] | undefined }

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const inner = (element: Element): string =>
  typeof element === 'object'
    ? Object.entries(element)
        .flatMap(([name, value]) =>
          (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const),
        )
        .map(([name, value]) => (value === undefined ? '' : `<${name}>${inner(value as Element)}</${name}>`))
        .join('')
    : escaped(String(element))

export const xml = (name: string, element: Element): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(element)}</${name}>`
