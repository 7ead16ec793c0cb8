/**
 * Client end of a connection, with the methods and events of `pg.Client` that the store and the pool use. Statements go
 * to its backend, and results return in turns of the event loop of its process.
 */

import { EventEmitter } from 'node:events'
import type { Client, ClientConfig, Notification } from 'pg'
import type { Driver } from '../../../src/store/postgres/session/address.ts'
import type { Value } from '../../../src/store/store-session.ts'
import type { Answer } from './real-connections.ts'
import { type Statement, statementOf } from './statements.ts'

type Callback<Result> = (error: Error | null, result?: Result) => void

/** Server end of a connection. Each callback is called in a turn of the process. */
export interface ServerEnd {
  connect(config: ClientConfig, answer: (error: Error | null) => void): void
  ask(statement: Statement, answer: Callback<Answer>): void
  /** Ends the connection, and calls back after the results of all previous statements. */
  terminate(answer: () => void): void
}

export type Connector = (client: SimulatedClient) => ServerEnd

/** Returns a driver whose clients are connected by the given function, without limits in real time. */
export function simulatedDriver(connector: Connector): Driver {
  class ClientOfProcess extends SimulatedClient {
    constructor(config: ClientConfig) {
      super(config, connector)
    }
  }
  return {
    Client: ClientOfProcess as unknown as new (config?: ClientConfig) => Client,
    timeouts: { connectionTimeoutMillis: 0, idleTimeoutMillis: 0 },
  }
}

export class SimulatedClient extends EventEmitter {
  readonly #config: ClientConfig
  readonly #server: ServerEnd
  /** Callbacks of the statements without a result, in their order. */
  readonly #unanswered: Callback<Answer>[] = []
  #connecting: Callback<SimulatedClient> | null = null
  #atEnd: (() => void)[] = []
  #state: 'new' | 'open' | 'ended' = 'new'
  // The pool reads these two properties of a client.
  _queryable = true
  _ending = false

  constructor(config: ClientConfig, connector: Connector) {
    super()
    this.#config = config
    this.#server = connector(this)
  }

  get isOpen(): boolean {
    return this.#state === 'open' && !this._ending
  }

  connect(callback?: Callback<SimulatedClient>): Promise<SimulatedClient> | undefined {
    return promised(callback, (settle) => {
      this.#connecting = settle
      this.#state = 'open'
      this.#server.connect(this.#config, (error) => this.#connected(error))
    })
  }

  query(
    text: string,
    values?: readonly Value[] | Callback<Answer>,
    callback?: Callback<Answer>,
  ): Promise<Answer> | undefined {
    const given = typeof values === 'function' ? undefined : values
    return promised(typeof values === 'function' ? values : callback, (settle) => {
      const why = this.#whyNot()
      if (why !== null) return process.nextTick(() => settle(new Error(why)))
      this.#unanswered.push(settle)
      this.#server.ask(statementOf(text, given), (error, result) => {
        if (this.#state === 'ended') return
        this.#unanswered.shift()?.(error, result)
      })
    })
  }

  end(callback?: () => void): Promise<void> | undefined {
    this._ending = true
    return promised(callback, (settle) => {
      if (this.#state !== 'open') return settle(null)
      this.#atEnd.push(() => settle(null))
      if (this.#atEnd.length === 1) this.#server.terminate(() => this.#ended())
    })
  }

  ref(): void {}

  unref(): void {}

  /** Reports the loss of the connection. Called in a turn of the process. */
  lost(error: Error): void {
    if (this.#state !== 'open') return
    const connecting = this.#connecting
    this.#connecting = null
    this._queryable = false
    for (const settle of this.#unanswered.splice(0)) process.nextTick(() => settle(error))
    if (connecting !== null) connecting(error)
    else if (!this._ending) this.emit('error', error)
    this.#ended()
  }

  /** Emits a notification. Called in a turn of the process. */
  notified(notification: Notification): void {
    if (this.#state === 'open') this.emit('notification', notification)
  }

  #connected(error: Error | null): void {
    if (error !== null) {
      this.lost(error)
      return
    }
    const connecting = this.#connecting
    this.#connecting = null
    connecting?.(null, this)
    this.emit('connect')
  }

  #ended(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const settle of this.#atEnd.splice(0)) settle()
    process.nextTick(() => this.emit('end'))
  }

  #whyNot(): string | null {
    if (!this._queryable) return 'Client has encountered a connection error and is not queryable'
    return this._ending ? 'Client was closed and is not queryable' : null
  }
}

/** Returns the result to the callback, or as a promise if there is no callback, as `pg` does. */
function promised<Result>(
  callback: Callback<Result> | undefined,
  ask: (settle: Callback<Result>) => void,
): Promise<Result> | undefined {
  if (callback !== undefined) {
    ask(callback)
    return undefined
  }
  return new Promise((resolve, reject) => {
    ask((error, result) => (error === null ? resolve(result as Result) : reject(error)))
  })
}
