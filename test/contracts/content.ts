/** What every content store promises. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { ContentStore } from '../../src/content/port.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'

export type OpenedContent = {
  readonly content: ContentStore
  /** The log whose `contents` hold the small bodies. */
  readonly log: EventLog
  readonly dispose: () => Promise<void>
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
let last = 0
const newId = (): string => `01contract${String(++last).padStart(10, '0')}`

const noted = kindOf('Noted', 1, {})
const putSmall = async (log: EventLog, id: string, bytes: Uint8Array): Promise<void> => {
  const events = [{ id, kind: noted, at: 0, data: {} }]
  await log.append([{ stream: `test-${id}`, expected: -1, events, contents: [{ id, bytes }] }])
}

export const contentContract = (name: string, open: () => Promise<OpenedContent>): void => {
  describe(`content store: ${name}`, () => {
    let opened: OpenedContent
    before(async () => {
      opened = await open()
    })
    after(() => opened.dispose())

    const write = async (id: string, chunks: readonly Uint8Array[]) => {
      const writer = await opened.content.begin(id)
      for (const chunk of chunks) await writer.write(chunk)
      return writer.finish()
    }
    const streamed = async (id: string): Promise<Buffer | null> => {
      const body = await opened.content.stream(id)
      return body && Buffer.concat(await body.toArray())
    }

    it('gives back what was written in pieces, with its size and sum', async () => {
      const chunks = [1, 0, 65_536, 300_000, 7].map((length) => randomBytes(length))
      const whole = Buffer.concat(chunks)
      const id = newId()
      assert.deepEqual(await write(id, chunks), { size: whole.length, sha256: sha256(whole) })
      assert.deepEqual(Buffer.from((await opened.content.read(id))!), whole)
      assert.deepEqual(await streamed(id), whole)
    })

    it('keeps the order of pieces that were not waited for', async () => {
      const id = newId()
      const writer = await opened.content.begin(id)
      const chunks = Array.from({ length: 3000 }, (_, n) => Buffer.alloc(2000, n % 251))
      for (const chunk of chunks) void writer.write(chunk)
      await writer.finish()
      assert.deepEqual(await streamed(id), Buffer.concat(chunks))
    })

    it('asks to wait when much is waiting', async () => {
      const writer = await opened.content.begin(newId())
      const answers = Array.from({ length: 40 }, () => writer.write(Buffer.alloc(64 * 1024)))
      assert.equal(answers[0], undefined)
      assert.ok(answers.at(-1) instanceof Promise)
      await Promise.all(answers)
      await writer.discard()
    })

    it('takes an empty body', async () => {
      const id = newId()
      assert.deepEqual(await write(id, []), { size: 0, sha256: sha256(Buffer.alloc(0)) })
      assert.equal((await opened.content.read(id))?.byteLength, 0)
    })

    it('reads small bodies from beside the log', async () => {
      const id = newId()
      const bytes = randomBytes(1000)
      await putSmall(opened.log, id, bytes)
      assert.deepEqual(Buffer.from((await opened.content.read(id))!), bytes)
      assert.deepEqual(await streamed(id), bytes)
      assert.equal(await opened.content.verify(id, { size: 1000, sha256: sha256(bytes) }), 'intact')
    })

    it('has nothing for an id it does not know, or that is none', async () => {
      for (const id of [newId(), '../../etc/passwd', '', 'a/b', '.', 'incoming/x']) {
        assert.equal(await opened.content.read(id), null)
        assert.equal(await opened.content.stream(id), null)
        assert.equal(await opened.content.verify(id, { size: 0, sha256: '' }), 'missing')
      }
      await assert.rejects(opened.content.begin('../escape'), TypeError)
    })

    it('shows nothing before it is finished, and nothing of what was discarded', async () => {
      const id = newId()
      const writer = await opened.content.begin(id)
      await writer.write(randomBytes(300_000))
      assert.equal(await opened.content.read(id), null)
      await writer.discard()
      await writer.discard()
      assert.equal(await opened.content.read(id), null)
      await assert.rejects(async () => writer.write(randomBytes(1)))
      await assert.rejects(writer.finish())
    })

    it('keeps what was finished, whatever is said afterwards', async () => {
      const id = newId()
      const writer = await opened.content.begin(id)
      await writer.write(Buffer.from('kept'))
      await writer.finish()
      await writer.discard()
      assert.equal(Buffer.from((await opened.content.read(id))!).toString(), 'kept')
    })

    it('tells a body that is not what was accepted', async () => {
      const id = newId()
      const { size, sha256: sum } = await write(id, [randomBytes(100_000)])
      assert.equal(await opened.content.verify(id, { size, sha256: sum }), 'intact')
      assert.equal(await opened.content.verify(id, { size: size + 1, sha256: sum }), 'damaged')
      assert.equal(await opened.content.verify(id, { size, sha256: sha256(Buffer.from('x')) }), 'damaged')
    })

    it('takes many at once', async () => {
      const bodies = Array.from({ length: 20 }, () => ({ id: newId(), bytes: randomBytes(200_000) }))
      await Promise.all(
        bodies.map(({ id, bytes }) => write(id, [bytes.subarray(0, 777), bytes.subarray(777)])),
      )
      for (const { id, bytes } of bodies) assert.deepEqual(await streamed(id), bytes)
    })
  })
}
