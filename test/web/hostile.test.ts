/** What a mail can make of a click, and of the names it gives. The mail that tries everything else is in page.test.ts. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { httpHost } from '../http-host.ts'
import { eventually } from '../server.ts'
import { pageTests } from './browser.ts'

const test = pageTests()

/** A site that tries to lead away whoever opened it, and says what it found. */
const site = async (t: TestContext) => {
  let connections = 0
  const asked: string[] = []
  const { server, url } = await httpHost(t, (request, response) => {
    asked.push(request.url ?? '')
    const script =
      'document.title = String(window.opener); try { opener.location = "/led" } catch {} try { opener.parent.location = "/led" } catch {} try { opener.top.location = "/led" } catch {} document.body.id = "done"'
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html><body>Eve<script>${script}</script>`)
  })
  server.on('connection', () => connections++)
  return { url, asked, connections: () => connections }
}

const mailOf = (html: readonly string[], more: readonly string[] = []): string =>
  [
    ...['From: eve@evil.example', 'To: bob@example.org', 'Subject: Click', 'MIME-Version: 1.0'],
    ...['Content-Type: multipart/mixed; boundary=b', '', '--b'],
    ...['Content-Type: text/html; charset=utf-8', '', ...html, ...more, '--b--'],
  ].join('\r\n')

test('a link opens beside the page, and has no hand on it', async ({ page, origin, mail }, t) => {
  const { url, asked } = await site(t)
  const targets = ['_blank', '_top', '_parent', '_self', 'named', 'named', '_unfencedTop']
  const links = targets.map((target, at) => `<a id="l${at}" target="${target}" href="${url}/${at}">${at}</a>`)
  const others = [
    `<a id="data" href="data:text/html,<script>location='${url}/data'</script>">data</a>`,
    `<svg width="50" height="20"><a id="svg" href="javascript:top.hacked=1"><text y="15">svg</text></a></svg>`,
    `<form action="${url}/form" target="_top"><button id="form">send</button></form>`,
    `<a id="ping" href="#x" ping="${url}/ping">ping</a>`,
  ]
  await mail(mailOf([...links, ...others, '<p id="there">there</p>']))
  await page.goto(`${origin}/mail`)
  await page.getByText('Click').first().click()
  const frame = page.frameLocator('iframe.html')
  await frame.locator('#there').waitFor()
  const before = page.url()
  for (const at of targets.keys()) {
    await frame.locator(`#l${at}`).click()
    await page.evaluate("fetch('/healthz').then((answer) => answer.text())")
  }
  for (const id of ['data', 'svg', 'form', 'ping']) await frame.locator(`#${id}`).click()
  const opened = await eventually(async () => {
    const pages = page.context().pages()
    const sites = pages.filter((one) => one.url().startsWith(url))
    return sites.length >= 2 && sites
  })
  for (const one of opened) {
    await one.locator('#done').waitFor()
    assert.equal(await one.title(), 'null', `${one.url()} knows who opened it`)
  }
  await page.evaluate("fetch('/healthz').then((answer) => answer.text())")
  assert.equal(page.url(), before)
  assert.equal(await page.evaluate('window.hacked'), undefined)
  await frame.locator('#there').waitFor()
  assert.deepEqual(
    asked.filter((path) => ['/led', '/data', '/ping', '/form'].some((one) => path.startsWith(one))),
    [],
  )
  for (const one of page.context().pages()) if (one !== page) await one.close()
})

