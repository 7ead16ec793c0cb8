/**
 * Pictures of the screens of triggers, schedules and the system, light and dark, full and empty, in `test/page/screenshots`, and the one of README: what a reviewer sees
 * without running it. They are made anew only where `CLOACA_PICTURES=1` asks for it.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, it } from 'vitest'
import { describePage, type Served, Site } from '../support/browser.ts'
import { ROOT } from '../support/source-tree.ts'

const FOLDER = fileURLToPath(new URL('screenshots', import.meta.url))
const SCRIPTS = ['watchers.py', 'shop.py'].map((name) => fileURLToPath(new URL(`scripts/${name}`, import.meta.url)))
const EMPTY = fileURLToPath(new URL('scripts/empty.py', import.meta.url))
const EXAMPLES = join(ROOT, 'python', 'examples', 'triggers')

const SCHEMES = ['light', 'dark'] as const
const SIZE = { width: 1000, height: 720 }

/** A screen, what it is called, what must be seen on it, and what is pressed before. */
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

const wanted = Boolean(process.env.CLOACA_PICTURES)

describePage('pictures of the page', () => {
  const full = new Site()
  const empty = new Site()
  let served: Served
  let nothing: Served
  beforeAll(async () => {
    if (!wanted) return
    mkdirSync(FOLDER, { recursive: true })
    served = await full.serve(SCRIPTS)
    nothing = await empty.serve([EMPTY])
    for (let count = 0; count < 3; count++) await start('order')
    // A timeline that has something on it.
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

  it.runIf(wanted).each(SCHEMES)('of every screen, %s', async (scheme) => {
    await take(full, served.url, scheme, FULL)
    await take(empty, nothing.url, scheme, NOTHING)
  })

  it.runIf(wanted)('of a phone', async () => {
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

  it.runIf(wanted)('of the examples, for README', async () => {
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
