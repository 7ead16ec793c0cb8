/** The screens of schedules: the list and one schedule, with its next times, past runs, run now, edit and backfill. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const SCRIPT = fileURLToPath(new URL('scripts/orders.py', import.meta.url))
const NARROW = { viewport: { width: 390, height: 844 } }

describePage('the screen of a schedule', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  let id: string
  beforeAll(async () => {
    served = await site.serve([SCRIPT])
    api = new PageApi(served.url)
    const created = {
      workflow: 'order_report',
      expression: '30 6 * * *',
      timezone: 'Europe/Berlin',
      note: 'asked by ops',
    }
    id = (await api.post('/schedules', created)).id
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.isLive()
    return one
  }

  it('is opened from the list, and shows the times in words, the next times, and who created it', async () => {
    const one = await visit('/schedules')
    const { page } = one
    await page.getByRole('link', { name: id.slice(0, 8) }).click()
    await page.waitForURL(`**/schedules/${id}`)

    await page.getByText('every day at 06:30').waitFor()
    const times = page.getByRole('region', { name: 'Next times' }).getByRole('listitem')
    await expect.poll(() => times.count(), UNTIL).toBe(5)
    expect(await times.first().textContent()).toMatch(/^\d{4}-\d\d-\d\d \d\d:30:00 in \d+/)
    const action = page.getByRole('region', { name: 'Actions' }).getByRole('row', { name: 'create' })
    expect(await action.textContent()).toMatch(/create.*Page or HTTP.*asked by ops.*done/)
    expect(await page.getByText('This schedule has not started an execution yet.').count()).toBe(1)
    await expectSound(one)
  })

  it('runs now by keyboard, and lists the run with its state', async () => {
    const one = await visit(`/schedules/${id}`)
    const { page } = one
    await page.getByRole('button', { name: 'Run now …' }).waitFor()
    const before = (await api.get(`/schedules/${id}`)).nextRuns

    await page.keyboard.press('r')
    await page.getByRole('dialog').getByLabel('Note (optional)').waitFor()
    await page.keyboard.type('the night failed')
    await actAndSee(page, 'Workflow "order_report" started', () => page.keyboard.press('Enter'))

    const runs = page.getByRole('region', { name: 'Past runs' })
    await runs.getByText('Completed').waitFor()
    const [run] = (await api.get(`/executions?trigger=${id}`)).items
    expect(await runs.getByRole('link').nth(1).getAttribute('href')).toMatch(`/executions/${run.id}`)
    expect(run.origin).toMatchObject({ kind: 'cron', scheduleId: id, trigger: null })
    const input = await api.get(`/executions/${run.id}/input`)
    expect(input).toMatchObject({ schedule_id: id, schedule_expression: '30 6 * * *' })
    await page.getByRole('region', { name: 'Actions' }).getByText('the night failed').waitFor()
    expect((await api.get(`/schedules/${id}`)).nextRuns).toEqual(before)
    await expectSound(one)
  })

  it('checks a new expression and shows its next times before it is saved', async () => {
    const one = await visit(`/schedules/${id}`)
    const { page } = one
    await page.getByRole('button', { name: 'Edit …' }).click()
    const dialog = page.getByRole('dialog', { name: /^Edit/ })
    const save = dialog.getByRole('button', { name: 'Save' })
    await expect.poll(() => dialog.getByRole('listitem').count(), UNTIL).toBe(5)
    expect(await save.isDisabled()).toBe(true)

    await dialog.getByLabel('Cron expression').fill('0 25 * * *')
    await dialog.getByText(/Invalid cron expression/).waitFor()
    expect(await dialog.getByLabel('Cron expression').getAttribute('aria-invalid')).toBe('true')
    expect(await save.isDisabled()).toBe(true)
    await expectSound(one)
    await dialog.getByLabel('Cron expression').fill('15 7 * * *')
    await dialog.getByLabel('Time zone').fill('Europe/Berlinn')
    await dialog.getByText(/Invalid timezone/).waitFor()
    await dialog.getByLabel('Time zone').fill('Asia/Tokyo')
    await dialog.getByText('every day at 07:15').waitFor()
    await expect.poll(() => dialog.getByRole('listitem').first().textContent(), UNTIL).toMatch(/:15:00/)
    await dialog.getByLabel('Note (optional)').fill('later')
    await actAndSee(page, 'has new times', () => save.click())

    await page.getByText('every day at 07:15').waitFor()
    expect(await api.get(`/schedules/${id}`)).toMatchObject({ expression: '15 7 * * *', timezone: 'Asia/Tokyo' })
    await page.getByRole('region', { name: 'Actions' }).getByText('later').waitFor()
  })

  it('is disabled and enabled by keyboard, and starts a backfill', async () => {
    const { page } = await visit(`/schedules/${id}`)
    await page.getByRole('switch').waitFor()

    await actAndSee(page, `"${id.slice(0, 8)}" is disabled`, () => page.keyboard.press('e'))
    await page.getByText('The schedule is disabled, and does not fire.').waitFor()
    await actAndSee(page, `"${id.slice(0, 8)}" is enabled`, () => page.keyboard.press('e'))
    await expect
      .poll(() => page.getByRole('region', { name: 'Next times' }).getByRole('listitem').count(), UNTIL)
      .toBe(5)
    await page.getByRole('button', { name: 'Backfill …' }).click()
    const dialog = page.getByRole('dialog', { name: /^Backfill/ })
    await dialog.getByLabel(/^From/).fill('2025-12-01T00:00')
    await dialog.getByLabel('To (not included)').fill('2025-12-04T00:00')
    await dialog.getByRole('button', { name: 'Start 3 executions' }).click()

    await page.getByRole('region', { name: 'Backfills' }).getByText('completed').waitFor()
    await page.getByRole('region', { name: 'Past runs' }).getByRole('row').nth(3).waitFor()
  })

  it('says where the times of a cron trigger are declared, and does not edit them', async () => {
    const one = await visit('/schedules/order_nightly', NARROW)
    const { page } = one
    await page.getByRole('heading', { name: 'order_nightly' }).waitFor()

    expect(await page.getByRole('button', { name: 'Edit …' }).count()).toBe(0)
    await page.getByText('A script declares the times of this cron trigger.').waitFor()
    await page.getByText('from Monday to Friday at 02:00').waitFor()
    await expectSound(one)
  })

  it.each(VIEWS)('looks right: %s', async (name, view) => {
    const list = await visit('/schedules', view)
    await list.page.getByRole('link', { name: 'order_nightly' }).waitFor()
    await picture(list, `schedules-${name}`)
    await expectSound(list)
    const one = await visit(`/schedules/${id}`, view)
    await one.page.getByRole('region', { name: 'Past runs' }).getByRole('row').nth(1).waitFor()
    await picture(one, `schedule-${name}`)
    await expectSound(one)
    await one.page.getByRole('button', { name: 'Edit …' }).click()
    await expect.poll(() => one.page.getByRole('dialog').getByRole('listitem').count(), UNTIL).toBe(5)
    await picture(one, `schedule-edit-${name}`)
    await expectSound(one)
  })

  it('cuts nothing off at 390 pixels', async () => {
    for (const path of ['/schedules', `/schedules/${id}`]) {
      const { page } = await visit(path, NARROW)
      await page.locator('table').first().waitFor()
      const cut = `[...document.querySelectorAll('.scroll')]
        .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.innerText)`
      expect(await page.evaluate(cut)).toEqual([])
    }
  })
})
