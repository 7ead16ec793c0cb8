/** The screen of actions: actor, target, note and outcome, older rows, and narrow screens. */

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'
import { newAction } from '../support/store-builders.ts'

const SCRIPT = fileURLToPath(new URL('scripts/orders.py', import.meta.url))
const HOSTILE = `<img src=x onerror=alert(1)> ${'a_very_long_word'.repeat(40)}`
const OLDER = 130

describePage('the screen of actions', () => {
  const site = new Site()
  const schedule = randomUUID()
  const refused = randomUUID()
  let served: Served
  beforeAll(async () => {
    const path = join(site.terminal.folder, 'site.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock: new SystemClock() })
    const at = Date.now() - 3_600_000
    const answer = { isRefused: false, text: null }
    const record = (given: object) => store.actions.record(newAction({ id: randomUUID(), at, ...given }), answer)
    for (let n = 0; n < OLDER; n += 1) await record({ kind: 'poll', target: `old_${n}`, source: 'node' })
    await record({ kind: 'disable', target: schedule, source: 'cli', note: 'holidays' })
    await record({ kind: 'close', target: 'limit crm', source: 'python', note: HOSTILE })
    await record({ kind: 'prune', target: 'executions', source: 'engine' })
    const refusal = { isRefused: true, text: 'Execution "x" has ended.' }
    await store.actions.record(newAction({ id: refused, kind: 'cancel', target: refused, at }), refusal)
    await store.close()
    served = await site.serve([SCRIPT])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const open = async (options = {}) => {
    const visit = await site.visit(`${served.url.replace(/\/$/, '')}/actions`, options)
    await visit.page.getByRole('row').nth(1).waitFor()
    return { visit, page: visit.page, row: (text: string) => visit.page.getByRole('row').filter({ hasText: text }) }
  }

  it('shows the actor, the target with a link, the note and the outcome', async () => {
    const { visit, row } = await open({ viewport: { width: 1280, height: 900 } })

    expect(await row('disable').textContent()).toMatch(/disable schedule .*Command line.*holidays.*done.*ago/)
    expect(await row('disable').getByRole('link').getAttribute('href')).toBe(`/schedules/${schedule}`)
    expect(await row('close').textContent()).toMatch(/close limit crm.*Python.*<img src=x/)
    expect(await row('close').getByRole('link').getAttribute('href')).toBe('/system')
    expect(await row('prune').textContent()).toMatch(/prune all ended executions.*Engine/)
    expect(await row('cancel').textContent()).toMatch(/cancel execution .*refused.*Execution "x" has ended\./)
    expect(await row('cancel').getByRole('link').getAttribute('href')).toBe(`/executions/${refused}`)
    await expectSound(visit)
  })

  it('shows a new action while it is open, and older ones on request', async () => {
    const { page, row } = await open()
    expect(await row('old_0').count()).toBe(0)

    await new PageApi(served.url).post('/triggers/order_inbox/disable', { note: 'too many mails' })
    await row('too many mails').waitFor()
    expect(await row('too many mails').getByRole('link').getAttribute('href')).toBe('/triggers/order_inbox')
    const older = page.getByRole('button', { name: 'Show older actions' })
    await older.focus()
    await page.keyboard.press('Enter')

    await page
      .getByRole('row')
      .filter({ hasText: /old_0(?!\d)/ })
      .waitFor()
    await expect.poll(() => older.count(), UNTIL).toBe(0)
    expect(await page.getByRole('row').count()).toBe(1 + OLDER + 5)
    await new PageApi(served.url).post('/triggers/order_inbox/enable', { note: 'all is well' })
    await row('all is well').waitFor()
    expect(await page.getByRole('row').count()).toBe(1 + OLDER + 6)
  })

  it('filters the rows by the words of the key "f"', async () => {
    const { page } = await open()

    await page.keyboard.press('f')
    await page.keyboard.type('limit crm')

    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(1)
  })

  it.each(VIEWS)('looks right: %s', async (name, view) => {
    const { visit, page } = await open(view)
    await picture(visit, `actions-${name}`)
    await expectSound(visit)
    const cut =
      'Math.max(...[...document.querySelectorAll(".scroll")].map((each) => each.scrollWidth - each.clientWidth))'
    expect(await page.evaluate(cut)).toBeLessThanOrEqual(0)
  })
})
