/** The screen of alerts: open incidents, states, links, deliveries, new alerts and narrow screens. */

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import type { AlertDelivery } from '../../src/model/alert.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'
import { incidentReport, newExecution, sentAlert } from '../support/store-builders.ts'

const FAILS = `
import cloaca

with cloaca.WorkflowBuilder("rates"):
    @cloaca.task(retry_attempts=1)
    def convert(ctx):
        if not ctx.get("fees"):
            raise ValueError("there are no fees")
`
const HOSTILE = `<img src=x onerror=alert(1)> ${'a_very_long_word'.repeat(30)}`

const delivered: AlertDelivery = {
  ...{ receiver: 'oncall', to: 'url', outcome: 'delivered', attempts: 1 },
  ...{ response: 'status 202', error: null, endedAt: Date.now() },
}
const pending: AlertDelivery = {
  ...{ receiver: 'mail', to: 'command', outcome: 'pending', attempts: 7 },
  ...{ response: null, error: 'exit code 75', endedAt: null },
}
const failed: AlertDelivery = {
  ...pending,
  receiver: 'pager',
  to: 'url',
  outcome: 'failed',
  error: 'it is unreachable',
}

describePage('the screen of alerts', () => {
  const site = new Site()
  const execution = randomUUID()
  let served: Served
  beforeAll(async () => {
    const path = join(site.terminal.folder, 'site.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock: new SystemClock() })
    const at = Date.now() - 60_000
    const alerts = [
      sentAlert({ id: 'a-1', kind: 'database-refused', executionId: null, at }),
      sentAlert({ id: 'a-2', kind: 'trigger-silent', state: 'recovered', executionId: null, trigger: 'inbox', at }),
      sentAlert({ id: 'a-3', executionId: execution, deliveries: [delivered], at }),
      sentAlert({ id: 'a-4', state: 'repeated', count: 5, message: HOSTILE, deliveries: [pending, failed], at }),
    ]
    await store.createExecution(newExecution({ id: execution }), { kind: 'call' }, at)
    for (const alert of alerts) await store.incidents.saveSent(alert, incidentReport({ at }))
    await store.close()
    const env = { CLOACA_ALERTS_COMMAND: 'exit 0' }
    served = await site.serve([site.terminal.write('rates.py', FAILS)], [], env)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const open = async (options = {}) => {
    const visit = await site.visit(`${served.url.replace(/\/$/, '')}/alerts`, options)
    const sent = visit.page.getByRole('region', { name: 'Sent alerts' })
    const row = (text: string) => sent.getByRole('row').filter({ hasText: text })
    await row('Database refused').waitFor()
    return { visit, page: visit.page, row }
  }

  it('shows the state of each alert, and the attempts and responses of its deliveries', async () => {
    const { visit, page, row } = await open({ viewport: { width: 1280, height: 900 } })

    const alert = row('oncall')
    expect(await alert.locator('.state.bad').textContent()).toBe('opened')
    expect(await alert.textContent()).toContain('oncall (url) delivered 1 attempt, status 202')
    const repeated = row('5 times')
    expect(await repeated.textContent()).toContain('mail (command) pending 7 attempts, exit code 75')
    expect(await repeated.textContent()).toContain('pager (url) failed 7 attempts, it is unreachable')
    expect(await repeated.textContent()).toContain('<img src=x onerror=alert(1)>')
    expect(await row('Trigger silent').locator('.state.good').textContent()).toBe('recovered')
    const kinds = page
      .getByRole('region', { name: 'Sent alerts' })
      .getByRole('row')
      .filter({ hasText: / (failed|silent|refused)/ })
    expect((await kinds.allTextContents()).map((text) => text.match(/^\S+ (failed|silent|refused)/)?.[1])).toEqual([
      ...['failed', 'failed', 'silent', 'refused'],
    ])
    await expectSound(visit)
  })

  it('links an alert to its execution or trigger, and has no link for an alert of the database', async () => {
    const { page, row } = await open()

    expect(await row('Trigger silent').getByRole('link').getAttribute('href')).toMatch(/\/triggers\/inbox$/)
    expect(await row('Database refused').getByRole('link').count()).toBe(0)
    await row('oncall').getByRole('link').click()
    await page.waitForURL(`**/executions/${execution}`)
    await page.getByText(execution.slice(0, 8)).first().waitFor()
  })

  it('shows an alert that is raised while the page is open, with its delivery', async () => {
    const { row } = await open({ viewport: { width: 1280, height: 900 } })
    expect(await row('there are no fees').count()).toBe(0)

    await new PageApi(served.url).run('rates')

    const alert = row('there are no fees')
    await expect.poll(() => alert.textContent(), UNTIL).toContain('default (command) delivered 1 attempt, exit code 0')
  })

  it('shows open incidents until the next success, with their number in the navigation', async () => {
    const { visit, page } = await open({ viewport: { width: 1440, height: 900 } })
    const incidents = page.getByRole('region', { name: 'Open incidents' })
    const link = page.getByRole('navigation').getByRole('link', { name: /^Alerts/ })
    await new PageApi(served.url).run('rates')

    const incident = incidents.getByRole('row').filter({ hasText: 'rates' })
    await incident.waitFor()
    expect(await incident.textContent()).toMatch(/^Execution failed rates/)
    expect(await incident.getByRole('link').getAttribute('href')).toBe('/executions?status=Failed&workflow=rates')
    const count = await incidents.getByRole('row').count()
    await expect.poll(() => link.textContent(), UNTIL).toBe(`Alerts${count - 1} open`)
    await expectSound(visit)
    await new PageApi(served.url).run('rates', { fees: 1 })

    await expect.poll(() => incident.count(), UNTIL).toBe(0)
  })

  it.each(VIEWS)('looks right: %s', async (name, view) => {
    const { visit, page } = await open(view)

    await picture(visit, `alerts-${name}`)
    await expectSound(visit)
    const cut =
      'Math.max(...[...document.querySelectorAll(".scroll")].map((each) => each.scrollWidth - each.clientWidth))'
    expect(await page.evaluate(cut)).toBeLessThanOrEqual(0)
  })
})
