/**
 * Writes what became of alerts into the database, one line each, whatever their number and whether the database takes it now:
 * of each alert the newest state waits, and is tried again. Held by `alerts.ts`.
 */

import type { AlertStore, Clock } from '../engine/ports.ts'
import { toError } from '../errors.ts'
import type { AlertRow } from '../model/alert.ts'

const MOST_WAITING = 5_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

export interface AlertHistoryPorts {
  readonly store: AlertStore
  readonly clock: Clock
  readonly warn: (message: string) => void
}

export class AlertHistory {
  readonly #ports: AlertHistoryPorts
  /** By id, the newest state, in the order in which they were raised. */
  readonly #unsaved = new Map<string, AlertRow>()
  #saving: Promise<void> | null = null
  #endPause: (() => void) | null = null
  #isClosing = false
  #isFull = false

  constructor(ports: AlertHistoryPorts) {
    this.#ports = ports
  }

  /** Returns at once. */
  save(row: AlertRow): void {
    if (this.#unsaved.size >= MOST_WAITING && !this.#unsaved.has(row.id)) {
      if (!this.#isFull)
        this.#ports.warn(
          `Alert history is incomplete: new alerts are not stored while ${MOST_WAITING} alerts wait for the database.`,
        )
      this.#isFull = true
      return
    }
    this.#isFull = false
    this.#unsaved.set(row.id, row)
    this.#saving ??= this.#saveAll()
  }

  /** Tries once what waits. Never rejects. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#endPause?.()
    await this.#saving
  }

  async #saveAll(): Promise<void> {
    let failures = 0
    while (this.#unsaved.size > 0) {
      // In one tick of the event loop, so that they share a commit.
      const rows = [...this.#unsaved.values()]
      const saved = await Promise.allSettled(rows.map((row) => this.#ports.store.save(row)))
      const refused = saved.find((end) => end.status === 'rejected')
      for (const [index, row] of rows.entries()) {
        if (saved[index]?.status === 'fulfilled' && this.#unsaved.get(row.id) === row) this.#unsaved.delete(row.id)
      }
      if (refused === undefined) failures = 0
      else if (this.#isClosing) this.#giveUp(toError(refused.reason).message)
      else await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++))
    }
    this.#saving = null
  }

  #giveUp(reason: string): void {
    const count = this.#unsaved.size
    const alerts = count === 1 ? '1 alert' : `${count} alerts`
    this.#ports.warn(`Alert history is incomplete: ${alerts} could not be stored before the engine stopped: ${reason}`)
    this.#unsaved.clear()
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosing) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#ports.clock.wakeAfter(ms, resolve, 'saving alerts again')
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}
