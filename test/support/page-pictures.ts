/**
 * Pictures of the screens, for people who look at a change without running it. Only written where `CLOACA_PICTURES` is set
 * (`CLOACA_PICTURES=1 npm test -- test/page`): what is relative in them changes with each run.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Visit } from './browser.ts'
import { ROOT } from './source-tree.ts'

const ARE_WANTED = Boolean(process.env.CLOACA_PICTURES)

/** How visitors have it. Wide and light is only for pictures: the colours are looked at where it is narrow. */
export const VIEWS = [
  ['dark', { colorScheme: 'dark', viewport: { width: 1200, height: 900 } }],
  ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 720 } }],
  ...(ARE_WANTED ? [['light', { colorScheme: 'light', viewport: { width: 1200, height: 900 } }] as const] : []),
] as const

const FOLDER = join(ROOT, 'test', 'page', 'screenshots')

/** As the visitor has it: `executions-dark`. */
export async function picture({ page }: Visit, name: string): Promise<void> {
  if (!ARE_WANTED) return
  mkdirSync(FOLDER, { recursive: true })
  // What moves may have just begun to.
  await page.evaluate('document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => done())))')
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
}
