/**
 * Attempts of the tasks that the executor runs: stores that a task is Running, calls the host, and applies the result.
 * Owned by `executor.ts`, which grants the slots and stores the changes.
 *
 * States of an attempt:
 *   holds a slot -> being marked Running in the store -> in the host -> ended
 */

import type { AttemptOutcome } from '../../../model/execution.ts'
import type { LimitKey } from '../../../model/limits/limits.ts'
import type { LogPieceSink } from '../../../model/logs/log-record.ts'
import type { RunLimit } from '../../clock-port.ts'
import type { EnginePorts } from '../../engine-options.ts'
import { limitKeys } from '../../limits/limit-keys.ts'
import type { AttemptRef } from '../../log-ports.ts'
import type { ExecutionView, Memories, NotStarted, TriedLater } from '../../ports.ts'
import type { Run } from '../execution-run.ts'
import type { RunUpdate } from '../run-update.ts'
import type { SlotLease } from '../slots.ts'
import { PARKED_FOR_NOTHING, refusedTryLater, withoutRejection } from './settled.ts'

/** Delays before a task starts again: its script may be loaded by then, or the heartbeat renewed. */
const UNSERVED_AGAIN_AFTER_MS = 1_000
const LATE_AGAIN_AFTER_MS = 100

interface AttemptOwner {
  /** Stores the changes of a step, and starts its ready tasks. */
  follow(run: Run, step: RunUpdate, at: number): void
  /** Starts no further tasks of an execution. `isElsewhere`: another script declares its workflow. */
  leave(run: Run, isElsewhere: boolean): void
  /** Called when the store has made a task wait for a slot of a limit. */
  limited(run: Run): void
  /** Called when an attempt has ended, after its changes were added. */
  ended(run: Run): void
}

export class Attempts {
  readonly #ports: EnginePorts
  readonly #memories: Memories
  readonly #owner: AttemptOwner
  /** Descriptions of the running attempts, for logs. */
  readonly #underWay = new Map<symbol, string>()
  #count = 0
  #isStopped = false

  constructor(ports: EnginePorts, memories: Memories, owner: AttemptOwner) {
    this.#ports = ports
    this.#memories = memories
    this.#owner = owner
  }

  /** Number of attempts that hold a slot or have lent it. */
  get count(): number {
    return this.#count
  }

