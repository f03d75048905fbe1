/** Logging in with a real browser: its cookie, its Origin, its idea of another site. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { password } from '../http/visitor.ts'
import { closeBrowser, shown } from './browser.ts'

after(closeBrowser)

const account = 'boss@example.org'

test('somebody logs in, sees the mail, is not acted for by another site, and logs out', async (t) => {
  const here = await shown(t, {
    ...{ playground: false, hostname: 'mx.example.org', domains: [{ name: 'example.org' }] },
    http: { administrators: [account] },
  })
  if (here === null) return
  const { page, origin, server, mail } = here
  await server.addAccount({ addresses: [account], password })
  await mail('Subject: Behind a door\r\n\r\nhello', { to: [account] })
  await page.goto(`${origin}/mail`)
  await page.getByLabel('Account').fill(account)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('the name or the password is wrong').waitFor()
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('Behind a door').first().waitFor()
  assert.equal(await page.evaluate('document.cookie'), '')

  const other = await page.context().newPage()
  await other.goto('http://evil.example/')
  const asked = (method: string): Promise<number> =>
    other.evaluate(
      ([url, method]) =>
        fetch(url!, { method: method!, mode: 'no-cors', credentials: 'include', body: '{}' }).then(
          ({ status }) => status,
          () => -1,
        ),
      [`${origin}/api/v1/login`, method] as const,
    )
  // Nothing of an answer is seen there, not even that there is one.
  assert.equal(await asked('POST'), -1)
  assert.equal(await asked('GET'), -1)
  await other.close()
  const own = (method: string, path: string): Promise<number> =>
    page.evaluate(([path, method]) => fetch(path!, { method: method! }).then(({ status }) => status), [
      `/api/v1${path}`,
      method,
    ] as const)
  assert.equal(await own('GET', '/logins'), 200)
  assert.equal(await own('DELETE', '/login'), 204)
  assert.equal(await own('GET', '/logins'), 401)
  await page.reload()
  await page.getByLabel('Account').waitFor()
})

test('who is no administrator sees their own mail, and no way to that of others', async (t) => {
  const here = await shown(t, {
    ...{ playground: false, hostname: 'mx.example.org', domains: [{ name: 'example.org' }] },
    http: { administrators: [account] },
  })
  if (here === null) return
  const { page, origin, server, mail } = here
  await server.addAccount({ addresses: ['ann@example.org'], password })
  await server.addAccount({ addresses: [account], password })
  await mail('Subject: For Ann\r\n\r\nhello', { to: ['ann@example.org'] })
  await mail('Subject: For the boss\r\n\r\nhello', { to: [account] })
  await page.goto(`${origin}/`)
  await page.getByLabel('Account').fill('ann@example.org')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('For Ann').first().click()
  await page.locator('.message h2', { hasText: 'For Ann' }).waitFor()
  assert.equal(await page.getByText('For the boss').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Deliveries' }).count(), 0)
  await page.getByRole('button', { name: 'ann@example.org: log out' }).click()
  await page.getByLabel('Account').waitFor()
})
