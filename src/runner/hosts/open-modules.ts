/** Opens what loads and calls TypeScript and JavaScript, which is read with the first script of them. */

import type { Clock } from '../../engine/ports.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import type { LogSink } from '../log-lines.ts'
import { type CheckedOptions, hostLimits } from '../options.ts'

/** What scripts import as `cloaca`. */
const PACKAGE_URL = new URL(`../../index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href

/** `runner`: what the default function of a script is called with. */
export async function openModules(
  options: CheckedOptions & { readonly log: LogSink },
  clock: Clock,
  runner: unknown,
): Promise<ModuleScripts> {
  const [{ ModuleScripts }, { standardPrinter }] = await Promise.all([
    import('../../functions/module-scripts.ts'),
    import('../../functions/calls/printing.ts'),
  ])
  const notice = (message: string): void => options.log({ level: 'warn', message })
  const { logs, loadDeadlineMs, memoryMebibytes } = hostLimits(options)
  const printing = { stdoutTo: options.stdoutTo ?? 'stdout', prefixes: options.prefixOutput ?? false }
  return new ModuleScripts({
    ...{ ...printing, printer: standardPrinter({ ...printing, notice }) },
    ...{ clock, notice, loadDeadlineMs, memoryMebibytes, secrets: options.secrets, logLimits: logs },
    packageUrl: PACKAGE_URL,
    runner: () => runner,
  })
}
