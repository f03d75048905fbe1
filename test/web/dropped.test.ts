/** History files as somebody writes them who wants to break the page that lives them again. */
import assert from 'node:assert/strict'
import { pageTests } from './browser.ts'
import { hello } from './mails.ts'

const test = pageTests()

type Line = { [name: string]: unknown }

const hostile: readonly unknown[] = [
  ...[null, true, -1, 1e308, '', '<img src=x onerror=window.hacked=1>', 'x'.repeat(100_000), [], {}],
  ...[[null], { constructor: { prototype: { x: 1 } } }, JSON.parse('{"__proto__":{"hacked":1}}')],
  ...['javascript:alert(1)', '\u202e\0', Array.from({ length: 2_000 }, (_, at) => ({ at }))],
]

/** The same file with one value of one line replaced, deeper and deeper. */
const places = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, inner]) => [[...path, name], ...places(inner, [...path, name])])

const changed = (line: Line, path: readonly string[], value: unknown): Line => {
  const copy = structuredClone(line)
  let place: Line = copy
  for (const name of path.slice(0, -1)) place = place[name] as Line
  place[path.at(-1)!] = value
  return copy
}

test('whatever a history file says, it does nothing, and the page goes on', async (here) => {
  const { page, origin, mail, complaints } = here
  await mail(hello)
  const { items } = await (await page.request.get(`${origin}/api/v1/sessions`)).json()
  const text = await (await page.request.get(`${origin}/api/v1/sessions/${items[0].id}/history`)).text()
  const lines = text.trim().split('\n')
  const files: string[] = [
    '',
    '\0',
    '{}',
    '[]',
    '{"__proto__":null}',
    lines[0]!,
    `${text}{`,
    `${'['.repeat(200_000)}`,
  ]
  for (const [at, line] of lines.entries()) {
    const read = JSON.parse(line) as Line
    for (const [nth, path] of places(read).entries()) {
      // A third of all: each kind of value meets each kind of place somewhere.
      if ((at + nth) % 3 !== 0) continue
      const value = hostile[(at * 7 + nth) % hostile.length]
      files.push(lines.with(at, JSON.stringify(changed(read, path, value))).join('\n'))
    }
  }
  await page.goto(`${origin}/replay`)
  await page.getByRole('heading', { name: 'Replay a history file' }).waitFor()
  let lived = 0
  for (const [at, file] of files.entries()) {
    const name = `file-${at}.ndjson`
    await page
      .locator('input[type=file]')
      .setInputFiles({ name, mimeType: 'application/x-ndjson', buffer: Buffer.from(file) })
    const said = page.locator('[role=alert]', { hasText: name }).or(page.getByRole('heading', { name }))
    await said.first().waitFor()
    const another = page.getByRole('button', { name: 'Another file' })
    if ((await another.count()) === 0) continue
    lived++
    await page.locator('.transcript, .steps, .step').first().waitFor()
    for (const key of ['End', 'ArrowLeft', 'Home']) await page.keyboard.press(key)
    await another.click()
    await page.getByRole('heading', { name: 'Replay a history file' }).waitFor()
  }
  await page.evaluate(
    `{
      const transfer = new DataTransfer()
      const file = new File(['x'], 'huge.ndjson')
      Object.defineProperty(file, 'size', { value: 2 ** 30 })
      transfer.items.add(file)
      const event = new DragEvent('drop', { bubbles: true, cancelable: true })
      Object.defineProperty(event, 'dataTransfer', { value: { files: [file], types: ['Files'] } })
      document.body.dispatchEvent(event)
    }`,
  )
  await page.getByText('huge.ndjson: is too large').waitFor()
  assert.ok(lived > 0 && lived < files.length, `${lived} of ${files.length}`)
  assert.equal(await page.evaluate('window.hacked'), undefined)
  assert.equal(await page.evaluate('({}).hacked'), undefined)
  assert.deepEqual(complaints, [])
})

test('a history that somebody has written in says so at once, and shows where', async (here) => {
  const { page, origin, mail, complaints } = here
  await mail(hello)
  const { items } = await (await page.request.get(`${origin}/api/v1/sessions`)).json()
  const text = await (await page.request.get(`${origin}/api/v1/sessions/${items[0].id}/history`)).text()
  const drop = (name: string, content: string): Promise<void> =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name, mimeType: 'application/x-ndjson', buffer: Buffer.from(content) })
  await page.goto(`${origin}/replay`)
  await drop('as-it-was.ndjson', text)
  await page.locator('.step').waitFor()
  assert.equal(await page.getByText('what today’s machine would do').count(), 0)
  assert.equal(await page.locator('.steps .differs, .marks .differs').count(), 0)
  await page.getByRole('button', { name: 'Another file' }).click()
  await drop('tampered.ndjson', text.replace('"type":"RecipientAccepted"', '"type":"RecipientRefused"'))
  await page.getByText(/^\d+ of \d+ steps differs? from what today’s machine would do/).waitFor()
  await page.locator('.marks .differs').first().waitFor()
  const row = page.locator('.steps .differs').first()
  await row.getByText('RecipientRefused').waitFor()
  assert.equal(await page.getByText('undefined').count(), 0)
  await page.getByRole('button', { name: 'Go to the first' }).click()
  await page.getByText('Today’s machine would not do the same').waitFor()
  await row.and(page.locator('.now')).waitFor()
  assert.deepEqual(complaints, [])
})
