/**
 * What is different where npm or npx has started the command. npm ends its shell at SIGTERM and nobody else, so that what
 * the shell has started would go on for ever; and it starts the scripts of a package in the package's folder. Called by
 * `main.ts`, `serve.ts` and `run.ts`.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LOOK_EVERY_MS = 500
const OWN_MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url))
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh'])

/** Calls back once, when npm or its shell has started this process and is gone. */
export function whenNpmIsGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined && process.env.npm_command === undefined) return
  const starters = startersNow()
  const timer = setInterval(() => {
    if (startersNow() === starters) return
    clearInterval(timer)
    callback()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** The script `cloaca` of this package itself is a command: its paths mean the folder that it was typed in. */
export function returnToFolderOfCaller(): void {
  const { INIT_CWD, npm_lifecycle_event, npm_package_json } = process.env
  if (npm_lifecycle_event === 'cloaca' && npm_package_json === OWN_MANIFEST && INIT_CWD) process.chdir(INIT_CWD)
}

/** The parent and, where that is npm's shell, its parent. A process whose parent is gone gets another. */
function startersNow(): string {
  const parent = process.ppid
  try {
    const [, name, rest] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${parent}/stat`, 'utf8')) ?? []
    return name !== undefined && SHELLS.has(name) ? `${parent} ${rest}` : `${parent}`
  } catch {
    return `${parent}` // no such file outside Linux
  }
}
