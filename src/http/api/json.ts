/** JSON that comes in: no deeper than anything of ours is, so that nobody's stack or patience is tried. */
import { Problem } from '../problem.ts'

const deepest = 16

/** How deep objects and lists lie within each other, without reading them. */
const depthOf = (text: string): number => {
  let [depth, most, inText] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (inText) {
      if (sign === 0x5c) at++
      else if (sign === 0x22) inText = false
    } else if (sign === 0x22) inText = true
    else if (sign === 0x7b || sign === 0x5b) most = Math.max(most, ++depth)
    else if (sign === 0x7d || sign === 0x5d) depth--
  }
  return most
}

/** @throws Problem */
export const parseJson = (text: string): unknown => {
  if (text === '') return undefined
  if (depthOf(text) > deepest) throw new Problem(400, `the body is nested deeper than ${deepest} levels`)
  try {
    // Keys that would become a prototype are keys like others here: schemas take only what they name.
    return JSON.parse(text)
  } catch (error) {
    throw new Problem(400, `the body is no JSON: ${(error as Error).message}`)
  }
}
