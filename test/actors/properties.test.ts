/** What must hold whatever a client says, and however the network cuts it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import fc from 'fast-check'
import { session } from '../../machines/session/index.ts'
import { steps } from '../../src/history/steps.ts'
import { LogFull, LogUnavailable, type StoredEvent } from '../../src/log/port.ts'
import { type Client, client, secret, secretForms } from './arbitrary.ts'
import { MemoryLog } from './memory-log.ts'
import { type Stage, type StageOptions, stage, strictPolicy } from './stage.ts'

/** Printed by fast-check with a failure: run again with `FC_SEED=` and it happens again. */
const seed = Number(process.env.FC_SEED ?? 20_260_101)
const runs = Number(process.env.FC_RUNS ?? 250)
const settings = { seed, numRuns: runs, timeout: 5000 }

const verify: StageOptions['verify'] = async ({ user, password }) => {
  await soon()
  return user === 'alice' && password === secret
    ? { verdict: 'ok', user: 'alice', addresses: ['alice@example.org', 'a@b.example'] }
    : { verdict: 'bad-credentials', user: null }
}

type Lived = { readonly stage: Stage; readonly said: string; readonly events: readonly StoredEvent[] }

/** Plays one client to its end. `heard` is told what the server says, when it says it. */
const live = async (
  { packets, end }: Client,
  log: MemoryLog,
  heard: (text: string) => void = () => {},
  leaving: () => void = () => {},
): Promise<Lived> => {
  const theatre = await stage({ log, verify })
  const socket = theatre.connect(heard)
  for (const packet of packets) {
    socket.push(packet)
    await soon()
  }
  // What may wait for the log has waited: a client that reads its answers before it leaves.
  if (end === 'half') await theatre.outbox.settled()
  leaving()
  if (end === 'half') socket.push(null)
  else socket.destroy()
  await theatre.settled()
  return { stage: theatre, said: socket.said, events: log.events }
}

/** A log whose appends take between nothing and a few turns of the loop, as its number decides. */
const unhurried = (): MemoryLog =>
  new MemoryLog({
    before: async (append) => {
      for (let turn = (append * 7) % 5; turn > 0; turn--) await soon()
    },
  })

const transcript = (events: readonly StoredEvent[]): readonly string[] =>
  events.flatMap(({ meta }) => (meta.dialogue ? meta.dialogue.split('\n') : []))

test('replaying what was recorded gives the same states, facts, effects and words', async () => {
  await fc.assert(
    fc.asyncProperty(client, async (played) => {
      const { events } = await live(played, unhurried())
      assert.equal(events[0]?.type, 'SessionOpened')
      assert.deepEqual(
        events.map(({ revision }) => revision),
        events.map((_, at) => at),
      )
      for (const { diverged, revision } of steps(events, session, strictPolicy))
        assert.equal(diverged, null, `revision ${revision}`)
      assert.equal(events.at(-1)?.meta.to, 'closed', 'the history has an end')
    }),
    settings,
  )
})

test('every word that went over the wire stands in the history, in order, and no word too many', async () => {
  await fc.assert(
    fc.asyncProperty(client, async (played) => {
      const { events, said } = await live(played, unhurried())
      const recorded = transcript(events)
        .filter((line) => line.startsWith('S: '))
        .map((line) => `${line.slice(3)}\r\n`)
        .join('')
      // A client that is gone does not hear everything that was said to it.
      if (played.end === 'gone') assert.ok(recorded.startsWith(said), 'something was said and not recorded')
      else assert.equal(said, recorded)
    }),
    settings,
  )
})

test('no 250 for a message before it is stored, whatever the log does', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(client, fc.option(fc.nat(12)), async (played, failing) => {
      const log = new MemoryLog({
        before: async (append) => {
          for (let turn = (append * 3) % 7; turn > 0; turn--) await soon()
          if (append === failing) throw new LogUnavailable('the test said so')
        },
      })
      const stored = (message: string): boolean =>
        log.events.some(({ type, data }) => type === 'MessageAccepted' && data.message === message)
      await live(played, log, (text) => {
        for (const [, message = ''] of text.matchAll(/^250 2\.6\.0 Accepted as (\w+)\r$/gm)) {
          accepted++
          assert.ok(stored(message), `${message} was acknowledged before it was stored`)
        }
      })
    }),
    settings,
  )
  assert.ok(accepted > runs / 10, `only ${accepted} messages were accepted: the generator is too wild`)
})

test('when the log fails the session ends with 451 or 452, and says nothing more', async () => {
  let failed = 0
  await fc.assert(
    fc.asyncProperty(client, fc.nat(2), fc.boolean(), async (played, failing, full) => {
      let [left, inTime] = [false, false]
      const log = new MemoryLog({
        before: (append) => {
          if (append < failing) return
          inTime ||= !left
          throw full ? new LogFull('the test said so') : new LogUnavailable('the test said so')
        },
      })
      const { events, said, stage } = await live(
        played,
        log,
        () => {},
        () => {
          left = true
        },
      )
      if (stage.complaints.length === 0) return
      failed++
      assert.equal(stage.complaints.length, 1, 'the operator is told once')
      assert.match(stage.complaints[0] ?? '', /\([0-9a-z]{20}\)$/, 'and of which session')
      assert.ok(events.length === 0 || events.at(-1)?.meta.to !== 'closed')
      const [, last = ''] = /(?:^|\n)([^\n]*)\r\n$/.exec(said) ?? []
      // Unless it had ended by itself before, or nobody was there any more.
      if (!inTime || played.end === 'gone' || /^(?:221|421)/.test(last)) return
      assert.equal(
        last,
        full ? '452 4.3.1 Insufficient system storage' : '451 4.3.0 Local error, try again later',
      )
    }),
    settings,
  )
  assert.ok(failed > runs / 4, `the log failed only ${failed} times`)
})

test('no secret is in any event, wherever a client puts it', async () => {
  await fc.assert(
    fc.asyncProperty(client, async (played) => {
      const { events } = await live(played, unhurried())
      const text = JSON.stringify(events).toLowerCase()
      for (const form of secretForms)
        assert.ok(!text.includes(form.toLowerCase().replace(/=+$/, '')), `${form} is in the history`)
    }),
    { ...settings, numRuns: runs * 2 },
  )
})

test('however a dialogue is cut, the same is said', async () => {
  await fc.assert(
    fc.asyncProperty(client, async ({ packets }) => {
      const whole: Client = { packets: [Buffer.concat(packets)], end: 'half' }
      const [one, other] = [await live(whole, unhurried()), await live({ packets, end: 'half' }, unhurried())]
      const ids = /Accepted as \w+/g
      assert.equal(other.said.replace(ids, ''), one.said.replace(ids, ''))
      const told = ({ events }: Lived) => events.map(({ type, meta }) => `${type} ${meta.from} ${meta.to}`)
      assert.deepEqual(told(other), told(one))
    }),
    settings,
  )
})
