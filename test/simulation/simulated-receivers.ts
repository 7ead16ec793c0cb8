/**
 * Receivers of messages about incidents, on their own machine: a request that has left its process arrives, also if the
 * process dies before the response. A receiver accepts a message, refuses it, does not respond, or accepts it and loses
 * the response.
 */

import type { AlertTarget, AttemptResult } from '../../src/alerts/alert-target.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { ProcessLoop, SimulationLoop } from './loop.ts'
import type { Program, ProgramReceiver } from './program.ts'
import { SeededRandom } from './random.ts'

export interface ReceiverPorts {
  readonly program: Program
  readonly loop: SimulationLoop
  readonly received: (receiver: string, alert: Alert) => void
}

const ARRIVES_AFTER_MS = 50
const RESPONDS_AFTER_MS = 100
const GIVES_UP_AFTER_MS = 10_000

export class SimulatedReceivers {
  /** Whether all receivers accept, which is true at the end of a run. */
  areHealthy = false
  readonly #ports: ReceiverPorts
  readonly #random: SeededRandom

  constructor(ports: ReceiverPorts) {
    this.#ports = ports
    this.#random = new SeededRandom(`receivers ${ports.program.seed}`)
  }

  /** Returns the receivers as targets of the engines of a process. */
  targets(process: ProcessLoop): readonly AlertTarget[] {
    return this.#ports.program.alerts.receivers.map((receiver) => ({
      ...{ receiver: receiver.name, to: 'url' as const, shown: 'a receiver' },
      send: (alert, stopping) => this.#send(process, receiver, { alert, stopping }),
    }))
  }

  #send(
    process: ProcessLoop,
    receiver: ProgramReceiver,
    { alert, stopping }: { readonly alert: Alert; readonly stopping: AbortSignal },
  ): Promise<AttemptResult> {
    const { loop, received } = this.#ports
    const fate = this.#fate(receiver)
    return new Promise((resolve, reject) => {
      const giveUp = (reason: string) => () => reject(new Error(reason))
      stopping.addEventListener('abort', giveUp('the engine stops'))
      if (fate === 'accepted' || fate === 'answer lost')
        loop.step(loop.now + ARRIVES_AFTER_MS, () => received(receiver.name, alert))
      const respondsAt = loop.now + RESPONDS_AFTER_MS
      if (fate === 'accepted') process.answer(respondsAt, () => resolve({ response: 'status 204', error: null }))
      if (fate === 'answer lost') process.answer(respondsAt, giveUp('the connection was reset'))
      if (fate === 'refused') process.answer(respondsAt, () => resolve({ response: 'status 503', error: 'status 503' }))
      if (fate === 'hanging') process.answer(loop.now + GIVES_UP_AFTER_MS, giveUp('no response within 10 s'))
    })
  }

  #fate({ refuses, hangs, losesAnswers }: ProgramReceiver): 'accepted' | 'refused' | 'hanging' | 'answer lost' {
    const draw = this.#random.next()
    if (this.areHealthy) return 'accepted'
    if (draw < refuses) return 'refused'
    if (draw < refuses + hangs) return 'hanging'
    return draw < refuses + hangs + losesAnswers ? 'answer lost' : 'accepted'
  }
}
