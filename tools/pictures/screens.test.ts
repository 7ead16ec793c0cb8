/**
 * Takes pictures of the screens of triggers, schedules and the system for `test/page/screenshots`, in light and dark
 * colours, with and without data, and the picture in README. A reviewer can see them without running the page. Run by
 * `CLOACA_PICTURES=1 npm run test:page`.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, it } from 'vitest'
import { describePage, type Served, Site } from '../../test/support/browser.ts'
import { ROOT } from '../../test/support/source-tree.ts'

const FOLDER = join(ROOT, 'test', 'page', 'screenshots')
const SCRIPTS = ['watchers.py', 'shop.py'].map((name) => join(ROOT, 'test/page/scripts', name))
const EMPTY = join(ROOT, 'test/page/scripts/empty.py')
const EXAMPLES = join(ROOT, 'python', 'examples', 'triggers')

const SCHEMES = ['light', 'dark'] as const
const SIZE = { width: 1000, height: 720 }

/** Name of a picture, path of its screen, an element that it must show, and keys to press before. */
type Shot = readonly [name: string, path: string, seen: string, keys?: string]

const FULL: readonly Shot[] = [
  ['triggers', '/', '.sparkline rect.fired'],
  ['trigger', '/triggers/inbox', '.mark.fired'],
  ['trigger-failing', '/triggers/source', '.mark.failed'],
  ['trigger-fire', '/triggers/inbox', 'dialog textarea', 'f'],
  ['trigger-test', '/triggers/asked', 'dialog .records', 't'],
  ['trigger-switch', '/triggers/inbox', 'dialog input', 'e'],
  ['keys', '/triggers/inbox', 'dialog kbd', '?'],
  ['schedules', '/schedules', '[data-row]'],
  ['system', '/system', '.fact-grid'],
  ['no-such-trigger', '/triggers/inbx', '.empty'],
  ['filtered', '/?q=no+such', '.empty'],
]

const NOTHING: readonly Shot[] = ['triggers', 'workflows', 'schedules', 'system'].map((name) => [
  `${name}-empty`,
  name === 'triggers' ? '/' : `/${name}`,
  'main h1',
])

describePage('pictures of the page', () => {
  const full = new Site()
  const empty = new Site()
  let served: Served
  let nothing: Served
  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    served = await full.serve(SCRIPTS)
    nothing = await empty.serve([EMPTY])
    for (let count = 0; count < 3; count++) await start('order')
    // Give the timelines time to show some polls.
    await new Promise((resolve) => setTimeout(resolve, 45_000))
  })
  afterAll(async () => {
    await full[Symbol.asyncDispose]()
    await empty[Symbol.asyncDispose]()
  })

  async function start(workflow: string): Promise<void> {
    const headers = { origin: served.url, 'content-type': 'application/json' }
    const address = `${served.url}/api/v1/workflows/${workflow}/executions`
    await fetch(address, { method: 'POST', headers, body: '{}' })
  }

  async function take(
    site: Site,
    url: string,
    scheme: (typeof SCHEMES)[number],
    shots: readonly Shot[],
  ): Promise<void> {
    const { page } = await site.visit('about:blank', { colorScheme: scheme, viewport: SIZE })
    for (const [name, path, seen, keys] of shots) {
      await page.goto(`${url}${path}`)
      if (keys !== undefined) {
        await page.locator('main h1').waitFor()
        await page.keyboard.press(keys)
      }
      await page.locator(seen).first().waitFor()
      await page.waitForTimeout(500)
      await page.screenshot({ path: join(FOLDER, `${name}-${scheme}.png`) })
    }
  }

  it.each(SCHEMES)('show every screen in %s colours', async (scheme) => {
    await take(full, served.url, scheme, FULL)
    await take(empty, nothing.url, scheme, NOTHING)
  })

  it('show the screens of triggers on a phone', async () => {
    const { page } = await full.visit(served.url, { viewport: { width: 360, height: 720 } })
    for (const [name, path] of [
      ['triggers', '/'],
      ['trigger', '/triggers/inbox'],
    ]) {
      await page.goto(`${served.url}${path}`)
      await page.locator('main h1').first().waitFor()
      await page.waitForTimeout(800)
      await page.screenshot({ path: join(FOLDER, `${name}-narrow.png`) })
    }
  })

  it('show the examples for README', async () => {
    const examples = new Site()
    const { url } = await examples.serve([EXAMPLES], [], {
      CLOACINA_VAR_EXAMPLES: join(examples.terminal.folder, 'examples'),
    })
    const { page } = await examples.visit(url, { viewport: { width: 1240, height: 640 } })
    await page.locator('.sparkline rect.fired').first().waitFor()
    await page.waitForTimeout(500)
    await page.screenshot({ path: join(ROOT, 'docs', 'the-page.png') })
    await examples[Symbol.asyncDispose]()
  })
})
