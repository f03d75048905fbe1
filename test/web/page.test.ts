/** The page as people use it: each test opens it in a browser and does what somebody would do. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greeted, send } from '../client.ts'
import { eventually } from '../eventually.ts'
import { scratch } from '../scratch.ts'
import { afterSilence, longer } from './big-history.ts'
import { pageTests, refused, type Shown, strangersHeard } from './browser.ts'
import { hello, hostile, sprawling } from './mails.ts'

const test = pageTests()

const activeState = ({ page }: Shown): Promise<string | null> =>
  page.locator('.chart .state.active').getAttribute('data-state')

test('a mail appears without a reload, and one click leads to the step that took it', async (here) => {
  const { page, origin, mail } = here
  await page.goto(`${origin}/`)
  await page.getByText('No mail yet').waitFor()
  assert.match((await page.locator('main').textContent()) ?? '', /swaks --server.*curl smtp:/s)
  await page.locator('.line.open').waitFor()
  // However far behind the log lists are just then, the answer has what was heard of.
  const asked = page.waitForRequest(/\/api\/v1\/messages\?(.*&)?position=\d+/)
  await mail(hello)
  await asked
  await page.getByText('Notes on the engine').first().click()
  await page.frameLocator('iframe.html').getByRole('heading', { name: 'Dear Bob' }).waitFor()
  await page.getByRole('link', { name: 'The session that brought it' }).click()
  await page.locator('.step .what', { hasText: 'accepted and stored' }).waitFor()
  assert.equal(await activeState(here), 'identified')
  assert.match((await page.locator('.transcript .now').first().textContent()) ?? '', /bytes of content/)
  await page.keyboard.press('ArrowLeft')
  await page.locator('.step .what', { hasText: 'began to come in' }).waitFor()
  assert.equal(await activeState(here), 'receiving')
  await page.locator('.step li', { hasText: /^CONTENT → identified/ }).waitFor()
  await page.waitForURL(/\?.*step=4/)
  await page.reload()
  await page.locator('.step .what', { hasText: 'began to come in' }).waitFor()
  assert.deepEqual(here.complaints, [])
})

test('one mail: text, headers, parts, raw and what happened to it, each with its address', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.goto(`${origin}/mail`)
  await page.getByText('Notes on the engine').first().click()
  await page.getByRole('button', { name: 'Text', exact: true }).click()
  await page.getByText('Dear Bob, the engine weaves patterns.').waitFor()
  await page.getByRole('tab', { name: 'Headers' }).click()
  await page.locator('.headers dd', { hasText: 'Ada Lovelace' }).waitFor()
  await page.getByRole('tab', { name: 'Parts (3)' }).click()
  const saved = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Save' }).click()
  assert.equal((await saved).suggestedFilename(), 'table.csv')
  await page.getByRole('tab', { name: 'Raw' }).click()
  await page.getByText('Content-Type: multipart/mixed; boundary=m').waitFor()
  await page.getByRole('tab', { name: 'What happened' }).click()
  await page.getByText('filed in the mailbox bob@example.org').waitFor()
  assert.match(page.url(), /view=story/)
  await page.keyboard.press('u')
  await page.getByText('Choose a mail').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('a refused session is found by its outcome, says why, and lights its end', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('[data-field=outcome]').selectOption('refused')
  await page.waitForURL(/outcome=refused/)
  await page.getByText('The recipient asked for this reply by its name').waitFor()
  await page.locator('tbody a').first().click()
  await page.locator('.step').waitFor()
  // At what decided, not at the end of the line.
  await page.locator('.step header.bad').waitFor()
  assert.match((await page.locator('.step').textContent()) ?? '', /552/)
  assert.equal(await activeState(here), 'addressing')
  await page.keyboard.press('End')
  await page.locator('.step .what', { hasText: 'The session ended' }).waitFor()
  assert.equal(await activeState(here), 'closed')
  await page.goto(`${origin}/sessions?outcome=accepted`)
  await page.getByText('No session fits').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('what was refused in a session that accepted something is told, with why; its mails are listed by subject', async (here) => {
  const { page, origin, server } = here
  const line = await greeted(server.port('mx'))
  for (const command of ['EHLO a.example', 'MAIL FROM:<a@example.net>', 'RCPT TO:<552@any.example>'])
    await line.say(command)
  for (const subject of ['The first', 'The second', 'The third']) {
    await line.say('RSET')
    assert.match(await send(line, `Subject: ${subject}\r\n\r\nhello`, { to: ['bob@example.org'] }), /^250/)
  }
  await line.say('QUIT')
  await line.closed()
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(`${origin}/sessions?reason=magic-reply`)
  const row = page.locator('tbody tr')
  await row.getByText('accepted, 1 refused').waitFor()
  await row.getByText('The recipient asked for this reply by its name').waitFor()
  const lines = `(() => {
    const range = document.createRange()
    range.selectNodeContents(document.querySelector('tbody td.address'))
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size
  })()`
  assert.equal(await page.evaluate(lines), 1, 'an address is on one line')
  await row.locator('a').first().click()
  await page.locator('.head .badge', { hasText: 'accepted, 1 refused' }).waitFor()
  await page.locator('summary', { hasText: '3 mails of this session' }).click()
  await page.locator('.mails-of li', { hasText: 'The second' }).getByRole('link').click()
  await page.getByRole('heading', { name: 'The second' }).waitFor()
  await page.getByRole('link', { name: 'The session that brought it' }).click()
  await page.locator('.step .what', { hasText: 'accepted and stored' }).waitFor()
  await page.locator('summary', { hasText: '3 mails of this session' }).click()
  await page.locator('.mails-of a[aria-current]', { hasText: 'The second' }).waitFor()
  assert.equal(await page.locator('.mails-of a[aria-current]').count(), 1)
  assert.deepEqual(here.complaints, [])
})

test('a history is played to its end, and by the keys', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('tbody a').first().click()
  await page.locator('.scrubber').waitFor()
  await page.keyboard.press('Home')
  await page.locator('.step .what', { hasText: 'connected to mx' }).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.locator('.step .what', { hasText: 'The session ended' }).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  await page.keyboard.press('?')
  const keys = page.getByRole('dialog', { name: 'Keys' })
  const play = keys.locator('dl > div', { has: page.getByText('play or stop') })
  assert.deepEqual(await play.locator('kbd').allTextContents(), ['space'])
  assert.ok((await keys.locator('kbd').allTextContents()).every((name) => name !== ''))
})

test('a hostile mail does nothing to the page, whatever it tries', async ({ page, origin, mail }) => {
  await mail(hostile)
  await page.goto(`${origin}/mail`)
  await page.getByText('<script>alert(1)</script>').first().click()
  const frame = page.frameLocator('iframe.html')
  await frame.locator('#there').waitFor()
  await page.getByText('wants to fetch from').waitFor()
  assert.match((await frame.locator('#own').getAttribute('src')) ?? '', /^data:image\/png;base64,/)
  await frame.locator('#send').click()
  await frame.locator('#script').click()
  // Had any of it done something, it would have by the time the page has asked its server and was answered.
  await page.evaluate("fetch('/healthz').then((answer) => answer.text())")
  await frame.locator('#there').waitFor()
  assert.equal(new URL(page.url()).origin, origin)
  assert.equal(await page.evaluate('window.hacked'), undefined)
  assert.deepEqual(strangersHeard, [])
  await page.getByRole('button', { name: 'Fetch it' }).click()
  await eventually(() => strangersHeard.includes('/track.gif'))
  assert.equal(await page.evaluate('window.hacked'), undefined)
})

test('the document of a hostile mail is as harmless when somebody opens it by itself', async (here) => {
  const { page, origin, mail } = here
  await mail(hostile)
  await page.goto(`${origin}/mail`)
  await page.getByText('<script>alert(1)</script>').first().click()
  const src = await page.locator('iframe.html').getAttribute('src')
  await page.goto(`${origin}${src}`)
  await page.locator('#there').waitFor()
  assert.equal(await page.evaluate('window.hacked').catch(() => undefined), undefined)
  assert.equal(page.url(), `${origin}${src}`)
})

test('a mail of ten thousand parts and long headers does not hang the page', async (here) => {
  const { page, origin, mail } = here
  await mail(sprawling)
  await page.goto(`${origin}/mail`)
  await page.getByText('Ten thousand parts').first().click()
  await page.getByRole('tab', { name: /Parts/ }).click()
  await page.locator('.message tbody tr').first().waitFor()
  assert.ok((await page.locator('.message tbody tr').count()) <= 210)
})

test('a delivery is seen attempt by attempt and step by step', async (here) => {
  const { page, origin, mail, server } = here
  await mail(hello, { to: ['a@deferred.test', 'b@bounced.test'] })
  await server.until((events) => events.some(({ type }) => type === 'Failed'))
  await server.until((events) => events.some(({ type }) => type === 'Deferred'))
  await page.goto(`${origin}/deliveries?status=failed`)
  await page.locator('tr', { hasText: 'b@bounced.test' }).waitFor()
  // Nothing is to be done to what is over.
  assert.equal(await page.locator('.acts').count(), 0)
  await page.locator('tr', { hasText: 'b@bounced.test' }).getByRole('link').click()
  await page.getByText('Attempt 1').waitFor()
  await page.getByText('550 5.1.1 Nobody here').first().waitFor()
  await page.getByRole('tab', { name: 'Step by step' }).click()
  await page.locator('.step').waitFor()
  assert.equal(await activeState(here), 'failed')
  await page.getByRole('link', { name: 'The mail' }).click()
  await page.getByRole('heading', { name: 'Notes on the engine' }).waitFor()
  assert.deepEqual(here.complaints, [])
})

test('what is done to many deliveries is counted before it is done', async (here) => {
  const { page, origin, mail, server } = here
  await mail(hello, { to: ['a@deferred.test'] })
  await mail(hello, { to: ['b@deferred.test'] })
  await server.until((events) => events.filter(({ type }) => type === 'Deferred').length === 2)
  await page.goto(`${origin}/deliveries?domain=deferred.test`)
  await page.getByRole('button', { name: 'Hold …' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 deliveries will be held').waitFor()
  await dialog.getByRole('button', { name: 'Hold 2' }).click()
  await dialog.getByText('Done: 2 deliveries').waitFor()
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  await page.locator('.badge', { hasText: 'held' }).nth(1).waitFor()
  await page.locator('.acts + .list a').first().click()
  await page.getByRole('button', { name: 'Release' }).click()
  await page.getByText('released').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('in a mailbox mail is seen once it was opened, flagged, and deleted when somebody means it', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.goto(`${origin}/mail`)
  await page.locator('nav.boxes').getByRole('link', { name: 'bob@example.org' }).click()
  await page.locator('.rows a.unseen').click()
  await page.locator('.rows a:not(.unseen)').waitFor()
  await page.getByRole('button', { name: '☆ Flag' }).click()
  await page.getByRole('button', { name: '★ Flagged' }).waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByText('stays in the log').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No mail yet').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('machines show what was counted, the log what was recorded, health how the views are', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.goto(`${origin}/machines/session`)
  await page.locator('.chart .label .note', { hasText: '×' }).first().waitFor()
  await page.goto(`${origin}/log?type=MessageAccepted`)
  await page.locator('.tail li').first().waitFor()
  assert.equal(await page.locator('.tail li').count(), 1)
  await mail(hello)
  await page.locator('.tail li').nth(1).waitFor()
  await page.goto(`${origin}/health`)
  await page.getByText('mailboxes').first().waitFor()
  await page
    .getByRole('row', { name: /sessions/ })
    .getByRole('button', { name: 'Build again' })
    .click()
  await page
    .getByRole('row', { name: /sessions/ })
    .getByText('built again', { exact: true })
    .waitFor()
  await page.getByText('ready').first().waitFor()
  await page.locator('.policies li').first().waitFor()
  assert.deepEqual(here.complaints, [])
})

test('a history file is downloaded, and dropped on the page it is lived again', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.goto(`${origin}/sessions`)
  await page.locator('tbody a').first().click()
  const saving = page.waitForEvent('download')
  await page.getByRole('link', { name: 'History file' }).click()
  const file = join(scratch('history'), 'session.ndjson')
  await (await saving).saveAs(file)
  await page.goto(`${origin}/mail`)
  await page.locator('main h1').waitFor()
  // As a browser tells it when somebody lets a file go over the page.
  await page.evaluate(
    `{
      const transfer = new DataTransfer()
      transfer.items.add(new File([${JSON.stringify(readFileSync(file, 'utf8'))}], 'session.ndjson'))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }))
    }`,
  )
  await page.waitForURL(/replay/)
  await page.locator('.step .what', { hasText: 'The session ended' }).waitFor()
  assert.equal(await activeState(here), 'closed')
  const long = join(scratch('history'), 'long.ndjson')
  writeFileSync(long, longer(readFileSync(file, 'utf8'), 10_000))
  await page.getByRole('button', { name: 'Another file' }).click()
  await page.getByLabel('History file').setInputFiles(long)
  await page.getByText('of 100').waitFor()
  assert.ok((await page.locator('.steps .row').count()) < 100)
  await page.keyboard.press('End')
  await page.locator('.steps .row.now').waitFor()
  // A long silence is not waited for, which is said.
  const silent = join(scratch('history'), 'silent.ndjson')
  writeFileSync(silent, afterSilence(readFileSync(file, 'utf8'), 120_000))
  await page.getByRole('button', { name: 'Another file' }).click()
  await page.getByLabel('History file').setInputFiles(silent)
  await page.locator('.step .what', { hasText: 'The session ended' }).waitFor()
  await page.keyboard.press('ArrowLeft')
  await page.getByLabel('Speed').selectOption('real time')
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.getByText('silence of 2.0 min, cut to 10 s').waitFor()
  await page.locator('.step .what', { hasText: 'The session ended' }).waitFor()
  await page.getByRole('button', { name: 'Another file' }).click()
  await page.getByLabel('History file').setInputFiles({
    ...{ name: 'shopping.txt', mimeType: 'text/plain', buffer: Buffer.from('milk\n') },
  })
  await page.getByText('shopping.txt: not a history file').waitFor()
  assert.deepEqual(here.complaints, [])
})
