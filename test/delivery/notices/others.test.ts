/** What Python's email package reads in our notices. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { requireProgram } from '../../programs.ts'
import { notice, refused } from './letters.ts'

const script = new URL('report.py', import.meta.url).pathname

test('Python reads the report as a report', async (t) => {
  const python = requireProgram(t, 'python3')
  if (python === null) return
  const composed = await notice({
    original: { ret: 'FULL', envid: 'x=1' },
    recipients: [
      { ...refused, orcpt: 'rfc822;ann@example.com' },
      {
        ...refused,
        address: 'cid@example.net',
        reply: { code: 552, enhanced: '5.2.2', text: `Full ${'very '.repeat(40)}`, command: 'content' },
      },
    ],
  })
  const { stdout, stderr } = spawnSync(python, [script], { input: composed.bytes, encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  const read = JSON.parse(stdout)
  assert.deepEqual(read.defects, [])
  assert.deepEqual(
    [read.type, read.reportType, read.autoSubmitted, read.parts, read.returnedSubject],
    [
      'multipart/report',
      'delivery-status',
      'auto-replied',
      ['text/plain', 'message/delivery-status', 'message/rfc822'],
      'Hello',
    ],
  )
  assert.equal(read.groups.length, 3)
  assert.equal(read.groups[0]['Original-Envelope-Id'], 'x=1')
  assert.equal(read.groups[1]['Original-Recipient'], 'rfc822; ann@example.com')
  assert.equal(read.groups[2]['Final-Recipient'], 'rfc822; cid@example.net')
  assert.equal(read.groups[2].Status, '5.2.2')
  assert.match(read.text, /The mailbox is full/)
})
