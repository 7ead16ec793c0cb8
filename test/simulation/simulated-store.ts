/**
 * A real store whose answers take time, as those of a server do, and whose operations are counted for the table of coverage.
 * Stands at the Store port: each call reaches the real store in its own turn of the event loop, its answer arrives later, in
 * the order of the calls' answers.
 */

import type { Store } from '../../src/engine/ports.ts'
import type { Coverage } from './coverage.ts'
import type { ProcessLoop, SimulationLoop } from './loop.ts'
import type { SeededRandom } from './random.ts'

export interface SimulatedStorePorts {
  readonly loop: SimulationLoop
  readonly process: ProcessLoop
  readonly coverage: Coverage
  readonly random: SeededRandom
  /** Longest time from an answer of the real store to its arrival; 0: it arrives in the same turn. */
  readonly answerWithinMs: number
}

const PARTS: ReadonlySet<string> = new Set(['actions', 'alerts', 'logs', 'history', 'activity', 'graphs'])

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
      (thrown) => settle(() => reject(thrown)),
    )
  })
}
