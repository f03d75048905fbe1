/** The description of the API in a browser: shown as it is meant, under a policy that allows nothing, and for everybody. */
import assert from 'node:assert/strict'
import { barriers } from './axe.ts'
import { pageTests } from './browser.ts'

const test = pageTests()

test('/api/docs is styled, opens, leads from calls to shapes, and shuts nobody out (axe)', async (here) => {
  const { page, origin, complaints } = here
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.goto(`${origin}/api/docs`)
    const look = await page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse")
    assert.equal(look, 'collapse')
    // The one that is looked at whole takes its time.
    const opened = colorScheme === 'dark' ? 'details:nth-of-type(-n+2)' : 'details'
    await page.evaluate(
      "for (const each of document.querySelectorAll('OPENED')) each.open = true".replace('OPENED', opened),
    )
    if (colorScheme === 'light') await page.locator('#getSession a[href="#schema-Session"]').first().waitFor()
    assert.deepEqual(await barriers(page), [])
  }
  assert.deepEqual(complaints, [])
})
