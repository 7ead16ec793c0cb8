/**
 * Real store whose results are delayed as by a server, and whose operations are counted for the table of coverage. It
 * implements the Store port: each call reaches the real store in a separate turn of the event loop, and results arrive
 * later in the order in which the real store returned them.
 */

import type { Store } from '../../src/engine/store.ts'
import type { Coverage } from './coverage.ts'
import type { ProcessLoop, SimulationLoop } from './loop.ts'
import type { SeededRandom } from './random.ts'

export interface SimulatedStorePorts {
  readonly loop: SimulationLoop
  readonly process: ProcessLoop
  readonly coverage: Coverage
  readonly random: SeededRandom
  /** Maximum delay of a result; with 0 it arrives in the same turn. */
  readonly answerWithinMs: number
  /** Called with the error of an operation. */
  readonly failed: (operation: string, thrown: unknown) => void
}

const PARTS: ReadonlySet<string> = new Set([
  ...['actions', 'incidents', 'logs', 'history', 'activity', 'graphs', 'waits', 'signals', 'approvals', 'chains'],
  'limits',
])

export function simulatedStore(store: Store, ports: SimulatedStorePorts): Store {
  const delivery = new Delivery(ports)
  return proxied(store, '', ports, delivery)
}

class Delivery {
  readonly #ports: SimulatedStorePorts
  #lastAt = 0

  constructor(ports: SimulatedStorePorts) {
    this.#ports = ports
  }

  arrive(receive: () => void): void {
    const { answerWithinMs, loop, process, random } = this.#ports
    if (answerWithinMs === 0) receive()
    else {
      this.#lastAt = Math.max(this.#lastAt, loop.now + random.next() * answerWithinMs)
      process.answer(this.#lastAt, receive)
    }
  }
}

function proxied<Part extends object>(
  part: Part,
  prefix: string,
  ports: SimulatedStorePorts,
  delivery: Delivery,
): Part {
  const parts = new Map<string, object>()
  return new Proxy(part, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (prefix === '' && typeof name === 'string' && PARTS.has(name)) {
        const known = parts.get(name) ?? proxied(member as object, `${name}.`, ports, delivery)
        parts.set(name, known)
        return known
      }
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        const result: unknown = member.apply(target, args)
        return result instanceof Promise ? delayed(result, `${prefix}${String(name)}`, ports, delivery) : result
      }
    },
  })
}

function delayed(
  answer: Promise<unknown>,
  operation: string,
  ports: SimulatedStorePorts,
  delivery: Delivery,
): Promise<unknown> {
  const { coverage, process } = ports
  coverage.begun(process.name, operation)
  return new Promise((resolve, reject) => {
    const settle = (receive: () => void): void =>
      delivery.arrive(() => {
        coverage.ended(process.name, operation)
        receive()
      })
    answer.then(
      (value) => settle(() => resolve(value)),
      (thrown) => {
        ports.failed(operation, thrown)
        settle(() => reject(thrown))
      },
    )
  })
}
