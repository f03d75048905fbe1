/** What axe finds on the page that would shut somebody out. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Violation = {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly any: readonly { readonly message: string }[] }[]
}

/** Serious and critical ones, and headings out of order, each as a line. */
export const barriers = async (page: Page): Promise<readonly string[]> => {
  // The page's own policy lets no script in, which is as it should be: it is run as the browser's own.
  await page.evaluate(axe)
  const violations = (await page.evaluate(
    'axe.run(document, { iframes: false }).then(({ violations }) => violations)',
  )) as readonly Violation[]
  return violations
    .filter(({ id, impact }) => ['serious', 'critical'].includes(impact) || id === 'heading-order')
    .map(({ id, nodes }) => `${id} at ${nodes[0]?.html}: ${nodes[0]?.any[0]?.message ?? ''}`)
}
