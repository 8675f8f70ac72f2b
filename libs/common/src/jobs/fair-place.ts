/** BullMQ's lowest priority; above it `add` throws. 0 would come before all others. */
export const lastPlace = 2_097_151;

/** A job's place in line, BullMQ's priority, from its start tag. A tag behind the base was passed by already. */
export const fairPlace = (tag: number, base: number): number =>
  Math.min(lastPlace, 1 + Math.max(0, Math.floor(tag - base)));
