/**
 * Reports changed files of served scripts, once per burst of events of an editor's save. Used by `serve --watch`.
 * chokidar knows how editors save, including renames, and continues when a watched file or folder is removed.
 */

import { type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { isScriptFile, isUnreadablePath } from '../../runner/script-sources.ts'
import { LinkWatch } from './links.ts'

const QUIET_MS = 100
/** Interval of checks that find a link that was switched while its watch began. */
const LOOK_AT_LINKS_EVERY_MS = 2_000

export interface FileWatchEvents {
  /** Called when changed files have stayed the same for a moment. Calls do not overlap, and must not reject. */
  changed(files: readonly string[]): Promise<void>
  /** Called once for each path that cannot be watched: the system's limit is reached, or a folder is not readable. */
  failed(error: Error): void
}

export class FileWatch {
  readonly #events: FileWatchEvents
  readonly #watcher: FSWatcher
  readonly #links: LinkWatch
  /** Files that are watched independently of their names. */
  readonly #named = new Set<string>()
  /** Files that are not watched yet, with the time from which changes are reported. */
  readonly #awaited = new Map<string, number>()
  readonly #changed = new Set<string>()
  /** Reported failures, because each check finds them again. */
  readonly #failures = new Set<string>()
  readonly #looking: NodeJS.Timeout
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  #isReady = false
  #isClosed = false

  private constructor(events: FileWatchEvents, since: number) {
    this.#events = events
    // The first event of a file is used too: its time shows changes from before the watch.
    this.#watcher = watch([], { ignoreInitial: false, ignored: (path, stats) => this.#isIgnored(path, stats) })
    this.#watcher.on('add', (file, stats) => {
      const from = this.#isReady ? this.#awaited.get(resolve(file)) : since
      this.#awaited.delete(resolve(file))
      if (from === undefined || changedAt(stats) > from) this.#note(file)
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

  /** Settles when files and folders are watched. Changes since `since` are reported. */
  static async open(paths: readonly string[], since: number, events: FileWatchEvents): Promise<FileWatch> {
    const opened = new FileWatch(events, since)
    // The watcher is ready even if parts cannot be watched, which is a separate event.
    const isReady = new Promise<void>((resolve) => opened.#watcher.once('ready', resolve))
    opened.add(paths, since)
    await isReady
    opened.#isReady = true
    opened.#awaited.clear()
    return opened
  }

  /** Adds paths. Changes after `since`, a time before they were read, are reported. */
  add(paths: readonly string[], since: number): void {
    const added = paths.filter((path) => !this.#named.has(resolve(path)))
    for (const path of added) {
      this.#named.add(resolve(path))
      if (statSync(path, { throwIfNoEntry: false }) !== undefined) this.#awaited.set(resolve(path), since)
    }
    this.#watcher.add([...added])
    for (const path of added) this.#links.add(path, since)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearInterval(this.#looking)
    await Promise.all([this.#watcher.close(), this.#links.close()])
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Each watched file uses one of the system's few watches. */
  #isIgnored(path: string, stats: Stats | undefined): boolean {
    if (this.#named.has(resolve(path))) return false
    return isUnreadablePath(path) || (stats?.isFile() === true && !isScriptFile(path))
  }

  /** Reports all of these as changed: they are other files now. */
  #lookAnew(paths: readonly string[]): void {
    if (this.#isClosed) return
    this.#watcher.unwatch([...paths])
    this.#watcher.add([...paths])
    for (const path of paths) {
      this.#links.add(path, Number.POSITIVE_INFINITY)
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

/** Returns the time of the last change in milliseconds. A file that is moved keeps its `mtime`, but not its `ctime`. */
function changedAt(stats: Stats | undefined): number {
  return Math.max(stats?.mtimeMs ?? 0, stats?.ctimeMs ?? 0)
}
