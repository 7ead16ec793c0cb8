/**
 * Tells which files changed of those that served scripts are made of, once for the burst of events that an editor's save
 * makes. Used by `serve --watch`. chokidar knows the ways in which editors save, by renaming too, and goes on when a file or
 * folder that it watches is gone.
 */

import { type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { isLeftOut, isScriptFile } from '../../runner/script-sources.ts'
import { LinkWatch } from './links.ts'

const QUIET_MS = 100
/** A link that is switched at the very moment at which its watch begins is noticed by a look at it. */
const LOOK_AT_LINKS_EVERY_MS = 2_000

export interface FileWatchEvents {
  /** These files changed, and nothing did for a moment since. Never called again before it has settled; it does not reject. */
  changed(files: readonly string[]): Promise<void>
  /** Something cannot be watched: the system allows no more, or a folder cannot be read. Called once for each. */
  failed(error: Error): void
}

export class FileWatch {
  readonly #events: FileWatchEvents
  readonly #watcher: FSWatcher
  readonly #links: LinkWatch
  /** Watched whatever their names are. */
  readonly #named = new Set<string>()
  /** Files that are not watched yet, with the instant from which on they count as changed. */
  readonly #awaited = new Map<string, number>()
  readonly #changed = new Set<string>()
  /** What was said of it: each look at the same finds the same. */
  readonly #failures = new Set<string>()
  readonly #looking: NodeJS.Timeout
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  #isReady = false
  #isClosed = false

  private constructor(events: FileWatchEvents, since: number) {
    this.#events = events
    // The first sight of a file is reported too: what was saved before is seen by its time, and what is saved after, watched.
    this.#watcher = watch([], { ignoreInitial: false, ignored: (path, stats) => this.#isIgnored(path, stats) })
    this.#watcher.on('add', (file, stats) => {
      const from = this.#isReady ? this.#awaited.get(resolve(file)) : since
      this.#awaited.delete(resolve(file))
      if (from === undefined || (stats?.mtimeMs ?? 0) > from) this.#note(file)
    })
    this.#watcher.on('change', (file) => this.#note(file))
    this.#watcher.on('unlink', (file) => {
      this.#awaited.delete(resolve(file))
      this.#note(file)
    })
    const failed = (thrown: unknown) => this.#fail(thrown as Error)
    this.#watcher.on('error', failed)
    this.#links = new LinkWatch({ switched: (paths) => this.#lookAnew(paths), failed })
    this.#looking = setInterval(() => this.#links.look(), LOOK_AT_LINKS_EVERY_MS)
  }

  /** Settles when it watches these files and folders: what changed between `since` and then counts as changed. */
  static async open(paths: readonly string[], since: number, events: FileWatchEvents): Promise<FileWatch> {
    const opened = new FileWatch(events, since)
    // It gets ready though some of it cannot be watched, which is an event of its own.
    const isReady = new Promise<void>((resolve) => opened.#watcher.once('ready', resolve))
    opened.add(paths, since)
    await isReady
    opened.#isReady = true
    opened.#awaited.clear()
    return opened
  }

  /** Watches these, too. What changed after `since`, an instant before they were read, counts as changed. */
  add(paths: readonly string[], since: number): void {
    const added = paths.filter((path) => !this.#named.has(resolve(path)))
    for (const path of added) {
      this.#named.add(resolve(path))
      // What is not there yet counts as changed when it is.
      if (statSync(path, { throwIfNoEntry: false }) !== undefined) this.#awaited.set(resolve(path), since)
    }
    this.#watcher.add([...added])
    for (const path of added) this.#links.add(path, since)
  }

  /** Nothing is reported any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearInterval(this.#looking)
    await Promise.all([this.#watcher.close(), this.#links.close()])
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Each file that is watched takes a place of which the system has few. */
  #isIgnored(path: string, stats: Stats | undefined): boolean {
    if (this.#named.has(resolve(path))) return false
    return isLeftOut(path) || (stats?.isFile() === true && !isScriptFile(path))
  }

  /** All of these count as changed: they are other files now. */
  #lookAnew(paths: readonly string[]): void {
    if (this.#isClosed) return
    this.#watcher.unwatch([...paths])
    this.#watcher.add([...paths])
    for (const path of paths) {
      this.#links.add(path, Number.POSITIVE_INFINITY) // there may be other links on its way
      this.#note(path)
    }
  }

  #fail(error: Error): void {
    if (this.#failures.has(error.message)) return
    this.#failures.add(error.message)
    this.#events.failed(error)
  }

  #note(file: string): void {
    if (this.#isClosed || !(isScriptFile(file) || this.#named.has(resolve(file)))) return
    this.#changed.add(file)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#notify(), QUIET_MS)
  }

  async #notify(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    while (this.#changed.size > 0 && !this.#isClosed) {
      const files = [...this.#changed]
      this.#changed.clear()
      await this.#events.changed(files)
    }
    this.#isBusy = false
  }
}
