/** The zone that a process is in. Both ends of a channel ask: an interpreter is told the engine's, and may get another one. */

interface WithTemporal {
  readonly Temporal?: { readonly Now: { timeZoneId(): string } }
}

/** By its IANA name; UTC where `TZ` is no zone that Node knows. `Intl` says the same, but takes 17 ms of each start to load; Node 24 has nothing else. */
export function localZoneName(): string {
  const { Temporal } = globalThis as WithTemporal
  if (Temporal !== undefined) return Temporal.Now.timeZoneId()
  return (new Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined) ?? 'UTC'
}
