/**
 * What is different where npm or npx has started the command. npm ends its shell at SIGTERM and nobody else, so that what
 * the shell has started would go on for ever; and it starts the scripts of a package in the package's folder. Called by
 * `main.ts`, and by the commands that go on until they are told to stop.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LOOK_EVERY_MS = 500
const OWN_MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url))
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh'])
/** As the system names their processes; most run in Node. */
const PACKAGE_MANAGERS = /^(npm|npx|node|MainThread|pnpm|yarn|bun)/
const FIRST_PROCESS = 1

interface SystemProcess {
  readonly pid: number
  /** Null where the system does not tell. */
  readonly name: string | null
}

/** At the very start: npm may be gone before anybody asks. */
const starters = startersNow()

/** Calls back once, when npm or its shell has started this process and is gone. */
export function whenNpmIsGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined && process.env.npm_command === undefined) return
  const timer = setInterval(() => {
    if (areSame(startersNow(), starters) && !isAdopted(starters)) return
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
function startersNow(): readonly SystemProcess[] {
  const parent = process.ppid
  const { name, parent: grandparent } = lookAt(parent)
  if (name === null || !SHELLS.has(name)) return [{ pid: parent, name }]
  return [
    { pid: parent, name },
    { pid: grandparent, name: lookAt(grandparent).name },
  ]
}

/** Whether the last of them only took over whose parent was gone already: npm is the first process in some containers. */
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
    return { name: null, parent: 0 } // no such file outside Linux
  }
}
