/**
 * Benchmark of the screens of the page with a large database: time to the first rows, and longest task of the main
 * thread while a screen is loaded and scrolled.
 */

import type { Browser, Page } from 'playwright-core'
import type { Figure } from './figure.ts'

const SAMPLES = 5
const ROWS_WITHIN_MS = 300
const LONGEST_MS = 50
const SCROLLED_MS = 2_000
const STEP_MS = 50

/** Script that runs before the page, and records the time of the first rows and tasks of 50 ms or more. */
const WATCH = `
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })
  new MutationObserver((_, observer) => {
    if (document.querySelector('main :is([data-row], [data-task], tbody tr, .empty)') === null) return
    window.rowsAt = performance.now()
    observer.disconnect()
  }).observe(document, { childList: true, subtree: true })`

/** Returns two figures for each screen. `url`: address of an engine with the database. */
export async function screenFigures(browser: Browser, url: string, screens: readonly string[]): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const screen of screens) {
    const rows: number[] = []
    const tasks: number[] = []
    for (let sample = 0; sample < SAMPLES; sample++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      await page.addInitScript(WATCH)
      await page.goto(`${url}${screen}`)
      await page.waitForFunction('window.rowsAt !== undefined')
      rows.push(await page.evaluate<number>('window.rowsAt'))
      if (sample === SAMPLES - 1) await scroll(page)
      tasks.push(...(await page.evaluate<number[]>('window.longTasks')))
      await context.close()
    }
    const value = rows.sort((one, other) => one - other)[Math.floor(SAMPLES / 2)] ?? Number.NaN
    figures.push({ name: `first rows of ${screen}`, value, unit: 'ms', budget: ROWS_WITHIN_MS })
    const note = `${tasks.length} of 50 ms or more in ${SAMPLES} visits`
    figures.push({
      name: `longest task of ${screen}`,
      value: Math.max(0, ...tasks),
      unit: 'ms',
      budget: LONGEST_MS,
      note,
    })
  }
  return figures
}

async function scroll(page: Page): Promise<void> {
  await page.mouse.move(700, 500)
  for (let step = 0; step * STEP_MS < SCROLLED_MS; step++) {
    await page.mouse.wheel(0, step % 20 < 14 ? 300 : -500)
    await page.waitForTimeout(STEP_MS)
  }
}
