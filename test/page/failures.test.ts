/** Failed executions on the page: the first failed task, reasons of skips, notes, contexts, and logs. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Download } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const NIGHTLY = fileURLToPath(new URL('scripts/nightly.py', import.meta.url))
const INPUT = '{"day": "2030-01-31", "big": 123456789012345678901234567890, "one": 1.0}'

describePage('a failed execution', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  let failed: string
  beforeAll(async () => {
    served = await site.serve([site.terminal.write('nightly.py', readFileSync(NIGHTLY, 'utf8'))])
    api = new PageApi(served.url)
    const headers = { 'content-type': 'application/json', origin: served.url.replace(/\/$/, '') }
    const url = `${served.url.replace(/\/$/, '')}/api/v1/workflows/nightly/executions`
    failed = ((await (await fetch(url, { method: 'POST', headers, body: INPUT })).json()) as { id: string }).id
    await api.ended(failed)
    await api.post(`/executions/${failed}/retry`, { note: 'the price list was missing; Ä is <b>on call</b>' })
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.isLive()
    return one
  }

  const savedText = async (download: Download) => {
    const path = join(site.terminal.folder, download.suggestedFilename())
    await download.saveAs(path)
    return readFileSync(path, 'utf8')
  }

  it.each(VIEWS)('opens with the traceback of its first failed task in the window: %s', async (name, options) => {
    const one = await visit(`/executions/${failed}`, options)
    const panel = one.page.getByRole('complementary', { name: 'Task score' })
    await panel.waitFor()
    // The panel has its final place when the parts above it are loaded.
    const bottom = async () => {
      const box = await panel.locator('.traceback').first().boundingBox()
      return (box?.y ?? 0) + (box?.height ?? Number.POSITIVE_INFINITY)
    }

    await expect.poll(bottom, UNTIL).toBeLessThan(options.viewport.height)
    expect(await panel.locator('.traceback').first().textContent()).toMatch(/ValueError: row 17 has no price/)
    expect(await panel.locator('.attempt').first().textContent()).toContain('Attempt 3 of 3 failed in')
    expect(await one.page.locator('.gantt-row[data-task="score"] .task-name').textContent()).toContain('3 of 3')
    await one.page.locator('.log-row').first().waitFor()
    await expectSound(one)
    await picture(one, `execution-failed-${name}`)

    await one.page.keyboard.press('i')
    await one.page.locator('.stored-text pre').waitFor()
    await expectSound(one)
    await picture(one, `execution-input-${name}`)
    await one.page.keyboard.press('Escape')
    await panel.waitFor({ state: 'hidden' })
    await one.page.reload()
    await one.page.locator('.gantt-row').first().waitFor()
    expect(await panel.count()).toBe(0)
  })

  it('shows the rules of skipped tasks as they are declared, and the states of the tasks in them', async () => {
    const { page } = await visit(`/executions/${failed}?task=publish`)
    const panel = page.locator('.task-panel')

    await panel.getByText(`because its rule succeeded('score') is not met: "score" failed.`).waitFor()
    await panel.getByText(`runs if succeeded('score')`).waitFor()
    expect(await page.locator('.gantt-row[data-task="alarm"] .track-note').textContent()).toBe(
      `skipped: its rule all of (failed('score'), succeeded('publish')) is not met: ` +
        '"score" failed, "publish" was skipped.',
    )
  })

  it('shows the notes of actions, and its exact input and context in the page', async () => {
    const one = await visit(`/executions/${failed}`)
    const { page } = one
    await page.getByText('the price list was missing; Ä is <b>on call</b>').waitFor()
    await page.getByRole('button', { name: /^input/ }).click()
    const text = page.getByRole('region', { name: 'Input' }).locator('pre')
    await text.waitFor()

    expect(await text.textContent()).toBe(
      '{\n  "day": "2030-01-31",\n  "big": 123456789012345678901234567890,\n  "one": 1.0\n}',
    )
    expect(page.url()).toContain('show=input')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy the input' }).click()
    await page.getByText('Copied the input').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(INPUT)
    await page.keyboard.press('o')
    await page.getByRole('region', { name: 'Context' }).locator('pre').waitFor()
    await page.getByRole('button', { name: 'Close the context' }).click()
    expect(page.url()).not.toContain('show')
    expect(one.complaints).toEqual([])
  })

  it('filters the log by stream and level, copies the shown lines, and downloads them', async () => {
    const { page } = await visit(`/executions/${failed}`)
    const lines = page.locator('.log-row')
    await page.getByLabel('Stream').selectOption('stderr')
    await expect.poll(() => lines.count()).toBe(3)
    await page.getByLabel('Stream').selectOption('')
    await page.getByLabel('Minimum level').selectOption('ERROR')
    await expect.poll(() => lines.allTextContents()).toEqual(Array(3).fill(expect.stringContaining('cannot score')))
    expect(page.url()).toContain('level=ERROR')

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy the log' }).click()
    await page.getByText('Copied the log').waitFor()
    const copied = String(await page.evaluate('navigator.clipboard.readText()'))
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download' }).click()
    const download = await downloading

    expect(copied.split('\n')).toEqual([
      expect.stringMatching(/^\d{4}-.* score ERROR cannot score$/),
      expect.stringMatching(/ score #2 ERROR cannot score$/),
      expect.stringMatching(/ score #3 ERROR cannot score$/),
      '',
    ])
    expect(download.suggestedFilename()).toBe(`${failed}.log`)
    expect(await savedText(download)).toBe(copied)
  })

  it('finds an error after more lines than the page reads, and downloads all lines', async () => {
    const id = await api.run('talkative')
    const { page } = await visit(`/executions/${id}`)
    await page.getByText('20,000 lines').waitFor()
    await page.getByLabel('Minimum level').selectOption('ERROR')
    await page.locator('.log-row', { hasText: 'the needle' }).waitFor()
    await page.getByLabel('Minimum level').selectOption('')
    await page.getByText('20,000 lines').waitFor()

    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download' }).click()
    const text = await savedText(await downloading)

    expect(text.split('\n')).toHaveLength(25_002)
    expect(text).toContain('line 24999\n')
  })

  it('is in the list with its cause, which is cut only at its end', async () => {
    const wide = await visit('/executions', { viewport: { width: 1440, height: 900 } })
    const cause = wide.page.locator('.row-details', { hasText: 'score: ValueError' }).first()
    await cause.waitFor()
    const narrow = await visit('/executions', { viewport: { width: 390, height: 844 } })
    const below = narrow.page.locator('.row-details', { hasText: 'score: ValueError' }).first()

    expect(await cause.textContent()).toMatch(/score: ValueError: row 17 has no price \(2 of 5 tasks failed\)$/)
    expect(await cause.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
    expect((await below.boundingBox())?.width).toBeGreaterThan(280)
  })
})
