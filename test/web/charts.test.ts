/** Charts as a browser shows them: what is written stays clear of the states, and each step lights its way by its event's name. */
import assert from 'node:assert/strict'
import { draw, mergedEdges, mergedLoop } from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import { pageTests, refused } from './browser.ts'

const test = pageTests()

/** Every way of a machine was taken so often, after nearly ten minutes. */
const everyWay = (name: string, count: number): object => {
  const drawing = draw(machines.find((module) => module.name === name)!.machine)
  const loops = drawing.states.map(({ path }) => mergedLoop(drawing, path))
  const items = [...mergedEdges(drawing), ...loops].flatMap(({ from, to, edges }) =>
    // A row says which state it was in.
    edges.map(({ event }) => ({ from: from || 'identified', to: to || 'identified', input: event })),
  )
  const counted = items.map((item) => ({ ...item, count, meanMs: 594_000 }))
  return { since: null, until: null, items: counted, states: [] }
}

/** Words of labels that lie upon a state or upon words of another label, as drawn. */
const upon = `(() => {
  const boxes = (selector) => [...document.querySelectorAll(selector)].map((it) => [it, it.getBoundingClientRect()])
  const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
  const labels = boxes('.chart .label')
  return labels.flatMap(([label, one]) => [
    ...boxes('.chart .state > rect').filter(([, box]) => touch(one, box)).map(([{ parentNode }]) => parentNode.dataset.state),
    ...labels.filter(([other, box]) => other !== label && touch(one, box)).map(([other]) => other.dataset.edge),
  ].map((other) => label.textContent + ' upon ' + other))
})()`

for (const name of ['session', 'delivery'])
  for (const count of [999, 12_345])
    test(`${name}: with counts of ${count} on every way, names stay and nothing lies upon another`, async (here) => {
      const { page, origin } = here
      await page.route(/\/flow(\?|$)/, (route) => route.fulfill({ json: everyWay(name, count) }))
      await page.goto(`${origin}/machines/${name}`)
      const edges = page.locator('.chart .label:has(.note)')
      await edges.first().waitFor()
      assert.deepEqual(await page.evaluate(upon), [])
      const labels = await page.locator('.chart .label').count()
      const written = await edges.evaluateAll((all) => all.map(({ children }) => children.length))
      assert.ok(written.length > labels - 3, `${written.length} of ${labels} are counted`)
      // The title, at least one event, and the count.
      assert.ok(written.every((lines) => lines >= 3))
    })

test('all of a chart is in the picture to begin with, and nothing lies upon it', async (here) => {
  const { page, origin } = here
  await page.setViewportSize({ width: 1280, height: 800 })
  for (const name of ['session', 'delivery']) {
    await page.goto(`${origin}/machines/${name}`)
    await page.locator(`svg[aria-label^="The ${name} machine"] .state`).first().waitFor()
    const outside = `(() => {
      const boxOf = (it) => it.getBoundingClientRect()
      const [paper, zoom] = ['.chart .paper', '.chart .zoom'].map((one) => boxOf(document.querySelector(one)))
      return [...document.querySelectorAll('.chart .state, .chart .label')].filter((one) => {
        const { left, right, top, bottom } = boxOf(one)
        return left < paper.left || right > paper.right || bottom > paper.bottom || top < Math.max(paper.top, zoom.bottom)
      }).map(({ textContent }) => textContent)
    })()`
    assert.deepEqual(await page.evaluate(outside), [])
  }
})

test('a step lights the way it took by its own event: a recipient that was refused, and the end', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('tbody a').first().click()
  await page.locator('.step').waitFor()
  const lit = page.locator('.chart .label.last')
  const written = async (event: string): Promise<readonly [string | null, readonly string[]]> => {
    await page.locator('.step header code', { hasText: event }).first().waitFor()
    return [await lit.getAttribute('data-edge'), await lit.locator('text').allTextContents()]
  }
  await page.keyboard.press('End')
  assert.deepEqual(await written('QUIT'), [' closed', ['QUIT']])
  await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await written('RCPT'), ['addressing addressing', ['RCPT']])
  assert.equal(await page.locator('.chart path.edge.last').count(), 1)
  await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await written('MAIL'), ['identified addressing', ['MAIL']])
})

test('steps are counted in one way: by the revision of the log', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('tbody a').first().click()
  await page.locator('.step').waitFor()
  await page.keyboard.press('Home')
  for (const revision of [0, 1, 2]) {
    await page.locator('.step header', { hasText: `step ${revision} ·` }).waitFor()
    assert.match(
      (await page.locator('.scrubber .where').textContent()) ?? '',
      new RegExp(`^step ${revision} of \\d`),
    )
    const said = await page.locator('.scrubber input').getAttribute('aria-valuetext')
    assert.match(said ?? '', new RegExp(`^step ${revision} of \\d`))
    assert.equal(await page.locator('.steps .now .number').textContent(), String(revision))
    await page.keyboard.press('ArrowRight')
  }
})