test('nobody is connected to before it is asked for, however it is hidden', async (here, t) => {
  const { page, origin, mail } = here
  const { url, connections } = await site(t)
  await mail(
    mailOf([
      `<li<meta>nk rel=preconnect href=${url}/1>`,
      `<li</script>nk rel=preconnect href=${url}/2>`,
      `<style><b a="</style><link rel=preconnect href=${url}/3>"></style>`,
      `<!-- <b a="--><link rel=preconnect href=${url}/4>">`,
      `<me</base>ta http-equiv=refresh content="0;url=${url}/5">`,
      `<svg><image href="${url}/6"></image><use href="${url}/7#x"></use></svg><img srcset="${url}/8 1x">`,
      `<math><mi style="background:url(${url}/9)">x</mi></math><input type="image" src="${url}/10">`,
      `<p id="there" style="background:url(${url}/11);cursor:url(${url}/12),auto">there</p>`,
      `<table background="${url}/13"><td>x</td></table><video poster="${url}/14"></video><audio src="${url}/15"></audio>`,
    ]),
  )
  await page.goto(`${origin}/mail`)
  await page.getByText('Click').first().click()
  await page.frameLocator('iframe.html').locator('#there').waitFor()
  await page.evaluate("fetch('/healthz').then((answer) => answer.text())")
  assert.equal(connections(), 0)
})

test('names of attachments lead nobody astray', async ({ page, origin, mail }) => {
  const name = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`
  const attached = (text: string): readonly string[] => [
    ...['--b', 'Content-Type: text/html', `Content-Disposition: attachment; filename="${name(text)}"`],
    ...['', '<script>document.title = "hacked"</script>'],
  ]
  const names = [
    'invoice\u202efdp.exe',
    '../../etc/passwd',
    'a\r\nX-Evil: 1.txt',
    `${'long'.repeat(500)}.txt`,
  ]
  await mail(mailOf(['<p id="there">there</p>'], names.flatMap(attached)))
  await page.goto(`${origin}/mail`)
  await page.getByText('Click').first().click()
  await page.frameLocator('iframe.html').locator('#there').waitFor()
  await page.getByRole('tab', { name: /Parts/ }).click()
  const links = page.locator('a[download][href*="/parts/"]')
  await links.first().waitFor()
  const saved = await links.evaluateAll((all) => all.map((one) => one.getAttribute('download')))
  assert.equal(saved.length, names.length)
  const text = (await page.locator('main').textContent()) ?? ''
  for (const each of [...saved, text])
    assert.doesNotMatch(each ?? '', /[\u202a-\u202e\u2066-\u2069\r\n]|\.\.\//)
  const path = String(await links.first().getAttribute('href'))
  const answer = await page.request.get(`${origin}${path}`)
  assert.equal(answer.headers()['content-type'], 'application/octet-stream')
  assert.equal(answer.headers()['content-disposition'], 'attachment; filename="invoicefdp.exe"')
  assert.equal(answer.headers()['x-content-type-options'], 'nosniff')
})

test('nothing that a mail is called, or came with it, turns around what stands beside it', async (here) => {
  const { page, origin, mail } = here
  const word = (text: string): string => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`
  await mail(
    [
      `From: ${word('knab\u202e eht\u2066')} <eve@evil.example>`,
      `Subject: ${word('\u202etxet\u2067 turned')}`,
      `X-Odd: ${word('\u202edd')}`,
      ...['Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'hello', '--b'],
      `Content-Type: application/x; name="${word('invoice\u202efdp.exe')}"`,
      ...['', 'x', '--b--'],
    ].join('\r\n'),
  )
  const turned = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
  const looked = async (): Promise<void> => {
    const html = await page.content()
    assert.doesNotMatch(html, turned)
  }
  await page.goto(`${origin}/mail`)
  const subject = page.locator('.rows .subject bdi')
  await subject.waitFor()
  assert.equal(await subject.textContent(), 'txet turned')
  assert.match((await page.locator('.rows .from bdi').textContent()) ?? '', /^knab eht/)
  await looked()
  await subject.click()
  assert.equal(await page.locator('.letter h2 bdi').textContent(), 'txet turned')
  await page.locator('.letter dd bdi').first().waitFor()
  await looked()
  await page.goto(`${page.url()}?view=attachments`)
  await page.locator('td bdi').waitFor()
  assert.equal(await page.locator('td bdi').textContent(), 'invoicefdp.exe')
  await looked()
  await page.goto(page.url().replace('attachments', 'headers'))
  await page.locator('.headers').waitFor()
  await looked()
})
