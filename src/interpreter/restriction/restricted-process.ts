/**
 * Changes of `interpreter.ts` and `interpreter-session.ts` for a restricted interpreter, loaded only for one. The order
 * matters: hide prototypes before Pyodide is loaded, guard files after their rules, seal the process when all is
 * loaded, before the first line of a script.
 */

import { readlinkSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { loadPyodide, PyodideAPI } from 'pyodide'
import type { StartData } from '../../border/protocol.ts'
import { forbidSystemCalls } from '../../native/restriction/confinement.ts'
import { ChildProcesses } from '../children/child-processes.ts'
import type { Files, Host, Signals, Waits } from '../python-border.ts'
import { FileGrants } from './file-grants.ts'
import { freezeIntrinsics } from './frozen-intrinsics.ts'
import { guardFiles, mountGranted } from './granted-folders.ts'
import { keepNodes } from './kept-nodes.ts'
import { NativeModules } from './native-modules.ts'
import { hidePrototypes, noGlobals, withoutPrototypes } from './python-objects.ts'
import { RestrictedSockets } from './restricted-sockets.ts'
import { RestrictedSqlite } from './restricted-sqlite.ts'
import { sealProcess } from './sealed-process.ts'

type Grants = NonNullable<StartData['grants']>

/** Maximum number of reported refusals, so that a script that tries everything does not fill the log. */
const SAID_REFUSALS = 20

export class RestrictedProcess {
  readonly sockets: RestrictedSockets
  readonly sqlite: RestrictedSqlite
  readonly children: ChildProcesses
  readonly #grants: Grants
  readonly #files: FileGrants
  /** Null where scripts may call native code. */
  readonly #nativeModules: NativeModules | null
  readonly #say: (message: string) => void
  readonly #said = new Set<string>()
  #hide: () => void = () => undefined
  #pyodide: PyodideAPI | null = null

  constructor(grants: Grants, setEvent: (event: number) => void, say: (message: string) => void) {
    this.#grants = grants
    this.#files = new FileGrants(grants)
    this.#say = say
    const refusedFile = (path: string, isToWrite: boolean): void => this.#refusedFile(path, isToWrite)
    this.sockets = new RestrictedSockets(setEvent, {
      net: grants.net,
      files: this.#files,
      refused: (place) => this.#refused(place, `may not use ${place} on the network`, `--allow-net "${place}"`),
      refusedPath: (path) =>
        this.#refused(path, `may not use the socket "${path}"`, `--allow-write "${dirname(path)}" and --allow-net`),
    })
    this.sqlite = new RestrictedSqlite(setEvent, this.#files, refusedFile)
    const refusedModule = (path: string): void =>
      this.#refused(path, `may not load "${path}", because it can write to this file`, '--allow-ffi')
    this.#nativeModules = grants.ffi ? null : new NativeModules(this.#files, refusedModule)
    this.children = new RefusedChildren(setEvent, () => this.#refused('a program', 'may not start programs', null))
  }

  /** Called before Pyodide is loaded. */
  loadOptions(): NonNullable<Parameters<typeof loadPyodide>[0]> {
    this.#hide = hidePrototypes()
    this.#nativeModules?.intercept()
    return noGlobals()
  }

  mountFolders(pyodide: PyodideAPI, { process }: Pick<StartData, 'process'>): void {
    this.#pyodide = pyodide
    mountGranted(pyodide, this.#grants, process.cwd)
  }

  /** Called once all other rules of files are in place. */
  guard(pyodide: PyodideAPI, files: Files): Files {
    guardFiles(pyodide, this.#files, (path, isToWrite) => this.#refusedFile(path, isToWrite))
    keepNodes(pyodide, this.#files, (path) => this.#refusedFile(path, true))
    return {
      ...files,
      link: (source, target) => (this.#mayLink(source, target) ? files.link(source, target) : 'EACCES'),
      make_named_pipe: (path, mode) => (this.#mayWrite(path) ? files.make_named_pipe(path, mode) : 'EACCES'),
    }
  }

  signals(signals: Signals): Signals {
    const own = process.pid
    return { ...signals, kill: (pid, signum) => (pid === own ? signals.kill(pid, signum) : this.#refuseSignal(pid)) }
  }

  /** Called last, when everything is loaded. */
  seal(host: Host): Host {
    if (this.#pyodide !== null) this.#nativeModules?.connect(this.#pyodide)
    sealProcess()
    const problem = process.platform === 'linux' ? forbidSystemCalls(this.#grants.net.length > 0) : ''
    if (problem !== '')
      this.#say(
        `Restricted scripts run without a system call filter, because the kernel rejected the filter: ${problem}.`,
      )
    freezeIntrinsics(this.sqlite.classes)
    this.#hide()
    return withoutPrototypes(host)
  }

  #mayWrite(path: string): boolean {
    const isAllowed = this.#files.mayWrite(path)
    if (!isAllowed) this.#refusedFile(path, true)
    return isAllowed
  }

  /** A second name for a file is as good as the file. */
  #mayLink(source: string, target: string): boolean {
    return this.#mayWrite(source) && this.#mayWrite(target)
  }

  #refuseSignal(pid: number): string {
    this.#refused('a signal', `may not send a signal to another process (${pid})`, null)
    return 'EPERM'
  }

  #refusedFile(path: string, isToWrite: boolean): void {
    const target = whereLinkLeads(path)
    const [verb, flag] = isToWrite ? ['write', '--allow-write'] : ['read', '--allow-read']
    const isKept = isToWrite && this.#files.isKept(target)
    const problem = `may not ${verb} "${target}"${isKept ? ', because the next start loads this file' : ''}`
    this.#refused(`${verb} ${target}`, problem, `${flag} "${isKept ? target : dirname(target)}"`)
  }

  /** Reports each refusal once. `remedy`: the option that grants it, if any. */
  #refused(what: string, problem: string, remedy: string | null): void {
    if (this.#said.has(what) || this.#said.size > SAID_REFUSALS) return
    this.#said.add(what)
    if (this.#said.size > SAID_REFUSALS) this.#say('Further rejected operations of restricted scripts are not logged.')
    else if (remedy === null) this.#say(`A restricted script ${problem}.`)
    else this.#say(`A restricted script ${problem}. To allow it: ${remedy}`)
  }
}

interface RestrictableFunctions {
  readonly waits: Pick<Waits, 'set_event'>
  readonly signals: Signals
  notice(message: string): void
}

/** Returns the functions of a session, limited to the grants. */
export function restrictedFunctions<Functions extends RestrictableFunctions>(functions: Functions, grants: Grants) {
  const restriction = new RestrictedProcess(grants, (event) => functions.waits.set_event(event), functions.notice)
  const { sockets, sqlite, children } = restriction
  const signals = restriction.signals(functions.signals)
  return { restriction, functions: { ...functions, sockets, sqlite, children, signals } }
}

/** Returns the path that must be granted, which for a link is its target. */
function whereLinkLeads(path: string): string {
  const whole = resolve(path)
  try {
    return resolve(dirname(whole), readlinkSync(whole))
  } catch {
    return whole
  }
}

class RefusedChildren extends ChildProcesses {
  readonly #refused: () => void

  constructor(setEvent: (event: number) => void, refused: () => void) {
    super({ setEvent, isProgram: () => false, notice: () => undefined })
    this.#refused = refused
  }

  override spawn(): string {
    this.#refused()
    return 'program:EACCES'
  }
}
