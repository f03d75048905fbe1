/** The figures of a server, as Prometheus reads them. */
import assert from 'node:assert/strict'
import { ask } from './asking.ts'
import { type Exposition, readExposition } from './exposition.ts'

export const figures = async (port: number): Promise<Exposition> => {
  const { status, headers, text } = await ask(port, '/metrics')
  assert.equal(status, 200, text)
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  return readExposition(text)
}