  underWay(): readonly string[] {
    return [...this.#underWay.values()]
  }

  /** Drops outcomes that arrive later. */
  stop(): void {
    this.#isStopped = true
  }

  /** Starts an attempt when its beginning is stored. */
  begin(run: Run, index: number, lease: SlotLease): void {
    const at = this.#ports.clock.now()
    const queuedAt = run.unqueue(index)
    let inputText: string
    let limits: readonly LimitKey[]
    try {
      inputText = run.state.inputText(index)
      limits = this.#limitsOf(run, index, inputText)
    } catch (thrown) {
      this.#owner.follow(run, run.state.failInput(index, thrown, at), at)
      lease.end()
      return
    }
    this.#count += 1
    run.attempts += 1
    const view = run.state.view()
    // Before the store takes the slots: a later lease does not include them.
    const { runLimit } = this.#ports.heartbeat
    run.settlements.add([run.state.begin(index, at, limits)], null, (isStored) => {
      if (!isStored || this.#isStopped) this.#ended(run, lease)
      // The store refused its beginning, because a limit has no free slot.
      else if (run.state.task(index).status !== 'Running') this.#limited(run, index, lease)
      // Paused or cancelled since then: the task does not start, although it is stored as Running.
      else if (run.phase !== 'running') this.#takeBack(run, index, lease)
      // Its lease has ended since then: others may have taken its slots.
      else if (limits.length > 0 && runLimit.until <= this.#ports.clock.monotonic())
        this.#takeBack(run, index, lease, LATE_AGAIN_AFTER_MS)
      else void this.#attempt(run, index, { inputText, view, queuedAt, limits, runLimit }, lease)
    })
  }

  /** Returns the slots that a task with this input needs. Throws if the input has no usable value of a `per`. */
  #limitsOf(run: Run, index: number, inputText: string): readonly LimitKey[] {
    const names = run.state.definition(index)?.limits ?? []
    if (names.length === 0) return []
    const { registry, codec } = this.#ports
    return limitKeys(names, registry.current().limits, inputText, codec)
  }

  #limited(run: Run, index: number, lease: SlotLease): void {
    const { id: executionId, workflow } = run.state
    const { status, wait } = run.state.task(index)
    if (status === 'Waiting' && wait?.kind === 'limit') {
      const { limit, value, openedAt: at } = wait
      this.#ports.events.emit('taskLimited', {
        executionId,
        workflow,
        taskId: run.state.taskId(index),
        limit,
        value,
        at,
      })
    }
    this.#ended(run, lease)
    this.#owner.limited(run)
  }

  #notStarted(run: Run, index: number, { isUnserved, isLate }: NotStarted, lease: SlotLease): void {
    const declared = this.#ports.registry.current().workflows.get(run.state.workflow)
    const isGone = isUnserved && declared?.script !== run.state.script
    if (isGone) this.#owner.leave(run, declared !== undefined)
    const waitMs = isLate ? LATE_AGAIN_AFTER_MS : 0
    this.#takeBack(run, index, lease, isUnserved && !isGone ? UNSERVED_AGAIN_AFTER_MS : waitMs)
  }

  #takeBack(run: Run, index: number, lease: SlotLease, againAfterMs = 0): void {
    const at = this.#ports.clock.now()
    this.#owner.follow(run, run.state.takeBack(index, at, againAfterMs), at)
    this.#ended(run, lease)
  }

  async #attempt(
    run: Run,
    index: number,
    { inputText, view, queuedAt, limits, runLimit }: Beginning,
    lease: SlotLease,
  ): Promise<void> {
    const { host, clock, config, events, heartbeat } = this.#ports
    const names = { executionId: run.state.id, workflow: run.state.workflow, taskId: run.state.taskId(index) }
    const attempt = run.state.attempts(index)
    const startedAt = clock.now()
    const begunAt = clock.monotonic()
    if (queuedAt !== null) run.counters.queueWait.observe(Math.max(0, startedAt - queuedAt))
    events.emit('taskStarted', { ...names, attempt, at: startedAt })
    const key = Symbol(names.taskId)
    this.#underWay.set(key, `task '${names.taskId}' of workflow '${names.workflow}'`)
    const { priority } = run.state.execution
    const hasLimits = limits.length > 0
    const memory = this.#memories.memoryOf({ ...names, chainId: run.chainId, priority, slot: lease, hasLimits })
    const result = await withoutRejection(
      host.runTask({
        ...names,
        attempt,
        script: run.state.script,
        runs: run.state.definition(index)?.runs,
        inputText,
        deadlineMs: run.state.definition(index)?.timeoutMs ?? config.taskTimeoutMs,
        startLimit: heartbeat.startLimit,
        ...(hasLimits && { runLimit }),
        slot: lease,
        view,
        memory,
        stopping: run.stopping,
        log: this.#logOf({ executionId: names.executionId, taskId: names.taskId, attempt }),
      }),
    )
    this.#underWay.delete(key)
    if (this.#isStopped) return
    if (run.phase === 'released') return this.#ended(run, lease)

    if (result.kind === 'notStarted') return this.#notStarted(run, index, result, lease)
    const at = clock.now()
    const { parkedFor } = memory
    if (result.kind === 'parked' && parkedFor !== null) {
      events.emit('taskParked', { ...names, attempt, childId: parkedFor, at })
      this.#owner.follow(run, run.state.park(index, parkedFor, at), at)
      return this.#ended(run, lease)
    }
    if (result.kind === 'tryLater') {
      const refused = refusedTryLater(result, names.taskId, limits, run.state.task(index).triesLater, config.triesLater)
      if (refused === null) return this.#tryLater(run, index, result, limits, lease)
      return this.#settle(run, index, refused, { queuedAt, startedAt, begunAt }, lease)
    }
    const outcome = result.kind === 'parked' ? PARKED_FOR_NOTHING : result
    this.#settle(run, index, outcome, { queuedAt, startedAt, begunAt }, lease)
  }

  #tryLater(
    run: Run,
    index: number,
    { delayMs, limit }: TriedLater,
    limits: readonly LimitKey[],
    lease: SlotLease,
  ): void {
    const { clock, events } = this.#ports
    const at = clock.now()
    const { id: executionId, workflow } = run.state
    const attempt = run.state.attempts(index)
    events.emit('taskTriesLater', {
      executionId,
      workflow,
      taskId: run.state.taskId(index),
      attempt,
      delayMs,
      limit,
      at,
    })
    const close = limits.find(({ name }) => name === limit) ?? null
    this.#owner.follow(run, run.state.tryLater(index, delayMs, close, at), at)
    this.#ended(run, lease)
  }

  #settle(run: Run, index: number, outcome: AttemptOutcome, times: AttemptTimes, lease: SlotLease): void {
    const { clock, events, random } = this.#ports
    const at = clock.now()
    const { queuedAt, startedAt, begunAt } = times
    const names = { executionId: run.state.id, workflow: run.state.workflow, taskId: run.state.taskId(index) }
    const attempt = run.state.attempts(index)
    run.counters.taskDuration.observe(clock.monotonic() - begunAt)
    run.counters.attempts[outcome.kind] += 1
    const error = outcome.kind === 'completed' ? null : outcome.error
    const { taskId } = names
    run.settlements.addAttempt({ taskId, attempt, outcome: outcome.kind, queuedAt, startedAt, endedAt: at, error })
    if (outcome.kind === 'cancelled') for (const script of outcome.lostScripts) run.lostScripts.add(script)
    const step = run.state.settle(index, outcome, at, random())
    const retry = step.ready.find((task) => task.index === index)
    if (retry !== undefined && outcome.kind !== 'completed') {
      run.counters.retries += 1
      events.emit('taskRetried', { ...names, attempt, error: outcome.error, retryAt: retry.notBeforeAt ?? at })
    }
    this.#owner.follow(run, step, at)
    this.#ended(run, lease)
  }

  #logOf(attempt: AttemptRef): LogPieceSink {
    const { store, config } = this.#ports
    return (piece) => store.logs.append(attempt, piece, config.attemptLogBytes)
  }

  #ended(run: Run, lease: SlotLease): void {
    run.attempts -= 1
    lease.end()
    this.#count -= 1
    this.#owner.ended(run)
  }
}

interface Beginning {
  readonly inputText: string
  readonly view: ExecutionView
  /** Time when its task requested a slot, or null if that was before this process started. */
  readonly queuedAt: number | null
  /** Slots that it has taken. */
  readonly limits: readonly LimitKey[]
  /** Limit of the lease under which it has taken them. */
  readonly runLimit: RunLimit
}

interface AttemptTimes {
  readonly queuedAt: number | null
  readonly startedAt: number
  /** Monotonic. */
  readonly begunAt: number
}
