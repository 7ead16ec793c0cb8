/** Cron triggers, and the rules and retries of tasks, on the page. */

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { newExecution } from '../support/store-builders.ts'

const REPORTS = fileURLToPath(new URL('scripts/reports.py', import.meta.url))

describePage('the page', () => {
  const site = new Site()
  let served: Served
  const waiting = randomUUID()
  beforeAll(async () => {
    const path = join(site.terminal.folder, 'site.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock: new SystemClock() })
    await store.createExecution(newExecution({ id: waiting, workflow: 'gone' }), { kind: 'call' }, Date.now() - 6_000)
    await store.close()
    served = await site.serve([site.terminal.write('reports.py', readFileSync(REPORTS, 'utf8'))])
    await served.process.logs("workflow 'report' completed")
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.isLive()
    return one
  }

  it('lists cron triggers with their times and a switch, and shows the reason for a broken one', async () => {
    const { page, complaints } = await visit('/triggers')
    const row = page.locator('[data-row="each_second"]')
    await row.waitFor()
    const fired = await row.locator('time').first().getAttribute('datetime')

    await expect.poll(() => row.locator('time').first().getAttribute('datetime'), UNTIL).not.toBe(fired)

    expect(await row.textContent()).toContain('every second')
    const wrong = page.locator('[data-row="wrong_zone"]')
    expect(await wrong.textContent()).toMatch(/broken.*Invalid timezone: Europe\/Berlinn\./)
    await page.getByRole('button', { name: 'broken 1' }).click()
    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(1)
    await wrong.getByRole('switch').click()
    await actAndSee(page, '"wrong_zone" is disabled', () => page.getByRole('button', { name: 'Disable' }).click())
    expect(complaints).toEqual([])
  })

  it('links the executions of a cron trigger to its schedule', async () => {
    const { page } = await visit('/executions?trigger=each_second')
    const link = page.locator('a[href$="/schedules?q=each_second"]').first()

    await link.waitFor()
    await link.click()

    await page.getByText('every second').filter({ visible: true }).waitFor()
    const text = await page.locator('[data-row]').textContent()
    expect(text).toContain('UTC, alert after 1 d 2 h without a firing, tags: team=data, tier=1')
    expect(await page.locator('[data-row]').count()).toBe(1)
  })

  it('names the cron trigger that started an execution, with a link to its schedule', async () => {
    const [run] = (await new PageApi(served.url).get('/executions?limit=1&trigger=each_second')).items
    const { page } = await visit(`/executions/${run.id}`)

    const link = page.getByRole('link', { name: 'each_second' })
    await link.waitFor()

    expect(await link.getAttribute('href')).toMatch(/\/schedules\?q=each_second$/)
  })

  it('shows a cron trigger with a wrong zone as broken on the system screen, with a link to its schedule', async () => {
    const { page } = await visit('/system')

    await page.getByText('1 trigger has an invalid cron expression or time zone and never fires').waitFor()
    await page.getByRole('link', { name: 'wrong_zone' }).click()

    await expect.poll(() => page.getByText('Invalid timezone: Europe/Berlinn.').count(), UNTIL).toBe(1)
  })

  it('reports on three screens that an execution waits for an engine with its workflow', async () => {
    const words = 'waiting for an engine that has workflow gone'
    const { page } = await visit('/executions?workflow=gone')
    await page.getByText(words).waitFor()

    await page.goto(`${served.url.replace(/\/$/, '')}/executions/${waiting}`)
    await page.getByText(`This execution is ${words}.`).waitFor()
    await page.goto(`${served.url.replace(/\/$/, '')}/system`)
    await expect.poll(() => page.getByText(`1 execution is ${words}`).count(), UNTIL).toBe(1)
  })

  it('shows links at a mistyped address', async () => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}/trigers`)
    await one.page.getByText('/trigers').waitFor()

    await one.page.locator('main').getByRole('link').first().click()

    await one.page.getByRole('heading', { level: 1 }).waitFor()
    expect(one.page.url()).not.toContain('trigers')
  })

  it('fits cron triggers and their errors into a narrow screen', async () => {
    await expectSound(await visit('/triggers', { viewport: { width: 360, height: 740 } }))
  })

  it('shows the whole rule of a task, and its limit of attempts', async () => {
    const [run] = (await new PageApi(served.url).get('/executions?limit=1&status=Completed')).items
    const { page } = await visit(`/executions/${run.id}?task=publish`)

    await page.getByText("if all of (succeeded('check'), any of (value('rows', '>', 5), failed('fetch')))").waitFor()
    await page.locator('.gantt-row[data-task="fetch"] button').click()
    await page.getByText('at most 3 attempts').waitFor()
    expect(await page.getByText('when All').count()).toBe(0)
  })
})
