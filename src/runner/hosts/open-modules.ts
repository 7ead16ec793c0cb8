/** Creates the host of TypeScript and JavaScript, whose code is imported with the first such script. */

import type { Clock } from '../../engine/clock-port.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import type { LogSink } from '../log/event-log-lines.ts'
import { type CheckedOptions, hostLimits } from '../runner-options.ts'

/** Module that scripts import as `cloaca`. */
const PACKAGE_URL = new URL(`../../index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href

/** `runner`: argument for the default function of a script. */
export async function openModules(
  options: CheckedOptions & { readonly log: LogSink },
  clock: Clock,
  runner: unknown,
): Promise<ModuleScripts> {
  const [{ ModuleScripts }, { linePrinter, standardPrinter }] = await Promise.all([
    import('../../functions/module-scripts.ts'),
    import('../../functions/calls/printing.ts'),
  ])
  const notice = (message: string): void => options.log({ level: 'warn', message })
  const { logs, loadDeadlineMs, memoryMebibytes } = hostLimits(options)
  const printing = { stdoutTo: options.stdoutTo ?? 'stdout', prefixes: options.prefixOutput ?? false }
  const { output } = options
  return new ModuleScripts({
    ...{ ...printing, output, printer: output ? linePrinter(output) : standardPrinter({ ...printing, notice }) },
    ...{ clock, notice, loadDeadlineMs, memoryMebibytes, secrets: options.secrets, logLimits: logs },
    packageUrl: PACKAGE_URL,
    runner: () => runner,
  })
}
