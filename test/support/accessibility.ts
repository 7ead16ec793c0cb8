/** Accessibility check of a visible page with axe. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** Returns all findings of axe, one line each. */
export async function accessibilityFindings(page: Page): Promise<readonly string[]> {
  // Colours have intermediate values until their animation ends.
  await page.evaluate('Promise.all(document.getAnimations().map((each) => each.finished))')
  await page.evaluate(SOURCE)
  const { violations } = await page.evaluate<{ violations: readonly Finding[] }>('axe.run(document)')
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  )
}
