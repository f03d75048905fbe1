/** JSON that comes in: no deeper and of no more pieces than anything of ours, so that nobody's stack, memory or patience is tried. */
import { Problem } from '../problem.ts'

const deepest = 16
/** Commas: a few bytes each, and a hundred and more once they are read. */
const mostPieces = 50_000

type Extent = { readonly depth: number; readonly pieces: number }

/** How deep objects and lists lie within each other, and in how many pieces, without reading them. */
const extentOf = (text: string): Extent => {
  let [depth, most, pieces, inText] = [0, 0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (inText) {
      if (sign === 0x5c) at++
      else if (sign === 0x22) inText = false
    } else if (sign === 0x22) inText = true
    else if (sign === 0x2c) pieces++
    else if (sign === 0x7b || sign === 0x5b) most = Math.max(most, ++depth)
    else if (sign === 0x7d || sign === 0x5d) depth--
  }
  return { depth: most, pieces }
}

/** @throws Problem */
export const parseJson = (text: string): unknown => {
  if (text === '') return undefined
  const { depth, pieces } = extentOf(text)
  if (pieces > mostPieces) throw new Problem(400, `the body has more than ${mostPieces} values`)
  if (depth > deepest) throw new Problem(400, `the body is nested deeper than ${deepest} levels`)
  try {
    // Keys that would become a prototype are keys like others here: schemas take only what they name.
    return JSON.parse(text)
  } catch (error) {
    throw new Problem(400, `the body is no JSON: ${(error as Error).message}`)
  }
}

/** An answer that is JSON already. */
export class Json {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
