/**
 * The fair queue counts in eighths of a work unit. Jobs at one place in line are first come, first served, and a small image
 * takes less than a GPU-second: whole units would put several of a crowd's jobs before a newcomer's. See docs/decisions/0018.
 */
export const placesPerUnit = 8;

/** BullMQ's lowest priority; above it `add` throws. 0 would come before all others. */
export const lastPlace = 2_097_151;

/** A job's place in line, BullMQ's priority, from its start tag. A tag behind the base was passed by already. */
export const fairPlace = (tag: number, base: number): number =>
  Math.min(lastPlace, 1 + Math.max(0, Math.floor(tag - base)));
