import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { Teller } from '../projections/marbles.ts'
import { directoryFor } from '../projections/views.ts'

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
type Said = { readonly code: number; readonly out: string; readonly err: string }

const fsmtp = (directory: string, ...words: string[]): Promise<Said> =>
  new Promise((done) => {
    const options = { cwd: directory, env: { ...process.env, NO_COLOR: '1' } }
    execFile(process.execPath, [program, '--data', directory, ...words], options, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
const objects = ({ out }: Said): readonly Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const today = (line: string) => async (context: TestContext) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  // What is older than 30 days counts no more.
  await new Teller(log, Date.now() - 60_000).tell(line)
  await log.close()
  return directory
}

const busy = today(
  `a:open a:took(t1) a:took(t2 z+7@example.net) a:quit
   b:from(2001:db8::1) b:mail b:norcpt b:norcpt b:norcpt(x@example.org greylisted) b:quit`,
)

test('networks are listed with what speaks for and against them, the worst first', async (context) => {
  const directory = await busy(context)
  const { out, code } = await fsmtp(directory, 'reputation')
  assert.equal(code, 0)
  const [titles, worst, best] = out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 5))
  assert.deepEqual(titles, ['NETWORK', 'SCORE', 'ACCEPTED', 'UNKNOWN', 'PUT OFF'])
  assert.deepEqual(worst, ['2001:db8:0:0::/64', '-17', '0', '2', '1'])
  assert.deepEqual(best, ['192.0.2.0/24', '17', '2', '0', '0'])
  const shapes = objects(await fsmtp(directory, 'reputation', '--json', '--limit', '1'))
  assert.equal(shapes.length, 1)
  const { firstSeenAt, lastSeenAt, ...rest } = shapes[0]!
  assert.deepEqual(rest, {
    ...{ network: '2001:db8:0:0::/64', score: -17, accepted: 0, junk: 0, unknown: 2, policy: 0 },
    ...{ protocol: 0, relaying: 0, logins: 0, putOff: 1 },
  })
  assert.match(String(firstSeenAt), /^\d{4}-.*Z$/)
  assert.ok(String(lastSeenAt) >= String(firstSeenAt))
})

test('one network is explained: by day, with its senders', async (context) => {
  const directory = await busy(context)
  const { out } = await fsmtp(directory, 'reputation', '192.0.2.200')
  assert.match(out, /^192\.0\.2\.0\/24 has the score 17\.\n/)
  assert.match(out, /\n\d{4}-\d\d-\d\d +100 % +2 +0\n/)
  assert.match(out, /\nz@example\.net +1 +\d{4}-/)
  const shape = objects(await fsmtp(directory, 'reputation', '2001:db8::/64', '--json'))[0]!
  assert.equal(shape.score, -17)
  assert.deepEqual(
    (shape.days as { share: number }[]).map(({ share }) => share),
    [1],
  )
  assert.deepEqual(
    (shape.senders as { sender: string; putOffAt: string | null }[]).map(({ sender }) => sender),
    ['alice@example.net'],
  )
  const unheard = await fsmtp(directory, 'reputation', '198.51.100.1')
  assert.deepEqual(
    [unheard.code, unheard.out, unheard.err],
    [0, '198.51.100.0/24 has the score 0.\n', 'nothing was heard of it in the last 30 days\n'],
  )
})

test('what is no network that is counted is refused, with what to write instead', async (context) => {
  const directory = await busy(context)
  assert.deepEqual(await fsmtp(directory, 'reputation', '192.0.2.0/16'), {
    ...{ code: 2, out: '' },
    err: 'fsmtp: networks are counted by /24: write 192.0.2.0/24\n',
  })
  assert.deepEqual(await fsmtp(directory, 'reputation', 'example.net'), {
    ...{ code: 2, out: '' },
    err: 'fsmtp: example.net is no address and no network\n',
  })
})
