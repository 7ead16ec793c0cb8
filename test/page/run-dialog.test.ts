/** The dialog that runs a workflow: a form for its input, the last input, and checks before anything is stored. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const INTAKE = fileURLToPath(new URL('scripts/intake.ts', import.meta.url))

describePage('the dialog that runs a workflow with a schema', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    served = await site.serve([INTAKE])
    api = new PageApi(served.url)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const open = async (options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}/workflows/intake`, options)
    await one.isLive()
    await one.page.getByRole('button', { name: 'Run …' }).waitFor()
    await one.page.keyboard.press('r')
    await one.page.getByRole('dialog').waitFor()
    return one
  }
  const inputOf = async (id: string) =>
    await (await fetch(`${served.url.replace(/\/$/, '')}/api/v1/executions/${id}/input`)).text()

  it('has a field for each value, and stores nothing until all values are right', async () => {
    const { page } = await open()
    const dialog = page.getByRole('dialog')
    const start = dialog.getByRole('button', { name: 'Start' })
    await start.click()
    await dialog.getByText('Enter a value.').first().waitFor()

    await dialog.getByLabel('order_id').fill('8')
    await dialog.getByLabel('customer').fill('A name that is much too long for it')
    await dialog.getByLabel('speed').selectOption('"fast"')
    await start.click()
    await dialog.getByText('must be odd').waitFor()
    expect(await dialog.getByLabel('customer').getAttribute('aria-invalid')).toBe('true')
    expect(await dialog.locator(':focus').getAttribute('id')).toBe(
      await dialog.getByLabel('order_id').getAttribute('id'),
    )
    expect((await api.get('/executions?workflow=intake')).items).toEqual([])

    await dialog.getByLabel('order_id').fill('9007199254740991')
    await dialog.getByLabel('customer').fill('Ü')
    await page.keyboard.press('Enter')
    await page.locator('.chain .state', { hasText: 'Completed' }).waitFor()
    expect(await inputOf(page.url().split('/').at(-1) ?? '')).toBe(
      '{"order_id":9007199254740991,"customer":"Ü","speed":"fast","gift":false,"lines":[]}',
    )
  })

  it('offers the last input, and shows an input that the form cannot express as JSON', async () => {
    await api.run('intake', { order_id: 3, customer: 'last', gift: true, lines: ['a'] })
    const { page } = await open()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Use the last input' }).click()

    await expect.poll(() => dialog.getByLabel('customer').inputValue()).toBe('last')
    expect(await dialog.getByLabel('gift').isChecked()).toBe(true)
    expect(await dialog.getByLabel('lines').inputValue()).toBe('["a"]')
    await dialog.getByRole('button', { name: 'Write JSON' }).click()
    const text = dialog.getByLabel('Context')
    expect(JSON.parse(await text.inputValue())).toMatchObject({ order_id: 3, customer: 'last', gift: true })
    await text.fill('{"order_id": 5, "other": 1}')
    await dialog.getByRole('button', { name: 'Use the form' }).click()
    await dialog.getByText('The form cannot show all values').waitFor()
    await text.fill('{"order_id": 5, ')
    expect(await dialog.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true)
  })

  it.each(VIEWS)('has no accessibility findings, and fits into the window: %s', async (name, options) => {
    const one = await open(options)
    await one.page.getByRole('dialog').getByRole('button', { name: 'Start' }).click()
    await one.page.getByText('Enter a value.').first().waitFor()

    await expectSound(one)
    await picture(one, `workflow-run-${name}`)
  })
})
