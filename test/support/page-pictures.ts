/**
 * Pictures of the screens, for people who review a change without running it. They are written only if
 * `CLOACA_PICTURES` is set (`CLOACA_PICTURES=1 npm run test:page`), because they show relative times, which change in
 * each run.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Visit } from './browser.ts'
import { ROOT } from './source-tree.ts'

const ARE_WANTED = Boolean(process.env.CLOACA_PICTURES)

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 390, height: 844 }

/** Colour schemes and window sizes. The last two are only for pictures: the first two cover their sizes and colours. */
export const VIEWS = [
  ['dark', { colorScheme: 'dark', viewport: WIDE }],
  ['narrow', { colorScheme: 'light', viewport: NARROW }],
  ...(ARE_WANTED
    ? ([
        ['light', { colorScheme: 'light', viewport: WIDE }],
        ['narrow-dark', { colorScheme: 'dark', viewport: NARROW }],
      ] as const)
    : []),
] as const

const FOLDER = join(ROOT, 'test', 'page', 'screenshots')

/** Writes a picture of the page as it is, for example with the name `executions-dark`. */
export async function picture({ page }: Visit, name: string): Promise<void> {
  if (!ARE_WANTED) return
  mkdirSync(FOLDER, { recursive: true })
  // Waits for fonts and for the next frame, in which animations start.
  await page.evaluate('document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => done())))')
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
}
