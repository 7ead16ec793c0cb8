/** What axe finds wrong with a page that is seen, of what keeps people from using it. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** Each as one line; none for a page that has nothing serious. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Colours that fade in are between two while they do.
  await page.evaluate('Promise.all(document.getAnimations().map((each) => each.finished))')
  await page.evaluate(SOURCE)
  const { violations } = await page.evaluate<{ violations: readonly Finding[] }>('axe.run(document)')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
}
