/**
 * Setup that runs once before the tests of the page: builds the page, and starts the browser that all tests share.
 * Without Chromium the tests are skipped with a warning, or fail in CI, where Chromium is installed.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { ROOT } from './source-tree.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the browser, or null without Chromium. */
    readonly browser: string | null
  }
}

/**
 * The headless shell comes first: Chromium 156 starts a renderer for each tab strip that nobody sees, so that 33 tests
 * took 70 s instead of 32 s on two busy cores.
 */
const NAMES = [
  ...['chromium-headless-shell', 'chrome-headless-shell'],
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'],
]

/** Returns the path in `CHROMIUM`, or of a browser with a usual name, or null. */
export function chromiumPath(): string | null {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const applications = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
  return [...paths, applications].find((path) => existsSync(path)) ?? null
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build-page.ts')], { stdio: 'inherit' })
  const executablePath = chromiumPath()
  if (executablePath === null) {
    if (process.env.CI && !process.env.CLOACA_WITHOUT_BROWSER) {
      throw new Error('There is no Chromium: set CHROMIUM to its path, or CLOACA_WITHOUT_BROWSER=1 to go without.')
    }
    console.warn('The tests of the page are skipped: there is no Chromium. Install one, or set CHROMIUM to its path.')
    project.provide('browser', null)
    return async () => undefined
  }
  const server = await chromium.launchServer({ executablePath, args: ['--no-sandbox'] })
  project.provide('browser', server.wsEndpoint())
  return () => server.close()
}
