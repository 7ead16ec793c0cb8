/**
 * Differences under npm and npx. At SIGTERM, npm ends only its shell, so processes of the shell would run for ever; and
 * it starts scripts of a package in the package's folder. Called by `main.ts`, and by commands that run until stopped.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LOOK_EVERY_MS = 500
const OWN_MANIFEST = fileURLToPath(new URL('../../../package.json', import.meta.url))
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh'])
/** Process names; most package managers run in Node. */
const PACKAGE_MANAGERS = /^(npm|npx|node|MainThread|pnpm|yarn|bun)/
const FIRST_PROCESS = 1

interface SystemProcess {
  readonly pid: number
  /** Null if the system does not provide it. */
  readonly name: string | null
}

/** Read at the start, because npm may end before the first use. */
const starters = startersNow()

/** Calls back once, when npm or its shell has started this process and has ended. */
export function whenNpmIsGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined && process.env.npm_command === undefined) return
  const timer = setInterval(() => {
    if (areSame(startersNow(), starters) && !isAdopted(starters)) return
    clearInterval(timer)
    callback()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** Paths of the package's own script `cloaca` are relative to the folder in which the user typed it. */
export function returnToFolderOfCaller(): void {
  const { INIT_CWD, npm_lifecycle_event, npm_package_json } = process.env
  if (npm_lifecycle_event === 'cloaca' && npm_package_json === OWN_MANIFEST && INIT_CWD) process.chdir(INIT_CWD)
}

/** Returns the parent and, for npm's shell, its parent. An orphaned process gets another parent. */
function startersNow(): readonly SystemProcess[] {
  const parent = process.ppid
  const { name, parent: grandparent } = lookAt(parent)
  if (name === null || !SHELLS.has(name)) return [{ pid: parent, name }]
  return [
    { pid: parent, name },
    { pid: grandparent, name: lookAt(grandparent).name },
  ]
}

/** Whether the last one only adopted an orphan: npm is the first process in some containers. */
function isAdopted(starters: readonly SystemProcess[]): boolean {
  const last = starters.at(-1)
  if (last === undefined || last.name === null) return false
  return last.name === 'systemd' || (last.pid === FIRST_PROCESS && !PACKAGE_MANAGERS.test(last.name))
}

function areSame(ones: readonly SystemProcess[], others: readonly SystemProcess[]): boolean {
  return ones.length === others.length && ones.every(({ pid }, index) => pid === others[index]?.pid)
}

function lookAt(pid: number): { readonly name: string | null; readonly parent: number } {
  try {
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { name: name ?? null, parent: Number(parent) }
  } catch {
    return { name: null, parent: 0 } // Only Linux has the file.
  }
}
