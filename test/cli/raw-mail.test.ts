/** A file that is sent as it is: who has a blind copy stays unknown to the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { withoutBcc } from '../../src/submission/raw-mail.ts'
import { fsmtp } from '../server.ts'
import { playground } from './playground.ts'

const without = (text: string) => {
  const { content, removed } = withoutBcc(Buffer.from(text, 'latin1'))
  return [content.toString('latin1'), removed] as const
}

test('the fields are taken out with the lines that belong to them, and nothing else', () => {
  for (const end of ['\r\n', '\n', '\r']) {
    const joined = (...lines: string[]) => lines.map((line) => `${line}${end}`).join('')
    assert.deepEqual(
      without(
        joined('From: a@b', 'BCC: c@d,', '\te@f', ' g@h', 'X: y', ' z', 'Resent-Bcc : i@j', '', 'Bcc: \xfc'),
      ),
      [joined('From: a@b', 'X: y', ' z', '', 'Bcc: \xfc'), ['BCC', 'Resent-Bcc']],
    )
  }
  assert.deepEqual(without('Bcc: a@b'), ['', ['Bcc']])
  assert.deepEqual(without('Bcc:a@b\r\n\r\nhi'), ['\r\nhi', ['Bcc']])
})

test('mail without them stays as it is, to the byte', () => {
  const one = fc.constantFrom(
    'From: a',
    'X-Bcc: b',
    'Bccs: c',
    'To: bcc: d',
    ' e',
    '\r',
    '\n',
    '\r\n',
    '\xff\0',
  )
  fc.assert(
    fc.property(fc.array(one), (pieces) => {
      const text = pieces.join('')
      assert.deepEqual(without(text), [text, []])
    }),
  )
})

test('send --raw says what it leaves out, and the server never has it', async (t) => {
  const ground = await playground(t)
  const words = ['send', '--via', ground.mx, '--to', 'you@example.org', '--raw', '-', '--json']
  const input = 'From: me@example.org\nBcc: eve@example.org\nSubject: x\n\nhello\n'
  const { code, stdout, stderr } = await fsmtp(ground.folder, words, { input })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^Bcc is not sent: others would read it; /)
  const { id, accepted } = JSON.parse(stdout)
  assert.deepEqual(accepted, ['you@example.org'])
  const { stdout: raw } = await ground.run('message', id, '--raw')
  assert.match(raw, /Subject: x\r\n\r\nhello/)
  assert.doesNotMatch(raw, /bcc|eve/i)
})
