/** Writes the histories of a release: `node test/replay/make.ts VERSION`, once, when it is made. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { session } from '../../machines/session/index.ts'
import { exportAll } from '../../src/history/export.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { appendOf, policyAppend, record, type Said } from '../history/recorder.ts'
import { policy, policyHash, sessionSaid } from '../history/sessions.ts'
import { scratch } from '../scratch.ts'

const [version] = process.argv.slice(2)
if (version === undefined) throw new Error('which release? node test/replay/make.ts 0.1.0')

const said = (type: string, payload: object = {}, line?: string): Said => ({
  input: { type, ...payload },
  ...(line !== undefined && { line }),
})
const body = Buffer.from('Subject: Kept\r\n\r\nFor ever.\r\n')
const sha256 = createHash('sha256').update(body).digest('hex')
const mail = (message: string) => ({ message, size: body.length, sha256, recipients: ['ann@example.org', 'x@elsewhere.example'] })
const [opening, hello, from] = sessionSaid([mail('unused')])

const lives: readonly (readonly Said[])[] = [
  sessionSaid([mail('01kdy4z8m00000replay'), mail('01kdy4z8m10000replay')]),
  sessionSaid([]),
  [opening!, said('DISCONNECTED')],
  [opening!, from!, hello!, said('RCPT', { recipient: 'a@example.org', place: { kind: 'unknown', domain: 'example.org' } }, 'RCPT TO:<a@example.org>'), said('TIMEOUT')],
  [opening!, hello!, said('STARTTLS', {}, 'STARTTLS'), said('SECURED', { tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null } }), hello!, said('QUIT', {}, 'QUIT')],
  [opening!, said('UNKNOWN', { command: 'FOO', fault: 'unknown' }, 'FOO'), said('NOOP', { argument: '' }, 'NOOP'), said('HTTP', { command: 'GET' }, 'GET / HTTP/1.1')],
]

const log = await openSqliteLog({ directory: scratch('replay') })
await log.append([policyAppend(policyHash, policy)])
for (const [at, life] of lives.entries())
  await log.append([
    {
      ...appendOf(`smtp_session-01kdy4z8m${at}0000replay`, record(session, policy, life, { start: Date.UTC(2026, 0, 1, at) })),
      contents: at === 0 ? ['01kdy4z8m00000replay', '01kdy4z8m10000replay'].map((id) => ({ id, bytes: body })) : [],
    },
  ])
let text = ''
for await (const line of exportAll({
  log,
  content: async (message) => {
    const bytes = await log.content(message)
    return bytes === null ? null : (async function* () { yield bytes })()
  },
})) text += line
await log.close()
writeFileSync(new URL(`${version}.ndjson`, import.meta.url), text, { flag: 'wx' })
