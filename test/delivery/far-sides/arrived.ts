/** What is to hold of mail that has arrived: nothing of it was changed on the way, and its signatures are believed. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { requireProgram } from '../../programs.ts'
import { believed, dkimpy, opendkim, type Signed } from '../signing/verifiers.ts'

/** `arrived` is `left` below whatever the far side put in front. */
export const assertWhole = (arrived: Buffer, left: Buffer): void => {
  const below = arrived.subarray(arrived.length - left.length)
  if (below.equals(left)) return
  const at = below.findIndex((octet, place) => octet !== left[place])
  const around = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1', at - 60, at + 60))
  assert.fail(
    `${arrived.length} bytes arrived of ${left.length}; at ${at}: ${around(below)}, not ${around(left)}`,
  )
}

/** False after marking the test as skipped, where a verifier is missing. */
export const assertSigned = async (t: TestContext, arrived: Buffer, signed: Signed): Promise<boolean> => {
  const program = requireProgram(t, 'opendkim')
  if (program === null || requireProgram(t, 'dkimverify') === null) return false
  assert.deepEqual(await dkimpy(arrived, signed), ['ed1 pass', 'rsa1 pass'])
  assert.match(await opendkim(arrived, { program, signed }), believed)
  return true
}
