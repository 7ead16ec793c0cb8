/** Time zone of a process. Both ends of a channel use it: an interpreter gets the engine's zone, and may change it. */

interface WithTemporal {
  readonly Temporal?: { readonly Now: { timeZoneId(): string } }
}

/** Returns the IANA name; UTC if Node does not know `TZ`. `Intl` (all that Node 24 has) takes 17 ms to load. */
export function localZoneName(): string {
  const { Temporal } = globalThis as WithTemporal
  if (Temporal !== undefined) return Temporal.Now.timeZoneId()
  return (new Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined) ?? 'UTC'
}
